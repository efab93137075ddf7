/* SPDX-License-Identifier: MIT */
/* Entry paths in C, called by entry.S and exception.S on the CPU's stack. */
#ifndef LAMINA_X86_BOUNCE_H
#define LAMINA_X86_BOUNCE_H

#include "x86/guest.h"

void syscall32_bounce(struct guest_cpu *g);
void sysenter_bounce(struct guest_cpu *g);
void int80_refuse(struct guest_cpu *g);

#endif
