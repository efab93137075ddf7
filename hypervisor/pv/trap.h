/* SPDX-License-Identifier: MIT */
/*
 * Exceptions as the guest sees them. A bounce builds the ABI frame on the guest kernel's stack and
 * continues at its handler; the whole frame is checked before anything changes.
 */
#ifndef LAMINA_PV_TRAP_H
#define LAMINA_PV_TRAP_H

#include "core/vcpu.h"

/* Deliver exception `vector` to v (== current); error_code is ignored where the vector has none. */
void trap_inject(struct vcpu *v, uint8_t vector, uint32_t error_code);
void trap_inject_page_fault(struct vcpu *v, gva_t cr2, uint32_t error_code);
/*
 * An emulated instruction of `length` bytes is done: steps over it, and delivers the #DB of a guest
 * that single-steps.
 */
void trap_insn_done(struct vcpu *v, unsigned length);
/* Deliver a waiting NMI, then the event upcall, if one is pending and unmasked. Exit path. */
void trap_deliver_event(struct vcpu *v);
/* set_trap_table entries: 0, -EINVAL for a bad selector or address. */
int trap_set(struct vcpu *v, const struct trap_info *info) must_check;
void trap_reset(struct vcpu *v); /* set_trap_table(NULL) */
/* The flags that a guest may have in ring 3: no IOPL, no VM, IF always on. */
uint64_t rflags_fix(uint64_t rflags);
/* iret hypercall: frame from the guest stack. */
void iret_hypercall(struct vcpu *v);
/* callback_op: -EINVAL for a bad address, -ENOSYS for an unknown type. */
int callback_register(struct vcpu *v, uint16_t type, uint16_t flags, gva_t address) must_check;
int callback_unregister(struct vcpu *v, uint16_t type) must_check;
/* An NMI for v (VCPUOP_send_nmi, the hardware's): pends until the exit path; any CPU, NMI-safe. */
void nmi_send(struct vcpu *v);

#endif
