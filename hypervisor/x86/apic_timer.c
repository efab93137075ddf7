/* SPDX-License-Identifier: MIT */
/*
 * One deadline a CPU, from the local APIC's timer: in TSC-deadline mode where the processor has it,
 * else counting down once at a rate measured against the clock. That count is 32 bits, seconds at
 * most: for a deadline beyond, the interrupt comes early, as machine_set_deadline() allows.
 */
#include "x86/apic.h"
#include "x86/apic_regs.h"
#include "x86/clock.h"
#include "x86/machine.h"
#include "x86/regs.h"

#define MSR_TSC_DEADLINE         0x6e0
#define CPUID_1_ECX_TSC_DEADLINE (1u << 24)
#define DIVIDE_BY_1              0xb
#define CALIBRATE_NS             1000000
#define COUNT_MAX                UINT32_MAX
#define NEVER                    UINT64_MAX

/* Set once. */
static struct {
    bool by_tsc;
    uint64_t count_per_ns; /* 32.32 fixed point */
} timer;

/* How far the counter comes down while the clock passes about a millisecond. */
static void calibrate(void)
{
    uint64_t start, end;
    uint32_t left;

    apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_1);
    apic_write(APIC_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
    apic_write(APIC_TIMER_INITIAL, COUNT_MAX);
    start = machine_now_ns();
    do {
        left = apic_read(APIC_TIMER_CURRENT);
        end = machine_now_ns();
    } while (end - start < CALIBRATE_NS);
    apic_write(APIC_TIMER_INITIAL, 0);
    timer.count_per_ns = ((uint64_t)(COUNT_MAX - left) << 32) / (end - start);
    if (timer.count_per_ns == 0) /* slower than a count in four seconds: not a timer */
        timer.count_per_ns = 1;
}

void apic_timer_init(void)
{
    uint32_t out[4];

    machine_cpuid(1, 0, out);
    timer.by_tsc = out[2] & CPUID_1_ECX_TSC_DEADLINE;
    if (!timer.by_tsc) {
        apic_write(APIC_SPURIOUS, 0x100 | VECTOR_SPURIOUS); /* it counts only while enabled */
        calibrate();
    }
}

void apic_timer_cpu_init(void)
{
    if (timer.by_tsc) {
        apic_write(APIC_LVT_TIMER, LVT_TIMER_DEADLINE | VECTOR_TIMER);
        /* The mode is set by a memory write, the deadline by an MSR: the two must not pass. */
        __asm__ volatile("mfence" : : : "memory");
        msr_set(MSR_TSC_DEADLINE, 0);
    } else {
        apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_1);
        apic_write(APIC_LVT_TIMER, VECTOR_TIMER);
        apic_write(APIC_TIMER_INITIAL, 0);
    }
}

/* One more than the exact count: a timer that is early costs a second interrupt. */
static uint32_t count_for(uint64_t ns)
{
    unsigned __int128 count = ((unsigned __int128)ns * timer.count_per_ns >> 32) + 1;

    return count > COUNT_MAX ? COUNT_MAX : (uint32_t)count;
}

void machine_set_deadline(uint64_t ns)
{
    uint64_t now;

    if (timer.by_tsc) {
        msr_set(MSR_TSC_DEADLINE, ns == NEVER ? 0 : clock_tsc_at(ns));
        return;
    }
    if (ns == NEVER) {
        apic_write(APIC_TIMER_INITIAL, 0);
        return;
    }
    now = machine_now_ns();
    apic_write(APIC_TIMER_INITIAL, ns <= now ? 1 : count_for(ns - now));
}
