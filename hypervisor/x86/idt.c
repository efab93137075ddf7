/* SPDX-License-Identifier: MIT */
/*
 * The interrupt descriptor table, one for all CPUs. Ring 3 may use gates 3 and 4 by
 * instruction; every other INT n is a #GP that pv/ turns into the guest's own gate. Read-only once
 * filled would be better still; it is in the image's data.
 */
#include "x86/cpu.h"

struct gate {
    uint16_t offset_low, selector;
    uint8_t ist, type;
    uint16_t offset_middle;
    uint32_t offset_high, reserved;
};

#define GATE_INTERRUPT 0x8e
#define GATE_FOR_RING3 0xee

static struct gate idt[256] __attribute__((aligned(16)));

extern char vector_entries[]; /* sixteen bytes each */

static void gate_set(unsigned vector, uint8_t type, uint8_t ist)
{
    uint64_t entry = (uint64_t)vector_entries + vector * 16;

    idt[vector] = (struct gate){
        .offset_low = (uint16_t)entry,
        .selector = SEL_CS,
        .ist = ist,
        .type = type,
        .offset_middle = (uint16_t)(entry >> 16),
        .offset_high = (uint32_t)(entry >> 32),
    };
}

void idt_init(void)
{
    for (unsigned vector = 0; vector < 256; vector++)
        gate_set(vector, GATE_INTERRUPT, 0);
    gate_set(1, GATE_INTERRUPT, IST_DB);
    gate_set(2, GATE_INTERRUPT, IST_NMI);
    gate_set(3, GATE_FOR_RING3, 0);
    gate_set(4, GATE_FOR_RING3, 0);
    gate_set(8, GATE_INTERRUPT, IST_DF);
    gate_set(18, GATE_INTERRUPT, IST_MC);
}

void idt_load(void)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) idtr = { sizeof(idt) - 1, (uint64_t)idt };

    __asm__ volatile("lidt %0" ::"m"(idtr));
}
