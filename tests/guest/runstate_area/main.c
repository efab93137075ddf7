/* SPDX-License-Identifier: MIT */
/*
 * The run state area: kept up to date in the guest's memory, refused in the hypervisor's, and a
 * guest that unmaps or protects it afterwards loses the reports, not its life.
 */
#include "check.h"
#include "public/vcpu.h"

static struct vcpu_runstate_info area PAGE;

static long register_at(uint64_t address)
{
    struct vcpu_register_runstate_memory_area op = { .addr.h = address };

    return hypercall_vcpu_register_runstate_memory_area(0, &op);
}

static void block_shortly(void)
{
    struct sched_poll op = { .timeout = test_now() + 2000000 };

    do /* an event may wake us before */
        hypercall_sched_poll(&op);
    while (test_now() < op.timeout);
}

void test_main(void)
{
    uint64_t entry = *pte_of(&area, 1), before;

    NEED(event_init());
    CHECK(register_at(0xffff830000000000UL) < 0, 1);
    CHECK(register_at(0x0000800000000000UL) < 0, 1);
    CHECK(register_at((uint64_t)&area), 0);
    CHECK(area.state, RUNSTATE_running);
    before = area.time[RUNSTATE_blocked];
    for (unsigned i = 0; i < 100 && area.time[RUNSTATE_blocked] == before; i++)
        block_shortly(); /* on a busy machine the time may have come before the call */
    CHECK(area.time[RUNSTATE_blocked] > before, 1);
    NEED(page_remap(&area, entry & ~PTE_W));
    block_shortly();
    NEED(page_remap(&area, 0));
    block_shortly();
    NEED(page_remap(&area, entry));
    block_shortly();
    CHECK(register_at(0), 0);
    before = area.time[RUNSTATE_blocked];
    block_shortly();
    CHECK(area.time[RUNSTATE_blocked], before);
}
