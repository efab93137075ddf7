/* SPDX-License-Identifier: MIT */
/*
 * Further vCPUs of the domain. Vcpu 0 runs guest_main(); numbers `id` are below VCPUS_MAX (trap.h).
 * Source: public/vcpu.h, struct vcpu_guest_context (public/xen.h); hypercall 24 (vcpu_op) of the
 * Xen PV ABI.
 */
#ifndef LAMINA_VCPU_H
#define LAMINA_VCPU_H

#include <stdint.h>

/* Returns how many vCPUs the domain has, on line or not; at most VCPUS_MAX are counted. */
unsigned vcpu_count(void);

/*
 * Starts vCPU `id` in main(arg), on a stack that ends at stack_end (a multiple of 16), with the
 * page tables, trap handlers and handlers of events of vCPU 0, events masked
 * (vcpu_events_enable()). The upper half of the stack serves main(), traps from user mode begin in
 * the middle: give it 16 KiB. main() must not return. Returns 0; -XEN_ENOENT: no such vCPU,
 * -XEN_EEXIST: it was started before.
 */
long vcpu_start(unsigned id, void (*main)(void *arg), void *arg, void *stack_end);

/* Unmasks the upcalls of vCPU `id` (below vcpu_count()): events_enable() is this for vCPU 0. */
void vcpu_events_enable(unsigned id);
/* Masks the upcalls of vCPU `id`. */
void vcpu_events_disable(unsigned id);

/* Makes a port by which any vCPU interrupts vCPU `id`, by event_send(). Returns its number;
 * -XEN_ENOENT: no such vCPU, -XEN_ENOSPC: all ports are in use. */
long vcpu_ipi(unsigned id);

#endif
