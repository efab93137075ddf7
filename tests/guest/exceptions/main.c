/* SPDX-License-Identifier: MIT */
/*
 * Exceptions of the kernel itself: which vector, which error code, where RIP points, what the frame
 * shows of CS, of the event mask and of RFLAGS, and which software interrupts are allowed.
 */
#include "check.h"

static char hole[4096] PAGE;
extern char after_int[], at_fault[];

/* Each attack ends in its exception; `at` (when there is one) is where RIP has to be. */
#define ATTACK(name, code)                                                                      \
    static void name(void *arg)                                                                 \
    {                                                                                           \
        __asm__ volatile(code : : "D"(arg) : "rax", "rcx", "rdx", "memory");                    \
    }

ATTACK(divide, "xorl %%eax, %%eax\n\txorl %%edx, %%edx\n\tmovl %%eax, %%ecx\n\tdivl %%ecx")
ATTACK(undefined, ".globl at_fault\nat_fault:\n\tud2")
ATTACK(breakpoint, "int3\n\t.globl after_int\nafter_int:\n\tnop")
ATTACK(non_canonical, "movq $1, %%rax\n\tshlq $47, %%rax\n\tmovb (%%rax), %%al")
ATTACK(halt, "hlt")
ATTACK(bad_selector, "movw $0xfff8, %%ax\n\tmovw %%ax, %%ds")
ATTACK(absent_ldt, "movw $0x0c, %%ax\n\tmovw %%ax, %%es")
ATTACK(single_step, "pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\tnop")
ATTACK(int_20, "int $20")
ATTACK(int_80, "int $0x80")
ATTACK(int_82, "int $0x82")
ATTACK(int_14, "int $14")
ATTACK(jump_away, "jmp *%%rdi")

static void vectors(void)
{
    CHECK(test_catch(divide, NULL), 0);
    CHECK(test_catch(undefined, NULL), 6);
    CHECK(test_caught.rip, (uint64_t)at_fault);
    CHECK(test_catch(breakpoint, NULL), 3);
    CHECK(test_caught.rip, (uint64_t)after_int);
    CHECK(test_catch(non_canonical, NULL), 13);
    CHECK(test_caught.error_code, 0);
    CHECK(test_catch(halt, NULL), 13);
    CHECK(test_caught.error_code, 0);
    CHECK(test_catch(bad_selector, NULL), 13);
    CHECK(test_caught.error_code, 0xfff8);
    CHECK(test_catch(absent_ldt, NULL), 13);
    CHECK(test_caught.error_code, 0x0c);
    CHECK(test_catch(single_step, NULL), 1);
    CHECK(test_catch(single_step, NULL), 1);
}

/* The mask byte, the CS and the flags that a frame of the kernel shows. */
static void frames(void)
{
    events_disable();
    CHECK(test_catch(undefined, NULL), 6);
    CHECK(test_caught.cs, FLAT_KERNEL_CS & ~3);
    CHECK(test_caught.saved_mask & 0xff, 1);
    CHECK(test_caught.rflags & 0x200, 0);
    CHECK(test_caught.rflags & 0x3000, 0);
    CHECK(shared_info->vcpu_info[0].evtchn_upcall_mask, 1);
    events_enable();
    CHECK(test_catch(undefined, NULL), 6);
    CHECK(test_caught.saved_mask & 0xff, 0);
    CHECK(test_caught.rflags & 0x200, 0x200);
    CHECK(test_caught.rflags & 0x3000, 0);
    CHECK(test_caught.ss & ~3UL, FLAT_KERNEL_SS & ~3UL);
    /* On the current stack, from a multiple of 16 down. */
    CHECK((uint64_t)(test_caught_at + 1), test_caught.rsp & ~15UL);
}

static uint8_t mask_in_handler;

static void look_at_mask(struct trap_frame *frame)
{
    mask_in_handler = shared_info->vcpu_info[0].evtchn_upcall_mask;
    frame->rip += 2; /* over ud2 */
}

