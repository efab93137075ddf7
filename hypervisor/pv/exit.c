/* SPDX-License-Identifier: MIT */
/*
 * The way out to ring 3 when there is something to do first: timers of this CPU, another vCPU, the
 * clock, an event for the guest. Runs with interrupts off on the CPU's own stack. Bits are cleared
 * before their work is done, so what comes meanwhile is seen at the next look; the exit path looks
 * again when this returns.
 */
#include "core/domain.h"
#include "core/sched.h"
#include "core/time.h"
#include "lib/bits.h"
#include "pv/guest_cpu.h"
#include "pv/trap.h"
#include "sys/log.h"
#include "x86/upcall.h"

/* The scheduler runs another vCPU or goes idle; this one comes back through the exit path. */
static bool must_switch(const struct vcpu *v, uint32_t work)
{
    return work & (WORK_SCHEDULE | WORK_PAUSE) || READ_ONCE(v->paused) || READ_ONCE(v->blocked);
}

void upcall_exit_work(struct guest_cpu *g)
{
    struct vcpu *v = (struct vcpu *)g;
    uint32_t work = atomic_xchg(&g->work, 0u) | cpu_take_work();

    if (work & WORK_TIMER)
        timer_run();
    if (work & WORK_TIME)
        time_update_vcpu(v);
    if (READ_ONCE(domains_reap_wanted))
        domains_reap();
    if (must_switch(v, work)) {
        /* The NMI itself is noted in the vCPU: its bit brings us back here when v runs again. */
        if (work & WORK_NMI)
            atomic_or(&g->work, WORK_NMI);
        sched_switch();
    }
    trap_deliver_event(v);
}

void vcpu_release_context(struct vcpu *v)
{
    int rc = ldt_set(v, 0, 0);

    BUG_ON(rc); /* no table is always allowed */
    gdt_drop(v);
    root_drop(v);
}
