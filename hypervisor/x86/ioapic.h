/* SPDX-License-Identifier: MIT */
/* The I/O APICs' set-up; machine_gsi_*() works on their inputs, whoever owns them. */
#ifndef LAMINA_X86_IOAPIC_H
#define LAMINA_X86_IOAPIC_H

/* Map all I/O APICs, mask every input; and silence the 8259 pair. */
void ioapic_init(void);
void pic_init(void);

#endif
