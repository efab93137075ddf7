/* SPDX-License-Identifier: MIT */
/*
 * The scheduler: a run queue per CPU, proportional share by weight (smallest weighted virtual time
 * first), optional cap, stealing when idle, preemption on wake-up. Idle halts the CPU.
 */
#ifndef LAMINA_CORE_SCHED_H
#define LAMINA_CORE_SCHED_H

#include "core/vcpu.h"

void sched_init(void);
void sched_vcpu_init(struct vcpu *v);
void sched_vcpu_remove(struct vcpu *v);
/* v may have become runnable (paused bits changed): look again. */
void sched_wake(struct vcpu *v);
/* Something happened that v may wait for: it no longer blocks or polls. */
void sched_unblock(struct vcpu *v);
/* v must leave its CPU; with sync, wait until it has. */
void sched_sleep(struct vcpu *v, bool sync);
/* Current gives up the CPU for now: takes effect on the exit path. */
void sched_yield(void);
/* SCHEDOP_block: unmasks events and blocks unless one is deliverable. */
void sched_block(void);
int sched_poll(struct vcpu *v, const evtchn_port_t *ports, unsigned nr,
               uint64_t timeout_ns) must_check;
/* CPUs allowed, and which of these it should rather use. -EINVAL: none of the allowed ones is up */
int sched_set_affinity(struct vcpu *v, uint64_t cpus, uint64_t preferred) must_check;
uint64_t sched_cpus_up(void); /* a bit each */
uint64_t sched_idle_ns(unsigned cpu);
/* Account the running time of v up to now, for runstate and info calls. */
void sched_runstate(const struct vcpu *v, struct vcpu_runstate_info *out);
/* Write the runstate area that current registered; after registration and on switch-in. */
void sched_runstate_publish(struct vcpu *v);
/* Run queues on the console: debug key. */
void sched_print(void);
/* Never returns: pick the next vCPU or idle. From the exit path and CPU start. */
void sched_switch(void) noreturn;

#endif
