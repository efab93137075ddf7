/* SPDX-License-Identifier: MIT */
/* Stands in for hypervisor/x86/apic.h: nobody need be told, as threads look for requests. */
#ifndef LAMINA_X86_APIC_H
#define LAMINA_X86_APIC_H

#include "x86/cpu.h"

#define VECTOR_FLUSH 0

static inline void apic_send_ipi(uint32_t apic_id, uint8_t vector)
{
    (void)apic_id, (void)vector;
}

#endif
