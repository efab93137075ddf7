/* SPDX-License-Identifier: MIT */
/* The exit path of exception.S in C, as far as it decides something. */
#include "sim.h"

#include "x86/upcall.h"

static bool has_event(const struct guest_cpu *g)
{
    return READ_ONCE(g->info->evtchn_upcall_pending) == 1 &&
           !READ_ONCE(g->info->evtchn_upcall_mask);
}

void sim_exit_path(struct guest_cpu *g)
{
    if (g->segments_bad)
        upcall_failsafe(g);
    while (READ_ONCE(g->work) || (has_event(g) && g->event_cb.rip))
        upcall_exit_work(g);
    g->regs.cs |= 3;
    g->regs.ss |= 3;
}
