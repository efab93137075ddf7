/* SPDX-License-Identifier: MIT */
/*
 * The first and last instructions of the hypervisor. A breakpoint that MOV SS delays into its first
 * one (processors and bochs do that, QEMU raises it at once) must not harm it, nor must a single
 * step over SYSENTER; IRETQ may be what touches a page of the LDT first; and iret enters user mode
 * for privilege 3 and nothing else.
 */
#include "check.h"

#define CODE64   0x00affb000000ffffUL /* present, privilege 3, 64 bits */
#define LDT_CODE (2 << 3 | 4 | 3)
#define DR7_WATCH 0x70401UL /* DR0, read and write, two bytes */

static char user_stack[4096] PAGE;
static uint64_t ldt[512] PAGE;
static uint16_t selector = FLAT_USER_SS;

extern char user_ud2[], user_ss_syscall[], user_ss_int3[], user_ss_ud2[], user_sysenter[];
void kernel_ss_syscall(void *arg);
void kernel_ss_int3(void *arg);
__asm__(".text\n"
        "user_ud2: ud2\n"
        "user_ss_syscall: mov selector(%rip), %ss\n\t syscall\n\t ud2\n"
        "user_ss_int3: mov selector(%rip), %ss\n\t int3\n\t ud2\n"
        "user_ss_ud2: mov selector(%rip), %ss\n\t ud2\n"
        "user_sysenter: sysenter\n\t ud2\n"
        /* Hypercall 17, xen_version, with a command that there is none of. */
        "kernel_ss_syscall: mov $17, %eax\n\t mov $-1, %edi\n\t xor %esi, %esi\n"
        "\t mov selector(%rip), %ss\n\t syscall\n\t ret\n"
        "kernel_ss_int3: mov selector(%rip), %ss\n\t int3\n\t ret\n");

static long run(const char *code, uint16_t cs, uint64_t rflags)
{
    const struct iret_context frame = {
        .rip = (uint64_t)code, .cs = cs, .rflags = rflags,
        .rsp = (uint64_t)user_stack + sizeof(user_stack), .ss = FLAT_USER_SS,
    };

    return test_iret(&frame);
}

/* Either the event itself came, or the delayed breakpoint did. */
#define CHECK_EITHER(call, vector)                                                           \
    do {                                                                                     \
        long caught_ = (call);                                                               \
        CHECK(caught_ == (vector) || caught_ == 1, 1);                                       \
        CHECK(hypercall_version_pagesize(), 4096);                                           \
    } while (0)

static void delayed_breakpoints(void)
{
    NEED(hypercall_set_debugreg(0, (uint64_t)&selector));
    NEED(hypercall_set_debugreg(7, DR7_WATCH));
    for (unsigned i = 0; i < 100; i++) {
        CHECK_EITHER(run(user_ss_syscall, FLAT_USER_CS, 0x202), TRAP_SYSCALL);
        CHECK_EITHER(run(user_ss_int3, FLAT_USER_CS, 0x202), 3);
        CHECK_EITHER(run(user_ss_ud2, FLAT_USER_CS, 0x202), 6);
        CHECK_EITHER(run(user_ss_syscall, FLAT_USER_CS, 0x302), TRAP_SYSCALL);
        CHECK_EITHER(test_catch(kernel_ss_syscall, NULL), -1);
        CHECK_EITHER(test_catch(kernel_ss_int3, NULL), 3);
    }
    NEED(hypercall_set_debugreg(7, 0));
    CHECK(run(user_ss_syscall, FLAT_USER_CS, 0x202), TRAP_SYSCALL);
}

/* No callback: #GP, or #UD where the processor has no SYSENTER in long mode. */
static void sysenter(void)
{
    static const uint64_t flags[] = { 0x202, 0x302, 0x4202, 0x40602 };

    for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        long caught = run(user_sysenter, FLAT_USER_CS, flags[i]);

        CHECK(caught == 13 || caught == 6 || caught == 1, 1);
        CHECK(run(user_ud2, FLAT_USER_CS, 0x202), 6);
    }
}

static void privileges(void)
{
    for (uint16_t rpl = 0; rpl < 4; rpl++) {
        CHECK(run(user_ud2, (FLAT_USER_CS & ~3) | rpl, 0x202), 6);
        CHECK(test_caught.cs & 3, rpl == 3 ? 3 : 0);
    }
}

static void first_touch_of_ldt(void)
{
    struct mmuext_op op = { .cmd = MMUEXT_SET_LDT, .arg1.linear_addr = (uint64_t)ldt,
                            .arg2.nr_ents = 512 };

    ldt[2] = CODE64;
    NEED(page_remap(ldt, *pte_of(ldt, 1) & ~PTE_W));
    for (unsigned i = 0; i < 3; i++) {
        NEED(hypercall_mmuext_op(&op, 1, NULL, DOMID_SELF));
        CHECK(run(user_ud2, LDT_CODE, 0x202), 6);
        CHECK(test_caught.cs, LDT_CODE);
        CHECK(test_caught.rip, (uint64_t)user_ud2);
    }
    op.arg2.nr_ents = 0;
    NEED(hypercall_mmuext_op(&op, 1, NULL, DOMID_SELF));
}

void test_main(void)
{
    NEED(event_init());
    test_user_tables();
    privileges();
    first_touch_of_ldt();
    sysenter();
    delayed_breakpoints();
}
