/* SPDX-License-Identifier: MIT */
/*
 * The descriptor windows: fixed virtual addresses of each CPU behind which the pages of the loaded
 * vCPU's GDT and LDT are put. GDTR never changes; entries beyond the guest's read as null
 * descriptors (a page of zeroes), so a selector there is #GP and not a page fault in our window. An
 * LDT page that is not mapped yet does fault there: pv/ looks it up and calls machine_load_ldt().
 */
#include "x86/cpu.h"

#define ENTRIES_PER_PAGE (PAGE_SIZE / 8)

static void window_set(struct machine_cpu *cpu, unsigned offset, unsigned page, uint64_t pte)
{
    uint64_t *slot = &cpu->window_l1[(offset >> PAGE_SHIFT) + page];

    if (*slot == pte)
        return;
    pte_write(slot, pte);
    machine_flush_page_local((uint64_t)window_virt(cpu->id) + offset + page * PAGE_SIZE);
}

static void gdt_window(struct machine_cpu *cpu, const mfn_t *frames, unsigned pages)
{
    for (unsigned i = 0; i < pages; i++)
        window_set(cpu, WINDOW_GDT, i, mfn_to_maddr(frames[i]) | PTE_DATA);
    for (unsigned i = pages; i < cpu->gdt_pages; i++)
        window_set(cpu, WINDOW_GDT, i, cpu_zero_page() | PTE_RODATA);
    cpu->gdt_pages = pages;
}

static void ldt_window(struct machine_cpu *cpu, const mfn_t *frames, unsigned pages)
{
    unsigned now = 0;

    for (unsigned i = 0; i < pages; i++)
        if (!mfn_eq(frames[i], MFN_INVALID)) {
            window_set(cpu, WINDOW_LDT, i, mfn_to_maddr(frames[i]) | PTE_DATA);
            now |= 1u << i;
        }
    for (unsigned i = 0; i < 16; i++)
        if (cpu->ldt_pages & ~now & 1u << i)
            window_set(cpu, WINDOW_LDT, i, 0);
    cpu->ldt_pages = now;
}

void machine_load_gdt(struct guest_cpu *g)
{
    gdt_window(this_machine_cpu(), g->gdt_frames,
               MIN((unsigned)DIV_ROUND_UP(g->gdt_entries, ENTRIES_PER_PAGE),
                   (unsigned)GDT_FRAMES_MAX));
}

void machine_load_ldt(struct guest_cpu *g)
{
    struct machine_cpu *cpu = this_machine_cpu();
    unsigned entries = MIN(g->ldt_entries, (unsigned)LDT_ENTRIES_MAX);

    ldt_window(cpu, g->ldt_frames, (unsigned)DIV_ROUND_UP(entries, ENTRIES_PER_PAGE));
    if (entries)
        cpu_set_ldt(cpu, entries);
    __asm__ volatile("lldt %w0" ::"r"(entries ? SEL_LDT : 0));
}

/* The frames may be given to others once their vCPU is off this CPU. */
void descriptors_unload(struct machine_cpu *cpu)
{
    gdt_window(cpu, NULL, 0);
    ldt_window(cpu, NULL, 0);
    __asm__ volatile("lldt %w0" ::"r"(0));
}

int machine_ldt_page(gva_t va)
{
    const uint64_t first = (uint64_t)window_virt(machine_cpu_id()) + WINDOW_LDT;

    if (va < first || va - first >= LDT_ENTRIES_MAX * 8)
        return -1;
    return (int)((va - first) >> PAGE_SHIFT);
}
