/* SPDX-License-Identifier: MIT */
/*
 * Machine to pseudo-physical: one word a frame, written by hypercalls, read by guests directly. The
 * hypervisor never acts on a value in it: guests choose them.
 */
#include "mm/internal.h"

static struct {
    uint64_t *table;
    uint64_t nr_entries, nr_frames;
    mfn_t first;
} m2p;

void m2p_init(uint64_t nr, mfn_t (*take)(uint64_t nr))
{
    m2p.nr_frames = DIV_ROUND_UP(nr * sizeof(uint64_t), PAGE_SIZE);
    m2p.nr_entries = m2p.nr_frames * (PAGE_SIZE / sizeof(uint64_t));
    m2p.first = take(m2p.nr_frames);
    m2p.table = machine_map(m2p.first);
    for (uint64_t i = 0; i < m2p.nr_entries; i++)
        m2p.table[i] = M2P_INVALID;
    machine_map_m2p(m2p.first, m2p.nr_frames);
}

void m2p_set(mfn_t mfn, uint64_t pfn)
{
    BUG_ON(mfn_x(mfn) >= m2p.nr_entries);
    WRITE_ONCE(m2p.table[mfn_x(mfn)], pfn);
}

uint64_t m2p_get(mfn_t mfn)
{
    return mfn_x(mfn) < m2p.nr_entries ? READ_ONCE(m2p.table[mfn_x(mfn)]) : M2P_INVALID;
}

mfn_t m2p_first_frame(void)
{
    return m2p.first;
}

uint64_t m2p_nr_frames(void)
{
    return m2p.nr_frames;
}
