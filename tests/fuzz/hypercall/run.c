/* SPDX-License-Identifier: MIT */
/*
 * A run: CPUs take turns as the input says, and whenever none of them is inside the hypervisor the
 * whole machine is audited: counts against a recount, and every translation that a CPU may still
 * have against who may reach what. A domain that has shut down is destroyed by dom0 and made anew.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/audit.h"
#include "mm/alloc.h"
#include "sys/percpu.h"
#include "x86/upcall.h"

#define TLB_EVERY 4 /* steps; a stale translation stays until it is flushed */
#define STUCK_MAX 2000000 /* turns of CPUs that are inside, without an end: a deadlock */

uint64_t run_step;
SIM_PER_CPU uint64_t run_calls;
void (*run_note)(const struct call *call, const struct vcpu *v);

/* ---- the schedule inside the hypervisor ------------------------------------------------------ */

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 31) * UINT64_C(0x7fb5d329728ea185);
    return (x ^ x >> 27) * UINT64_C(0x81dadef4bc2dd44d);
}

static bool give_way(void)
{
    return mix(input.schedule + sim.nr_points) >> (64 - input.give_way_bits) == 0;
}

/* Something arrives while long work looks: a reason to stop now, or none. */
static void window(void)
{
    uint64_t what = mix(input.schedule ^ sim.nr_points * 3) >> 60;

    sim.now_ns += what * 1000;
    if (what < 5)
        cpu_set_work(machine_cpu_id(), WORK_SCHEDULE);
}

/* ---- checks ---------------------------------------------------------------------------------- */

static void breach(const char *why) noreturn;
static void breach(const char *why)
{
    fprintf(stderr, "breach at step %lu, call %lu: %s\n", (unsigned long)run_step,
            (unsigned long)run_calls, why);
    abort();
}

static void audit_call(void *good)
{
    *(bool *)good = audit_still();
}

static void tlb_check(void)
{
    const char *why = sim_tlb_breach();

    if (why)
        breach(why);
}

static void check(void)
{
    uint64_t points = sim.nr_points, now = sim.now_ns;
    bool good = false;

    sim_call(audit_call, &good);
    sim.nr_points = points; /* a run is the same however often it is audited */
    sim.now_ns = now;
    if (!good)
        breach("the audit fails");
}

/* A frame that a guest gets holds nothing of anybody's. */
mfn_t __real_frames_alloc(struct mm_account *acct, unsigned order, unsigned address_bits);
mfn_t __wrap_frames_alloc(struct mm_account *acct, unsigned order, unsigned address_bits);
mfn_t __wrap_frames_alloc(struct mm_account *acct, unsigned order, unsigned address_bits)
{
    mfn_t mfn = __real_frames_alloc(acct, order, address_bits);

    if (mfn_eq(mfn, MFN_INVALID) || !acct || acct->is_control)
        return mfn;
    for (uint64_t i = 0; i < PAGE_SIZE << order; i += 8)
        if (*(uint64_t *)((char *)machine_map(mfn) + i))
            breach("a domain gets a frame that is not clean");
    return mfn;
}

/* ---- turns ----------------------------------------------------------------------------------- */

static bool all_idle(void)
{
    for (unsigned cpu = 0; cpu < SIM_CPUS; cpu++)
        if (sim.cpu[cpu].state != SIM_IDLE || sim.cpu[cpu].kicked)
            return false;
    return true;
}

/* By dom0 on `cpu`: true when the turn was used. */
static bool tools_step(unsigned cpu)
{
    struct vcpu *v = sim_vcpu(cpu);
    domid_t id = (domid_t)(1 + pick(SIM_DOMAINS - 1));
    bool shut_down, there = tools_know(id, &shut_down);

    if (!there && sim_is_still()) {
        sim_call(tools_make, (void *)(uintptr_t)id);
        return true;
    }
    if (v->domain->is_control && there && (shut_down || chance(32))) {
        sim_step(cpu, tools_destroy, (void *)(uintptr_t)id);
        return true;
    }
    return false;
}

/* Processors look ahead: translations come into the TLB that nobody asked for. */
static void look_ahead(unsigned cpu)
{
    uint64_t what = mix(input.schedule + run_step * 7);

    (void)sim_access(cpu, (what % 24) << PAGE_SHIFT, what >> 32 & 1);
    (void)sim_access(cpu, (512 + (what >> 8) % 4) << PAGE_SHIFT, what >> 33 & 1);
}

static void cpu_turn(unsigned cpu)
{
    if (sim.cpu[cpu].state == SIM_GUEST) {
        look_ahead(cpu);
        if (!chance(48) || !tools_step(cpu))
            ring3_step(cpu);
    } else {
        sim_step(cpu, NULL, NULL);
    }
}

uint64_t run(const struct run_options *options)
{
    unsigned stuck = 0;

    sim_give_way = give_way;
    sim_window = window;
    sim_start();
    values_refresh();
    run_calls = 0;
    for (run_step = 0; run_step < options->steps_max && !input_is_over() && !sim.halted;
         run_step++) {
        if (all_idle()) {
            sim.now_ns += UINT64_C(1000000000);
            sim_call(tools_wake, NULL);
        }
        cpu_turn(pick(SIM_CPUS));
        if (!sim_is_still()) {
            if (++stuck == STUCK_MAX)
                breach("the CPUs wait for each other");
            continue;
        }
        stuck = 0;
        if (run_step % 32 == 0)
            values_refresh();
        if (sim.halted)
            break;
        if (run_step % TLB_EVERY == 0 || options->audit_every == 1)
            tlb_check();
        if (run_step % options->audit_every == 0)
            check();
    }
    return run_calls;
}
