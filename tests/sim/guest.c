/* SPDX-License-Identifier: MIT */
/*
 * What ring 3 reaches: page tables walked as the processor walks them, and a TLB that keeps every
 * translation until it is flushed or crowded out. A TLB on real hardware may forget earlier; one
 * that never does shows every flush that is missing.
 */
#include "sim.h"

#include <string.h>

#include "mm/guest.h"
#include "mm/page.h"
#include "sys/log.h"

#define PRESENT UINT64_C(1)
#define WRITE   UINT64_C(2)
#define USER    UINT64_C(4)

void sim_point(void);

/* ---- walks ----------------------------------------------------------------------------------- */

/* The translation of a page under a root; false: page fault, or memory that is not there. */
static bool walk(uint64_t cr3, gva_t page, struct sim_tlb *out)
{
    mfn_t table = maddr_to_mfn(cr3);

    out->write = true;
    for (unsigned level = 4; level > 0; level--) {
        uint64_t entry;

        if (mfn_x(table) >= SIM_FRAMES)
            return false;
        entry = ((uint64_t *)machine_map(table))[page >> (9 * (level - 1)) & 511];
        if ((entry & (PRESENT | USER)) != (PRESENT | USER))
            return false;
        out->table[level - 1] = table;
        out->write = out->write && (entry & WRITE);
        table = _mfn(entry >> PAGE_SHIFT & ((UINT64_C(1) << 40) - 1));
    }
    out->frame = table;
    return mfn_x(table) < SIM_FRAMES;
}

/* What the CPU finds for a page now; false: page fault. */
static bool translate(const struct sim_cpu *cpu, gva_t page, struct sim_tlb *out)
{
    *out = (struct sim_tlb){ .page = page, .valid = true };
    if (!cpu->cr3 || !walk(cpu->cr3, page, out))
        return false;
    out->domain = ((struct vcpu *)cpu->g)->domain->id;
    return true;
}

static struct sim_tlb *tlb_find(struct sim_cpu *cpu, gva_t page)
{
    for (unsigned i = 0; i < TLB_ENTRIES; i++)
        if (cpu->tlb[i].valid && cpu->tlb[i].page == page)
            return &cpu->tlb[i];
    return NULL;
}

static bool is_guest_address(gva_t va)
{
    return is_canonical(va) && (va < HYPERVISOR_START || va >= HYPERVISOR_END);
}

void *sim_access(unsigned nr, gva_t va, bool write)
{
    struct sim_cpu *cpu = &sim.cpu[nr];
    gva_t page = (va & ((UINT64_C(1) << 48) - 1)) >> PAGE_SHIFT;
    struct sim_tlb *e, found;

    if (va >= ARGS_VA && va < ARGS_VA + ARGS_BYTES)
        return cpu->args + (va - ARGS_VA);
    if (!is_guest_address(va) || !cpu->cr3)
        return NULL;
    e = tlb_find(cpu, page);
    if (!e || (write && !e->write)) {
        if (!translate(cpu, page, &found) || (write && !found.write))
            return NULL;
        if (!e)
            e = &cpu->tlb[cpu->next_tlb++ % TLB_ENTRIES];
        *e = found;
    }
    return (char *)machine_map(e->frame) + (va & ~PAGE_MASK);
}

void sim_cache(unsigned nr, gva_t va)
{
    struct sim_cpu *cpu = &sim.cpu[nr];
    struct sim_tlb *place = NULL, found;

    if (!translate(cpu, va >> PAGE_SHIFT, &found))
        return;
    for (unsigned i = 0; i < TLB_ENTRIES; i++) {
        struct sim_tlb *e = &cpu->tlb[i];

        if (e->valid && e->page == found.page && mfn_eq(e->frame, found.frame) &&
            e->write == found.write && !memcmp(e->table, found.table, sizeof(found.table)))
            return;
        if (!e->valid && !place)
            place = e;
    }
    *(place ? place : &cpu->tlb[cpu->next_tlb++ % TLB_ENTRIES]) = found;
}

/* ---- the hypervisor's copies ----------------------------------------------------------------- */

static size_t copy(void *ours, gva_t theirs, size_t bytes, bool write)
{
    sim_point();
    while (bytes) {
        size_t n = MIN(bytes, PAGE_SIZE - (theirs & ~PAGE_MASK));
        void *p = sim_access(sim_running, theirs, write);

        if (!p)
            return bytes;
        if (!write)
            memcpy(ours, p, n);
        else if (!ours)
            memset(p, 0, n);
        else {
            SIM_SEEN(ours, n);
            memcpy(p, ours, n);
        }
        ours = ours ? (char *)ours + n : NULL;
        theirs += n;
        bytes -= n;
    }
    return 0;
}

