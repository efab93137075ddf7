/* SPDX-License-Identifier: MIT */
/*
 * Where things are on the simulated machine: frames by their owners, addresses, entries of tables.
 */
#include "fuzz.h"

#include "mm/page.h"

#define OWNED_MAX 64

static struct {
    uint16_t frame[SIM_DOMAINS + 1][OWNED_MAX];
    unsigned nr[SIM_DOMAINS + 1];
} owned;

void values_refresh(void)
{
    for (unsigned i = 0; i <= SIM_DOMAINS; i++)
        owned.nr[i] = 0;
    for (unsigned f = 0; f < SIM_FRAMES; f++) {
        unsigned owner = MIN(frame_table[f].owner, SIM_DOMAINS);

        if (owned.nr[owner] < OWNED_MAX)
            owned.frame[owner][owned.nr[owner]++] = (uint16_t)f;
    }
}

static mfn_t frame_of(unsigned owner)
{
    unsigned nr = owned.nr[owner];

    return _mfn(nr ? owned.frame[owner][pick(nr)] : 0);
}

mfn_t value_frame(const struct domain *d)
{
    unsigned own = MIN(d->id, SIM_DOMAINS);

    switch (pick(16)) {
    case 12:
    case 13:
        return frame_of(pick(SIM_DOMAINS + 1));
    case 14:
        return _mfn(pick(SIM_FRAMES + 2));
    case 15:
        return _mfn(value_number());
    default:
        return frame_of(own);
    }
}

static unsigned slot_index(void)
{
    static const uint16_t edge[] = { 255, 256, 271, 272, 510, 511 };

    return chance(8) ? edge[pick(ARRAY_SIZE(edge))] : pick(24);
}

maddr_t value_slot(const struct domain *d)
{
    return mfn_to_maddr(value_frame(d)) + slot_index() * 8;
}

gva_t value_va(void)
{
    switch (pick(16)) {
    case 12:
        return (UINT64_C(512) + pick(4)) << PAGE_SHIFT;
    case 13:
        return ARGS_VA + pick(64) * 8u;
    case 14:
        return value_number();
    case 15:
        return HYPERVISOR_START - 8 + pick(16) + ((uint64_t)pick(2) << 43);
    default:
        return (gva_t)pick(24) << PAGE_SHIFT | (chance(4) ? pick(512) * 8u : 0);
    }
}
