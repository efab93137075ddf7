/* SPDX-License-Identifier: MIT */
/*
 * Registers of the local APIC, by their xAPIC byte offset; in x2APIC mode each is an MSR. Intel SDM
 * volume 3, chapter 11.
 */
#ifndef LAMINA_X86_APIC_REGS_H
#define LAMINA_X86_APIC_REGS_H

#include "lib/types.h"

#define APIC_ID            0x020
#define APIC_TASK_PRIORITY 0x080
#define APIC_EOI           0x0b0
#define APIC_SPURIOUS      0x0f0
#define APIC_IN_SERVICE    0x100 /* 8 registers, 0x10 apart */
#define APIC_ERROR_STATUS  0x280
#define APIC_COMMAND       0x300
#define APIC_COMMAND_DEST  0x310
#define APIC_LVT_TIMER     0x320
#define APIC_LVT_LINT0     0x350
#define APIC_LVT_LINT1     0x360
#define APIC_LVT_ERROR     0x370
#define APIC_TIMER_INITIAL 0x380
#define APIC_TIMER_CURRENT 0x390
#define APIC_TIMER_DIVIDE  0x3e0

#define LVT_MASKED         (1u << 16)
#define LVT_NMI            (4u << 8)
#define LVT_TIMER_DEADLINE (2u << 17)

/* apic_timer.c: choose and calibrate the timer, once, after the clock. */
void apic_timer_init(void);
void apic_timer_cpu_init(void); /* this CPU's, disarmed */

uint32_t apic_read(uint32_t reg);
void apic_write(uint32_t reg, uint32_t value);

#endif
