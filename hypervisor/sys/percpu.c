/* SPDX-License-Identifier: MIT */
/*
 * A CPU's pending work. Bits are set by any CPU and taken by the owner on its way out to ring 3 or
 * in its idle loop. No bit is lost: the setter stores first and then makes the owner look, and the
 * owner never halts or leaves without having looked with interrupts off.
 */
#include "sys/percpu.h"

#include "lib/bits.h"
#include "sys/lock.h"
#include "sys/log.h"
#include "x86/upcall.h"

struct vcpu; /* begins with struct guest_cpu, which is all that is used here */
DECLARE_PER_CPU(struct vcpu *, current_vcpu);
PER_CPU(struct vcpu *, current_vcpu);
PER_CPU(uint32_t, cpu_work);

static struct guest_cpu *current_guest(void)
{
    return (struct guest_cpu *)this_cpu(current_vcpu);
}

void cpu_set_work(unsigned cpu, uint32_t bits)
{
    struct guest_cpu *g;

    atomic_or(&cpu_of(cpu, cpu_work), bits);
    if (cpu != machine_cpu_id()) {
        machine_kick_cpu(cpu);
        return;
    }
    g = current_guest();
    if (g)
        atomic_or(&g->work, bits);
}

uint32_t cpu_take_work(void)
{
    if (READ_ONCE(this_cpu(cpu_work)) == 0)
        return 0;
    return atomic_xchg(&this_cpu(cpu_work), 0);
}

void upcall_kick(void)
{
    struct guest_cpu *g = current_guest();
    uint32_t bits = READ_ONCE(this_cpu(cpu_work));

    /* Idle looks at cpu_work itself; a vCPU's exit path sees only the vCPU's word. */
    if (g && bits)
        atomic_or(&g->work, bits);
}

bool preempt_pending(void)
{
    struct guest_cpu *g = current_guest();

    if (!g)
        return false;
    ASSERT(lock_none_held()); /* what comes in may want any */
    machine_interrupt_window();
    upcall_kick(); /* bits set before g was current: its exit path must see what stops us */
    return READ_ONCE(g->work) ||
           (READ_ONCE(g->info->evtchn_upcall_pending) && !READ_ONCE(g->info->evtchn_upcall_mask));
}
