/* SPDX-License-Identifier: MIT */
/*
 * A copy of the vCPU's clock in memory of the guest's choice: kept as the one in shared info, and
 * taken away from it without harm.
 */
#include "check.h"
#include "public/vcpu.h"

static struct vcpu_time_info area PAGE;

static long set(uint64_t address)
{
    struct vcpu_register_time_memory_area op = { .addr.h = address };

    return hypercall_vcpu_register_vcpu_time_memory_area(0, &op);
}

static void wait(void)
{
    struct sched_poll op = { .timeout = test_now() + 2000000 };

    (void)hypercall_sched_poll(&op);
}

void test_main(void)
{
    volatile struct vcpu_time_info *time;
    uint64_t entry = *pte_of(&area, 1);

    NEED(event_init());
    time = &shared_info->vcpu_info[0].time;
    CHECK(set(0xffff830000000000UL), -XEN_EFAULT);
    CHECK(set(0x0000800000000000UL), -XEN_EFAULT);
    CHECK(set((uint64_t)&area), 0);
    CHECK(area.tsc_to_system_mul, time->tsc_to_system_mul);
    CHECK(area.tsc_shift, time->tsc_shift);
    CHECK(area.version & 1, 0);
    NEED(page_remap(&area, entry & ~PTE_W));
    wait();
    NEED(page_remap(&area, 0));
    wait();
    NEED(page_remap(&area, entry));
    wait();
    CHECK(set((uint64_t)&area), 0);
    CHECK(area.version & 1, 0);
}
