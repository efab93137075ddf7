/* SPDX-License-Identifier: MIT */
/*
 * dom0's first page tables. They are filled while they are ordinary frames and checked like any
 * guest's when they are pinned; so page-table frames appear read-only in the mapping.
 */
#include "lib/string.h"
#include "pv/build.h"
#include "sys/log.h"

#define ENTRY_RO UINT64_C(0x65) /* present, user, accessed, dirty */
#define ENTRY_RW UINT64_C(0x67)
#define TABLE_OF(entry) (machine_map_maddr((entry) & UINT64_C(0x000ffffffffff000)))

uint64_t tables_needed(uint64_t start, uint64_t nr)
{
    uint64_t last = start + (nr << PAGE_SHIFT) - 1, sum = 0;

    for (unsigned shift = 21; shift <= 39; shift += 9)
        sum += (last >> shift) - (start >> shift) + 1;
    return sum;
}

static uint64_t table_take(struct pv_build *b)
{
    BUG_ON(b->next_table == b->tables_end);
    memset(build_frame(b, b->next_table), 0, PAGE_SIZE);
    return b->next_table++;
}

static void map_page(struct pv_build *b, uint64_t va, uint64_t pfn, uint64_t flags)
{
    uint64_t *table = build_frame(b, b->at.tables);

    for (unsigned shift = 39; shift > PAGE_SHIFT; shift -= 9) {
        uint64_t *entry = &table[va >> shift & 511];

        if (*entry == 0)
            *entry = b->p2m[table_take(b)] << PAGE_SHIFT | ENTRY_RW;
        table = TABLE_OF(*entry);
    }
    table[va >> PAGE_SHIFT & 511] = b->p2m[pfn] << PAGE_SHIFT | flags;
}

void tables_build(struct pv_build *b)
{
    const struct pv_layout *at = &b->at;

    b->next_table = at->tables;
    b->tables_end = at->tables + at->nr_tables;
    table_take(b); /* the L4 */
    for (uint64_t pfn = 0; pfn < at->nr_mapped; pfn++) {
        bool is_table = pfn >= at->tables && pfn < at->tables + at->nr_tables;

        map_page(b, layout_virt(at, pfn), pfn, is_table ? ENTRY_RO : ENTRY_RW);
    }
    if (!at->p2m_apart)
        return;
    b->next_table = at->p2m + at->nr_p2m;
    b->tables_end = b->next_table + at->nr_p2m_tables;
    for (uint64_t i = 0; i < at->nr_p2m; i++)
        map_page(b, at->p2m_virt + (i << PAGE_SHIFT), at->p2m + i, ENTRY_RW);
}
