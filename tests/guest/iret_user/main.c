/* SPDX-License-Identifier: MIT */
/*
 * User mode: the iret hypercall enters it whatever flags and selectors the frame asks for, and
 * system calls, exceptions and page faults of user code arrive in the kernel, on its own stack, as
 * those of user mode.
 */
#include "check.h"

#define RF (1UL << 16)

static char user_stack[4096] PAGE, hole[4096] PAGE;

extern char user_syscall[], user_int3[], user_int[], user_ud2[];
extern char user_cli[], user_in[], user_hlt[], user_flags[], user_popf[], user_after[];
__asm__(".text\n"
        "user_syscall: movq %rsp, %rbx\n\t syscall\nuser_after: ud2\n"
        "user_flags: pushfq\n\t popq %rdi\n\t movw %cs, %r8w\n\t movw %ss, %r9w\n\t syscall\n"
        "user_int3: int3\n\t ud2\n"
        "user_int: int $0x80\n\t ud2\n"
        "user_ud2: ud2\n"
        "user_cli: cli\n\t syscall\n"
        "user_in: inb $0x80, %al\n\t syscall\n"
        "user_hlt: hlt\n\t syscall\n"
        "user_popf: pushq $0x3202\n\t popfq\n\t pushfq\n\t popq %rdi\n\t syscall\n");

static struct iret_context frame_at(const char *code)
{
    return (struct iret_context){
        .rax = 0xaaaa, .r11 = 0xbbbb, .rcx = 0xcccc, .rip = (uint64_t)code, .cs = FLAT_USER_CS,
        .rflags = 0x202, .rsp = (uint64_t)user_stack + sizeof(user_stack), .ss = FLAT_USER_SS,
    };
}

static long run(const char *code)
{
    struct iret_context frame = frame_at(code);

    return test_iret(&frame);
}

static void system_calls(void)
{
    CHECK(run(user_syscall), TRAP_SYSCALL);
    CHECK(test_caught.rip, (uint64_t)user_after);
    CHECK(test_caught.cs & 3, 3);
    CHECK(test_caught.ss & 3, 3);
    CHECK(test_caught.rsp, (uint64_t)user_stack + sizeof(user_stack));
    CHECK(test_caught.rbx, (uint64_t)user_stack + sizeof(user_stack));
    CHECK(test_caught.rax, 0xaaaa);
    CHECK(test_caught.rflags & 0x200, 0x200);
    CHECK(test_caught.saved_mask & 0xff, 0);
    /* On the stack of stack_switch, from its very top. */
    CHECK((uint64_t)(test_caught_at + 1), (uint64_t)test_trap_stack_end);
}

static void exceptions(void)
{
    CHECK(run(user_int3), 3);
    CHECK(test_caught.rip, (uint64_t)user_int3 + 1);
    CHECK(test_caught.cs & 3, 3);
    CHECK(test_caught.rax, 0xaaaa);
    CHECK(test_caught.r11, 0xbbbb);
    CHECK(test_caught.rcx, 0xcccc);
    CHECK(run(user_ud2), 6);
    CHECK(test_caught.rip, (uint64_t)user_ud2);
    CHECK(run(user_hlt), 13);
    CHECK(test_caught.error_code, 0);
    CHECK(run(user_cli), 13);
    CHECK(run(user_in), 13);
    CHECK(test_caught.error_code, 0);
    CHECK(run(user_int), 13);
    CHECK(test_caught.error_code, 0x80 * 8 + 2);
}

/* Page faults by jumping: RIP itself is the address, so no register has to be passed. */
static void page_faults(void)
{
    uint64_t entry = *pte_of(hole, 1);

    NEED(page_remap(hole, 0));
    CHECK(run(hole), 14);
    CHECK(test_caught.error_code & ~0x10UL, 4);
    CHECK(shared_info->vcpu_info[0].arch.cr2, (uint64_t)hole);
    NEED(page_remap(hole, entry | PTE_NX));
    CHECK(run(hole), 14);
    CHECK(test_caught.error_code, 0x15);
    NEED(page_remap(hole, entry));
    /* A stack that is not there: the push is a write of user mode. */
    struct iret_context frame = frame_at(user_flags);
    frame.rsp = 0x1000;
    CHECK(test_iret(&frame), 14);
    CHECK(test_caught.error_code, 6);
    CHECK(test_caught.rip, (uint64_t)user_flags);
    /* What belongs to the hypervisor is closed to user mode, the M2P table's address, too, or it
     * is the table and read-only. */
    CHECK(run((char *)0xffff830000000000UL), 14);
    CHECK(test_caught.error_code & 4, 4);
}

/* Whatever the frame says: ring 3, interrupts on, no IOPL, no NT left for the hypervisor. */
static void flags(void)
{
    static const uint64_t tries[] = { 0x2, 0x202, 0x3202, 0x4202, 0x20202, 0x200202 | 0x100000,
                                      0x40202, 0xffffffff & ~(0x100UL | RF) };

    for (unsigned i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
        struct iret_context frame = frame_at(user_flags);

        frame.rflags = tries[i];
        CHECK(test_iret(&frame), TRAP_SYSCALL);
        CHECK(test_caught.rdi & 0x200, 0x200);
        CHECK(test_caught.rdi & 0x3000, 0);
        CHECK(test_caught.rdi & 0x20000, 0);
        CHECK(test_caught.r8 & 3, 3);
        CHECK(test_caught.r9 & 3, 3);
        CHECK(run(user_int3), 3); /* and the next crossing works */
    }
    CHECK(run(user_popf), TRAP_SYSCALL);
    CHECK(test_caught.rdi & 0x3000, 0);
    CHECK(test_caught.rdi & 0x200, 0x200);
    /* IF of the frame decides the event mask, not the real flag. */
    struct iret_context masked = frame_at(user_syscall);
    masked.rflags = 2;
    CHECK(test_iret(&masked), TRAP_SYSCALL);
    CHECK(test_caught.saved_mask & 0xff, 1);
    CHECK(test_caught.rflags & 0x200, 0);
    /* Single step of user code. */
    struct iret_context stepped = frame_at(user_flags);
    stepped.rflags = 0x302;
    CHECK(test_iret(&stepped), 1);
    CHECK(test_caught.rip > (uint64_t)user_flags && test_caught.rip < (uint64_t)user_int3, 1);
}

/* Addresses and selectors that IRETQ itself would refuse. */
static void wild(void)
{
    struct iret_context frame = frame_at((char *)0x0000800000000000UL);

    CHECK(test_iret(&frame), 13);
    CHECK(test_caught.error_code, 0);
    frame = frame_at(user_flags);
    frame.rsp = 0x0000900000000000UL; /* its push is #SS, or #GP in emulation */
    CHECK(test_iret(&frame) & ~1, 12);
    CHECK(test_caught.rip, (uint64_t)user_flags);
    CHECK(run(user_int3), 3);
}

void test_main(void)
{
    NEED(event_init());
    test_user_tables();
    system_calls();
    exceptions();
    page_faults();
    flags();
    wild();
}
