/* SPDX-License-Identifier: MIT */
/*
 * Every operation. Each hypercall number is called with each operation number from 0 to 255, and
 * each with hostile arguments: nothing, all ones, the hypervisor's memory, memory that is not
 * there, and a page of zeros or ones as structure or list. Whatever the answer is, it must be one:
 * the hypervisor lives, this guest lives, and the next call is answered as ever. Calls that do what
 * they are for (wait, shut down, return elsewhere, stop a vCPU, take the guest's own tables away)
 * are left out where the arguments would make them succeed.
 */
#include "check.h"

#define NUMBERS 64
#define OPS     256

static uint8_t zeros[4096] PAGE, ones[4096] PAGE;
static struct multicall_entry entry PAGE;
static unsigned long calls;

/* Bad pointers and numbers, then two pages that structures and lists of one can be read from. */
static const uint64_t values[] = { 0, ~0UL, 0xffff800000000000UL, 0x0000123456789000UL,
                                   0x0000800000000000UL, 1UL << 63, (uint64_t)zeros,
                                   (uint64_t)ones };
#define VALUES (sizeof(values) / sizeof(values[0]))
#define PAGES  (VALUES - 2) /* the first of the pages */

static void fill(uint8_t *page, uint8_t value)
{
    for (unsigned i = 0; i < 4096; i++)
        ((volatile uint8_t *)page)[i] = value;
}

/* Calls that would do as they are told and end the test. */
static int is_meant(unsigned nr, unsigned op)
{
    switch (nr) {
    case __HYPERVISOR_iret:
    case __HYPERVISOR_set_trap_table: /* a null list takes the handlers away */
    case __HYPERVISOR_set_gdt:
    case __HYPERVISOR_stack_switch:
    case __HYPERVISOR_set_segment_base:
        return 1;
    case __HYPERVISOR_sched_op_compat: /* which Xen still has */
        return op == SCHEDOP_block || op == SCHEDOP_shutdown;
    case __HYPERVISOR_sched_op: /* block and poll wait, shutdown ends */
        return op == SCHEDOP_block || op == SCHEDOP_poll || op == SCHEDOP_shutdown ||
               op == SCHEDOP_remote_shutdown || op == SCHEDOP_watchdog;
    case __HYPERVISOR_vcpu_op:
        return op == VCPUOP_down || op == VCPUOP_send_nmi;
    default:
        return 0;
    }
}

static void answered(unsigned nr, unsigned op, long result)
{
    calls++;
    if (result < -4095) {
        console_print("hypercall %u operation %u:\n", nr, op);
        CHECK(result, -XEN_ENOSYS);
    }
}

/* The operation first, then numbers and pointers in the orders that operations have them. */
static void attack(unsigned nr, unsigned op)
{
    for (unsigned turn = 0; turn < VALUES; turn++) {
        uint64_t x = values[turn];

        if (turn >= PAGES) { /* the last call may have answered into it */
            fill(zeros, 0);
            fill(ones, 0xff);
        } else {
            answered(nr, op, _hypercall4(nr, op, x, x, x));
        }
        answered(nr, op, _hypercall4(nr, op, 0, x, DOMID_SELF));
        answered(nr, op, _hypercall4(nr, op, x, 1, x));
    }
}

/* The same through a multicall, whose continuation has a path of its own. */
static void attack_in_list(unsigned nr, unsigned op)
{
    for (unsigned turn = 0; turn < PAGES; turn++) {
        entry.op = nr;
        entry.args[0] = op;
        for (unsigned i = 1; i < 6; i++)
            entry.args[i] = values[turn];
        CHECK(hypercall_multicall(&entry, 1), 0);
        answered(nr, op, (long)entry.result);
    }
}

/* Lists of operations, by each operation and kind of update. */
static void attack_elements(unsigned op)
{
    for (unsigned turn = 0; turn < PAGES; turn++) {
        struct mmuext_op extended = { .cmd = op, .arg1.mfn = values[turn],
                                      .arg2.vcpumask = values[turn] };
        struct mmu_update update = { .ptr = values[turn] | op, .val = values[(turn + op) % PAGES] };
        struct trap_info traps[2] = { { .vector = (uint8_t)op, .address = values[turn] }, { 0 } };

        answered(__HYPERVISOR_mmuext_op, op, hypercall_mmuext_op(&extended, 1, NULL, DOMID_SELF));
        CHECK(hypercall_mmu_update(&update, 1, NULL, DOMID_SELF) < 0, 1);
        if (values[turn] >> 47 == 1) /* not canonical */
            CHECK(hypercall_set_trap_table(traps) < 0, 1);
    }
}

/* Structures that begin with a command: the version right, everything else zeros or ones. */
static void attack_header(unsigned nr, uint32_t version, unsigned op, uint8_t value)
{
    uint32_t *head = (uint32_t *)zeros;

    fill(zeros, value);
    head[0] = op;
    head[1] = version;
    answered(nr, op, _hypercall1(nr, (unsigned long)zeros));
}

static void headers(unsigned op, uint8_t value)
{
    attack_header(__HYPERVISOR_platform_op, XENPF_INTERFACE_VERSION, op, value);
    attack_header(__HYPERVISOR_sysctl, XEN_SYSCTL_INTERFACE_VERSION, op, value);
    attack_header(__HYPERVISOR_domctl, XEN_DOMCTL_INTERFACE_VERSION, op, value);
}

void test_main(void)
{
    if (test_is_dom0())
        test_needs_lamina("Xen's dom0 can break it, with kexec_op for one");
    NEED(event_init());
    for (unsigned op = 0; op < OPS; op++) {
        for (unsigned nr = 0; nr < NUMBERS; nr++) {
            if (is_meant(nr, op))
                continue;
            attack(nr, op);
            attack_in_list(nr, op);
        }
        attack_elements(op);
        headers(op, 0);
        headers(op, 0xff);
        CHECK(hypercall_version_pagesize(), 4096);
    }
    for (uint64_t nr = NUMBERS; nr; nr <<= 1)
        CHECK(_hypercall4(nr, 0, 0, 0, 0), -XEN_ENOSYS);
    console_print("%lu calls answered\n", calls);
    CHECK(hypercall_version_version() >> 16, 4);
}