size_t machine_copy_from_guest(void *dst, gva_t src, size_t bytes)
{
    return copy(dst, src, bytes, false);
}

size_t machine_copy_to_guest(gva_t dst, const void *src, size_t bytes)
{
    return bytes ? copy((void *)(uintptr_t)src, dst, bytes, true) : 0;
}

size_t machine_clear_guest(gva_t dst, size_t bytes)
{
    return copy(NULL, dst, bytes, true);
}

/* ---- frames ---------------------------------------------------------------------------------- */

void machine_clear_frame(mfn_t mfn)
{
    BUG_ON(mfn_x(mfn) >= SIM_FRAMES);
    memset(machine_map(mfn), 0, PAGE_SIZE);
}

void machine_copy_frame(mfn_t dst, mfn_t src)
{
    BUG_ON(mfn_x(dst) >= SIM_FRAMES || mfn_x(src) >= SIM_FRAMES);
    memmove(machine_map(dst), machine_map(src), PAGE_SIZE);
}

/* ---- flushing -------------------------------------------------------------------------------- */

void sim_flush(unsigned cpu)
{
    memset(sim.cpu[cpu].tlb, 0, sizeof(sim.cpu[cpu].tlb));
}

/* One translation goes, and with it every memory of tables: those are not kept by page. */
void sim_flush_page(unsigned cpu, gva_t va)
{
    gva_t page = (va & ((UINT64_C(1) << 48) - 1)) >> PAGE_SHIFT;

    for (unsigned i = 0; i < TLB_ENTRIES; i++) {
        struct sim_tlb *e = &sim.cpu[cpu].tlb[i];

        if (e->page == page)
            e->valid = false;
        memset(e->table, 0, sizeof(e->table));
    }
}

/* ---- promises -------------------------------------------------------------------------------- */

static bool is_table(const struct page *page)
{
    return page->type_refs && page->type >= PT_L1 && page->type <= PT_L4;
}

/*
 * Does some table of the domain still hold a reference on the frame, with the same right? Then a
 * stale entry shows nothing that a present one might not: it need not be flushed yet.
 */
static bool is_held(const struct sim_tlb *e)
{
    for (unsigned f = 0; f < SIM_FRAMES; f++) {
        const struct page *page = &frame_table[f];
        const uint64_t *entry = machine_map(_mfn(f));

        if (page->owner != e->domain || page->type != PT_L1 || !page->type_refs)
            continue;
        for (unsigned i = 0; i < 512; i++)
            if ((entry[i] & PRESENT) && entry[i] << 12 >> 24 == mfn_x(e->frame) &&
                (!e->write || (entry[i] & WRITE)))
                return true;
    }
    return false;
}

static const char *table_breach(const struct sim_tlb *e, mfn_t table)
{
    const struct page *page = page_of(table);

    if (mfn_x(table) == 0 || page->owner == OWNER_NONE)
        return NULL;
    if (page->owner != e->domain)
        return "a walk may go through a frame that is another's";
    return page->type_refs && page->type == PT_WRITABLE
               ? "a walk may go through a frame that is writable"
               : NULL;
}

static const char *entry_breach(const struct sim_tlb *e)
{
    const struct page *page = page_of(e->frame);
    const char *why = NULL;

    if (page->owner == OWNER_DEVICE || page->owner == OWNER_NONE)
        return NULL;
    if (page->owner == OWNER_HYPERVISOR)
        return "ring 3 may reach a frame of the hypervisor";
    if (e->write && (is_table(page) || (page->type_refs && page->type == PT_SEGDESC)))
        return "ring 3 may write to a table or a descriptor page";
    if (page->owner != e->domain && !is_held(e))
        return "ring 3 may reach a frame that is another's and not mapped any more";
    for (unsigned i = 0; i < 4 && !why; i++)
        why = table_breach(e, e->table[i]);
    return why;
}

const char *sim_tlb_breach(void)
{
    const char *why = NULL;

    for (unsigned cpu = 0; cpu < SIM_CPUS; cpu++)
        for (unsigned i = 0; i < TLB_ENTRIES && !why; i++)
            if (sim.cpu[cpu].tlb[i].valid)
                why = entry_breach(&sim.cpu[cpu].tlb[i]);
    return why;
}
