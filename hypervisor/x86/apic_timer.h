/* SPDX-License-Identifier: MIT */
/* The local APIC's timer behind machine_set_deadline(); its interrupt is VECTOR_TIMER. */
#ifndef LAMINA_X86_APIC_TIMER_H
#define LAMINA_X86_APIC_TIMER_H

/* Choose and calibrate the timer: once, on the boot CPU, after the clock. */
void apic_timer_init(void);
/* This CPU's timer, disarmed. */
void apic_timer_cpu_init(void);

#endif
