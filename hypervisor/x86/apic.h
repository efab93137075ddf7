/* SPDX-License-Identifier: MIT */
/*
 * The local APIC and what entry and CPU start need of the device side of x86/: sending
 * interprocessor interrupts, end of interrupt, the processors that the firmware reports.
 *
 * Vectors: 0x00-0x1f exceptions, 0x30-0xef device interrupts (the serial console is one of them),
 * 0xf0-0xff the hypervisor's own, below.
 */
#ifndef LAMINA_X86_APIC_H
#define LAMINA_X86_APIC_H

#define VECTOR_PIC          0x20 /* to 0x2f: spurious ones of the masked 8259 pair */
#define VECTOR_DEVICE_FIRST 0x30
#define VECTOR_DEVICE_LAST  0xef
#define VECTOR_TIMER        0xf0
#define VECTOR_KICK         0xf1
#define VECTOR_FLUSH        0xf2
#define VECTOR_STOP         0xf3
#define VECTOR_ERROR        0xfe
#define VECTOR_SPURIOUS     0xff

#ifndef __ASSEMBLER__
#include "lib/types.h"

uint32_t apic_id(void); /* of this CPU */
/* Enable this CPU's APIC and deadline timer: on each application processor, interrupts off. */
void apic_cpu_init(void);
void apic_eoi(void);
/* The destination is an APIC id; all wait until the message has been sent. */
void apic_send_ipi(uint32_t apic_id, uint8_t vector);
void apic_send_init(uint32_t apic_id);
void apic_send_startup(uint32_t apic_id, uint8_t page); /* starts at page * 4096, real mode */
/* APIC ids of the enabled processors, the boot CPU's among them; returns how many, at most max. */
unsigned apic_ids(uint32_t *ids, unsigned max);
/* An APIC error (VECTOR_ERROR) on this CPU. */
void apic_error(void);
/* Device vector `vector` now comes from the level-triggered input `gsi` (or from none such). */
void vector_set_level(uint8_t vector, bool level, unsigned gsi);
#endif

#endif