/* Bit 2 of the flags masks events on entry, and only it; iret takes the mask from the frame. */
static void masks(void)
{
    trap_handle(6, look_at_mask);
    for (unsigned flag = 0; flag <= 4; flag += 4) {
        trap_register(6, (uint8_t)flag);
        trap_handle(6, look_at_mask);
        mask_in_handler = 0xee;
        __asm__ volatile("ud2" : : : "memory");
        CHECK(mask_in_handler, flag ? 1 : 0);
        CHECK(shared_info->vcpu_info[0].evtchn_upcall_mask, 0);
    }
    trap_register(6, 0);
    trap_handle(6, NULL);
}

/* U is the guest's mode, not the ring it runs in; W, P and I are as in hardware. */
static void page_faults(void)
{
    uint64_t entry = *pte_of(hole, 1);

    NEED(page_remap(hole, 0));
    CHECK(test_read(hole + 5), 14);
    CHECK(test_caught.error_code, 0);
    CHECK(shared_info->vcpu_info[0].arch.cr2, (uint64_t)hole + 5);
    CHECK(test_write(hole + 9), 14);
    CHECK(test_caught.error_code, 2);
    CHECK(shared_info->vcpu_info[0].arch.cr2, (uint64_t)hole + 9);
    NEED(page_remap(hole, (entry | PTE_NX) & ~PTE_W));
    CHECK(test_write(hole), 14);
    CHECK(test_caught.error_code, 3);
    CHECK(test_catch(jump_away, hole), 14);
    CHECK(test_caught.error_code, 0x11);
    CHECK(test_caught.rip, (uint64_t)hole);
    NEED(page_remap(hole, entry));
    /* The hypervisor's own memory: no access, and no more told than that. */
    CHECK(test_read((void *)0xffff830000000000UL), 14);
    CHECK(test_caught.error_code & ~1UL, 0);
    CHECK(test_write((void *)0xffff808000000000UL), 14);
    CHECK(test_caught.error_code & ~1UL, 2);
    CHECK(test_catch(jump_away, (void *)0xffff808000000000UL), 14);
}

/* `int n`: refused with n*8+2 and RIP at the instruction; allowed, with RIP after it. */
static void software_interrupts(void)
{
    CHECK(test_catch(int_20, NULL), 13);
    CHECK(test_caught.error_code, 20 * 8 + 2);
    CHECK(((uint8_t *)test_caught.rip)[0], 0xcd);
    CHECK(test_catch(int_14, NULL), 13);
    CHECK(test_caught.error_code, 14 * 8 + 2);
    CHECK(test_catch(int_80, NULL), 13);
    CHECK(test_caught.error_code, 0x80 * 8 + 2);
    CHECK(((uint8_t *)test_caught.rip)[0], 0xcd);
    CHECK(test_catch(int_82, NULL), 13);
    CHECK(test_caught.error_code, 0x82 * 8 + 2);
    NEED(trap_register(20, 1)); /* the kernel's level is 1 */
    CHECK(test_catch(int_20, NULL), 20);
    CHECK(((uint8_t *)test_caught.rip)[-2], 0xcd);
    CHECK(test_caught.error_code, 0);
    NEED(trap_register(20, 0));
    CHECK(test_catch(int_20, NULL), 13);
}

/* A table that is refused, and entries that end it. */
static void tables(void)
{
    struct trap_info bad[2] = { { .vector = 20, .flags = 3, .cs = FLAT_KERNEL_CS,
                                  .address = 1UL << 47 },
                                { 0 } };
    struct trap_info ended[2] = { { .vector = 6, .address = 0 }, { .vector = 6, .address = 8 } };

    CHECK(hypercall_set_trap_table(bad), -XEN_EINVAL);
    CHECK(hypercall_set_trap_table(ended), 0);
    CHECK(test_catch(undefined, NULL), 6);
    CHECK(test_catch(int_20, NULL), 13);
}

void test_main(void)
{
    NEED(event_init());
    events_enable();
    vectors();
    frames();
    masks();
    page_faults();
    software_interrupts();
    tables();
}
