/* SPDX-License-Identifier: MIT */
/*
 * Memory ranges. Firmware maps come unsorted, overlapping and with empty entries; after
 * memory_map_sort() none of that is left. Lists are short (MEMORY_RANGES_MAX), so plain loops do.
 */
#include "boot/memory_map.h"
#include "lib/string.h"

/* How bad it would be to take such memory for RAM. */
static unsigned severity(uint32_t type)
{
    switch (type) {
    case 1: return 0; /* RAM */
    case 3: return 1; /* ACPI tables */
    case 4: return 2; /* ACPI, kept over sleep */
    case 2: return 3; /* reserved */
    default: return 4; /* bad memory and what we do not know */
    }
}

/* The next address above `from` at which some range starts or ends; 0: none. */
static maddr_t next_bound(const struct memory_range *range, unsigned nr, maddr_t from, bool first)
{
    maddr_t best = UINT64_MAX;
    bool found = false;

    for (unsigned i = 0; i < nr; i++) {
        maddr_t bounds[2] = { range[i].start, range[i].end };

        for (unsigned j = 0; j < 2; j++)
            if ((bounds[j] > from || (first && bounds[j] == from)) && bounds[j] <= best) {
                best = bounds[j];
                found = true;
            }
    }
    return found ? best : from;
}

/* Worst type of the ranges that hold `at`; 0: none. */
static uint32_t type_at(const struct memory_range *range, unsigned nr, maddr_t at)
{
    uint32_t type = 0;

    for (unsigned i = 0; i < nr; i++)
        if (at >= range[i].start && at < range[i].end &&
            (type == 0 || severity(range[i].type) > severity(type)))
            type = range[i].type;
    return type;
}

unsigned memory_map_sort(struct memory_range *range, unsigned nr, unsigned max)
{
    static struct memory_range sorted[MEMORY_RANGES_MAX];
    unsigned n = 0;
    maddr_t at = next_bound(range, nr, 0, true), end;

    max = MIN(max, (unsigned)MEMORY_RANGES_MAX);
    for (; (end = next_bound(range, nr, at, false)) != at; at = end) {
        uint32_t type = type_at(range, nr, at);

        if (type == 0)
            continue;
        if (n > 0 && sorted[n - 1].end == at && sorted[n - 1].type == type)
            sorted[n - 1].end = end;
        else if (n < max)
            sorted[n++] = (struct memory_range){ at, end, type };
        else
            break;
    }
    for (unsigned i = 0; i < n; i++)
        range[i] = sorted[i];
    return n;
}

unsigned memory_map_carve(struct memory_range *range, unsigned nr, unsigned max, maddr_t start,
                          maddr_t end)
{
    unsigned i = 0;

    while (i < nr && start < end) {
        struct memory_range *r = &range[i++], tail = { end, r->end, r->type };
        bool has_head = r->start < start, has_tail = r->end > end;

        if (r->end <= start || r->start >= end)
            continue;
        if (has_head)
            r->end = start;
        else
            *r = tail;
        if (!has_head && !has_tail) {
            nr--;
            i--;
            memmove(r, r + 1, (nr - i) * sizeof(*r));
        } else if (has_head && has_tail && nr < max) {
            /* Else the tail is lost: RAM unused, never used twice. */
            memmove(r + 2, r + 1, (nr - i) * sizeof(*r));
            r[1] = tail;
            nr++;
        }
    }
    return nr;
}

unsigned memory_map_ram(const struct memory_range *from, unsigned nr, struct memory_range *out,
                        unsigned max)
{
    unsigned n = 0;

    for (unsigned i = 0; i < nr && n < max; i++) {
        struct memory_range r = from[i];

        if (r.type != MEMORY_RAM || r.end < PAGE_SIZE)
            continue;
        r.end = ROUND_DOWN(r.end, PAGE_SIZE);
        if (r.start > r.end)
            continue;
        r.start = ROUND_UP(r.start, PAGE_SIZE);
        if (r.start < r.end)
            out[n++] = r;
    }
    return n;
}
