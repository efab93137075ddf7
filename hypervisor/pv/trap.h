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
/* The event upcall, if one is pending and unmasked: true when delivered. Exit path. */
bool trap_deliver_event(struct vcpu *v);
/* set_trap_table entries: 0, -EINVAL for a bad selector or address. */
int trap_set(struct vcpu *v, const struct trap_info *info) must_check;
void trap_reset(struct vcpu *v); /* set_trap_table(NULL) */
/* iret hypercall: frame from the guest stack. */
void iret_hypercall(struct vcpu *v);
/* callback_op */
int callback_register(struct vcpu *v, uint16_t type, uint16_t flags, gva_t address) must_check;
int callback_unregister(struct vcpu *v, uint16_t type) must_check;

#endif
