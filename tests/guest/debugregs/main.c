/* SPDX-License-Identifier: MIT */
/*
 * Debug registers: state as after reset, breakpoints that work on the guest's own code and data,
 * and that can neither be set in the hypervisor nor with reserved or I/O bits where CR4 forbids it.
 */
#include "check.h"

#define DR6_RESET 0xffff0ff0UL
#define DR7_RESET 0x400UL

static volatile uint64_t watched;
static uint64_t dr_value;

static void write_dr7(void *arg)
{
    (void)arg;
    __asm__ volatile("movq %0, %%dr7" : : "r"(dr_value));
}

static void write_dr0(void *arg)
{
    (void)arg;
    __asm__ volatile("movq %0, %%dr0" : : "r"(dr_value));
}

static uint64_t read_dr7(void)
{
    uint64_t value;

    __asm__ volatile("movq %%dr7, %0" : "=r"(value));
    return value;
}

static void touch(void *arg)
{
    (void)arg;
    watched = 5;
}

static void __attribute__((noinline)) step_here(void *arg)
{
    __asm__ volatile("nop" : : "r"(arg));
}

static void reset_state(void)
{
    for (unsigned reg = 0; reg < 4; reg++)
        CHECK(hypercall_get_debugreg(reg), 0);
    CHECK(hypercall_get_debugreg(6), DR6_RESET);
    CHECK(hypercall_get_debugreg(7), DR7_RESET);
    CHECK(read_dr7(), DR7_RESET);
    /* No such register: Xen says ENODEV, the row's bound gives EINVAL. */
    CHECK(hypercall_get_debugreg(8) < 0, 1);
    CHECK(hypercall_get_debugreg(0xffffffff) < 0, 1);
    CHECK(hypercall_set_debugreg(8, 0) < 0, 1);
}

static void refused(void)
{
    static const uint64_t addresses[] = { 0xffff808000000000UL, 0xffff830000000000UL,
                                          0x0000800000000000UL };

    for (unsigned i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
        for (unsigned reg = 0; reg < 4; reg++) {
            CHECK(hypercall_set_debugreg(reg, addresses[i]), -XEN_EPERM);
            CHECK(hypercall_get_debugreg(reg), 0);
        }
    dr_value = addresses[0];
    CHECK(test_catch(write_dr0, NULL), 13);
    CHECK(hypercall_set_debugreg(6, 1UL << 32), -XEN_EINVAL);
    CHECK(hypercall_set_debugreg(7, 1UL << 32), -XEN_EINVAL);
    /* An I/O breakpoint without CR4.DE. */
    dr_value = DR7_RESET | 1 | 2UL << 16;
    CHECK(test_catch(write_dr7, NULL), 13);
    CHECK(read_dr7(), DR7_RESET);
}

static void data_breakpoint(void)
{
    CHECK(hypercall_set_debugreg(0, (uint64_t)&watched), 0);
    CHECK(hypercall_get_debugreg(0), (uint64_t)&watched);
    CHECK(test_catch(touch, NULL), -1); /* not on yet */
    watched = 0;
    CHECK(hypercall_set_debugreg(7, DR7_RESET | 1 | 0xd0000), 0); /* L0, write, 4 bytes */
    CHECK(read_dr7() & 0xf0001, 0xd0001);
    CHECK(test_catch(touch, NULL), 1);
    CHECK(watched, 5); /* a trap: after the write */
    CHECK(hypercall_get_debugreg(6) & 0xf, 1);
    CHECK(hypercall_set_debugreg(6, 0), 0);
    CHECK(hypercall_set_debugreg(7, 0), 0);
    CHECK(test_catch(touch, NULL), -1);
}

static void code_breakpoint(void)
{
    CHECK(hypercall_set_debugreg(1, (uint64_t)step_here), 0);
    CHECK(hypercall_set_debugreg(7, 1 << 2), 0);
    CHECK(test_catch(step_here, NULL), 1);
    CHECK(test_caught.rip, (uint64_t)step_here); /* a fault: before the instruction */
    CHECK(hypercall_get_debugreg(6) & 0xf, 2);
    CHECK(hypercall_set_debugreg(7, 0), 0);
    CHECK(test_catch(step_here, NULL), -1);
    CHECK(hypercall_set_debugreg(1, 0), 0);
}

/* The hypervisor reads the watched word for us: that must not raise the guest's #DB inside it. */
static void by_hypervisor(void)
{
    static struct evtchn_status status;

    CHECK(hypercall_set_debugreg(2, (uint64_t)&status), 0);
    CHECK(hypercall_set_debugreg(7, 1 << 4 | 0xf000000), 0); /* L2, read and write, 4 bytes */
    status.dom = DOMID_SELF;
    hypercall_set_debugreg(6, 0);
    (void)hypercall_evtchn_status((void *)&status);
    CHECK(hypercall_set_debugreg(7, 0), 0);
    CHECK(hypercall_version_pagesize(), 4096);
}

static void ignore(struct trap_frame *frame)
{
    (void)frame;
}

void test_main(void)
{
    reset_state();
    refused();
    data_breakpoint();
    code_breakpoint();
    trap_handle(1, ignore);
    by_hypervisor();
}
