/* SPDX-License-Identifier: MIT */
/*
 * The first page tables. The tables of each level follow each other in memory in the order of the
 * addresses they map, levels from the top: so entry and table of any page are known by arithmetic.
 * They are filled while they are ordinary frames and checked like any guest's when they are pinned.
 */
#include "lib/pv_start.h"
#include "lib/string.h"

#define ENTRY_RO UINT64_C(0x65) /* present, user, accessed, dirty */
#define ENTRY_RW UINT64_C(0x67)

struct tables {
    const struct pv_layout *at;
    const uint64_t *p2m;
    pv_frame_fn *frame;
    void *context;
};

static bool is_table(const struct pv_layout *at, uint64_t pfn)
{
    return pfn >= at->tables && pfn < at->tables + at->nr_tables;
}

/* Entries first .. last of one level: tables from `parent` on point at frames from `child` on. */
static void fill_level(const struct tables *t, uint64_t parent, uint64_t child, uint64_t first,
                       uint64_t last, bool is_leaf)
{
    uint64_t *table = NULL;

    for (uint64_t i = first; i <= last; i++) {
        uint64_t pfn = child + i - first;

        if (i == first || i % 512 == 0)
            table = t->frame(t->context, parent + (i >> 9) - (first >> 9));
        table[i % 512] =
            t->p2m[pfn] << PAGE_SHIFT | (is_leaf && is_table(t->at, pfn) ? ENTRY_RO : ENTRY_RW);
    }
}

/* Maps nr frames from pfn at va, with the L4 and the tables below it from `tables` on. */
static void map_range(const struct tables *t, uint64_t va, uint64_t pfn, uint64_t nr,
                      uint64_t tables)
{
    uint64_t end = va + (nr << PAGE_SHIFT) - 1, parent = t->at->tables, child = tables;

    for (unsigned shift = 39; shift > PAGE_SHIFT; shift -= 9) {
        fill_level(t, parent, child, va >> shift, end >> shift, false);
        parent = child;
        child += (end >> shift) - (va >> shift) + 1;
    }
    fill_level(t, parent, pfn, va >> PAGE_SHIFT, end >> PAGE_SHIFT, true);
}

static void clear_tables(const struct tables *t, uint64_t pfn, uint64_t nr)
{
    for (uint64_t i = 0; i < nr; i++)
        memset(t->frame(t->context, pfn + i), 0, PAGE_SIZE);
}

void pv_tables_fill(const struct pv_layout *at, const uint64_t *p2m, pv_frame_fn *frame,
                    void *context)
{
    const struct tables t = { at, p2m, frame, context };

    clear_tables(&t, at->tables, at->nr_tables);
    map_range(&t, at->v_start, 0, at->nr_mapped, at->tables + 1);
    if (!at->p2m_apart)
        return;
    clear_tables(&t, at->p2m + at->nr_p2m, at->nr_p2m_tables);
    map_range(&t, at->p2m_virt, at->p2m, at->nr_p2m, at->p2m + at->nr_p2m);
}
