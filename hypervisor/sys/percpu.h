/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU variables, a CPU's pending work, and the preemption test.
 *
 * PER_CPU(type, name) defines one; this_cpu(name) is this CPU's copy (an lvalue), cpu_of(cpu, name)
 * another's. The template lives in section .data.percpu; each CPU has a copy at its CPU block.
 */
#ifndef LAMINA_SYS_PERCPU_H
#define LAMINA_SYS_PERCPU_H

#include "x86/machine.h"

#define PER_CPU(type, name)         __attribute__((section(".data.percpu"))) type percpu_##name
#define DECLARE_PER_CPU(type, name) extern type percpu_##name

extern char percpu_start[], percpu_end[];

#define PERCPU_AT(block, name)                                                                     \
    (*(__typeof__(percpu_##name) *)((char *)(block) + ((char *)&percpu_##name - percpu_start)))
#define this_cpu(name)    PERCPU_AT(machine_this_cpu_block(), name)
#define cpu_of(cpu, name) PERCPU_AT(machine_cpu_block(cpu), name)

/*
 * WORK_TIMER and WORK_SCHEDULE of a CPU, whichever vCPU it runs. The exit path looks only at the
 * vCPU's own work word, so setting a bit here also sets it there (at once on this CPU, by
 * upcall_kick() on another). Takers use cpu_take_work().
 */
DECLARE_PER_CPU(uint32_t, cpu_work);
void cpu_set_work(unsigned cpu, uint32_t bits);
uint32_t cpu_take_work(void); /* this CPU's bits, cleared */

/*
 * True when long work should stop and be continued later: opens an interrupt window, then looks at
 * this CPU's pending work (a reschedule, a timer, an event for the current vCPU). Always false
 * while no vCPU runs (boot, idle): there nothing waits for the CPU.
 */
bool preempt_pending(void);

#endif
