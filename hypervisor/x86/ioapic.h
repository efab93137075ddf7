/* SPDX-License-Identifier: MIT */
/* The I/O APICs, for the rest of x86/: as machine_gsi_*, but for inputs of any owner. */
#ifndef LAMINA_X86_IOAPIC_H
#define LAMINA_X86_IOAPIC_H

#include "lib/types.h"

/* Map all I/O APICs, mask every input; and silence the 8259 pair. */
void ioapic_init(void);
void pic_init(void);
/* 0, -EINVAL for an input that does not exist, a vector or a CPU that it cannot address. */
int ioapic_route(unsigned gsi, uint8_t vector, bool level, bool low, unsigned cpu) must_check;
void ioapic_mask(unsigned gsi);
void ioapic_unmask(unsigned gsi);

#endif
