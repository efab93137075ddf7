/* SPDX-License-Identifier: MIT */
/*
 * Time. The hypervisor writes system time and the stamp counter's pace at a moment of its choice,
 * with a version that is odd while it writes; the counter carries on from there.
 */
#include "lamina/clock.h"
#include "lamina/event.h"
#include "lamina/hypercall.h"

static uint64_t tsc_read(void)
{
    uint32_t low, high;

    /* Not before the loads above it: those belong to an older stamp. */
    __asm__ volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

uint64_t clock_now_ns(void)
{
    volatile struct vcpu_time_info *time = &shared_info->vcpu_info[0].time;
    uint64_t delta, base;
    uint32_t version;

    do {
        version = time->version & ~1U;
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        delta = tsc_read() - time->tsc_timestamp;
        delta = time->tsc_shift < 0 ? delta >> -time->tsc_shift : delta << time->tsc_shift;
        delta = (uint64_t)((unsigned __int128)delta * time->tsc_to_system_mul >> 32);
        base = time->system_time;
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
    } while (version != time->version);
    return base + delta;
}

uint64_t clock_wall_ns(void)
{
    volatile struct shared_info *shared = shared_info;
    uint64_t start;
    uint32_t version;

    do {
        version = shared->wc_version & ~1U;
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        start = ((uint64_t)shared->wc_sec_hi << 32 | shared->wc_sec) * 1000000000 + shared->wc_nsec;
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
    } while (version != shared->wc_version);
    return start + clock_now_ns();
}

long clock_set_deadline(uint64_t deadline_ns)
{
    return hypercall_set_timer_op(deadline_ns ? deadline_ns : 1); /* 0 would stop the timer */
}
