/* SPDX-License-Identifier: MIT */
/*
 * Where things are for the attacker: its own arena, which it may ruin, mostly; its page tables, the
 * victim's frames, dom0's and the hypervisor's now and then.
 */
#include "attack.h"

uint64_t arena[ARENA_PAGES][512] __attribute__((aligned(4096)));
static uint64_t frames[ARENA_PAGES], aims[BOARD_FRAMES];
static uint64_t tables, nr_tables;

void place_init(const volatile struct board *board, uint64_t (*frame_of)(const void *),
                uint64_t first_table, uint64_t nr)
{
    for (unsigned i = 0; i < ARENA_PAGES; i++)
        frames[i] = frame_of(arena[i]);
    for (unsigned i = 0; i < BOARD_FRAMES; i++)
        aims[i] = board->victim_frames[i];
    tables = first_table;
    nr_tables = nr;
}

mfn_t value_frame(const struct domain *d)
{
    (void)d;
    switch (pick(20)) {
    case 15:
    case 16:
        return _mfn(aims[pick(BOARD_FRAMES)]);
    case 17:
        return _mfn(pick(SIM_FRAMES + 2));
    case 18:
        return _mfn(value_number());
    case 19:
        return _mfn(chance(8) ? tables + pick((unsigned)nr_tables) : frames[0]);
    default:
        return _mfn(frames[pick(ARENA_PAGES)]);
    }
}

maddr_t value_slot(const struct domain *d)
{
    static const uint16_t edge[] = { 255, 256, 271, 272, 510, 511 };

    return mfn_to_maddr(value_frame(d)) +
           8u * (chance(8) ? edge[pick(ARRAY_SIZE(edge))] : pick(512));
}

gva_t value_va(void)
{
    switch (pick(16)) {
    case 12:
        return ARGS_VA + pick(64) * 8u;
    case 13:
        return value_number();
    case 14:
        return HYPERVISOR_VIRT_START - 8 + pick(16) + ((uint64_t)pick(2) << 43);
    case 15:
        return (gva_t)pick(24) << PAGE_SHIFT;
    default:
        return (gva_t)arena[pick(ARENA_PAGES)] + (chance(4) ? pick(512) * 8u : 0);
    }
}
