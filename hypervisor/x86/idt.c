/* SPDX-License-Identifier: MIT */
/*
 * The interrupt descriptor table, one for all CPUs. Ring 3 may use gates 3, 4 and 0x80 by
 * instruction; every other INT n is a #GP that pv/ turns into the guest's own gate. Read-only once
 * filled would be better still; it is in the image's data.
 */
#include "x86/apic.h"
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

extern const uint64_t exception_entries[32];
extern char interrupt_entries[], int80_entry[];

static void gate_set(unsigned vector, uint64_t entry, uint8_t type, uint8_t ist)
{
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
    for (unsigned vector = 0; vector < 32; vector++)
        gate_set(vector, exception_entries[vector], GATE_INTERRUPT, 0);
    for (unsigned vector = 32; vector < 256; vector++)
        gate_set(vector, (uint64_t)interrupt_entries + (vector - 32) * 16, GATE_INTERRUPT, 0);
    gate_set(1, exception_entries[1], GATE_INTERRUPT, IST_DB);
    gate_set(2, exception_entries[2], GATE_INTERRUPT, IST_NMI);
    gate_set(3, exception_entries[3], GATE_FOR_RING3, 0);
    gate_set(4, exception_entries[4], GATE_FOR_RING3, 0);
    gate_set(8, exception_entries[8], GATE_INTERRUPT, IST_DF);
    gate_set(18, exception_entries[18], GATE_INTERRUPT, IST_MC);
    gate_set(VECTOR_GUEST_INT80, (uint64_t)int80_entry, GATE_FOR_RING3, 0);
}

void idt_load(void)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) idtr = { sizeof(idt) - 1, (uint64_t)idt };

    __asm__ volatile("lidt %0" ::"m"(idtr));
}
