/* SPDX-License-Identifier: MIT */
/*
 * Memory: a list of free frames that runs through the frames themselves, and page tables of four
 * levels that are filled by machine_entry_write().
 */
#include "common/memory.h"
#include "common/print.h"

static uint64_t first_free, nr_free;

void memory_init(void)
{
    uint64_t first, nr;

    machine_memory(&first, &nr);
    for (uint64_t frame = first + nr; frame-- > first;)
        frame_give(frame);
}

uint64_t memory_free_frames(void)
{
    return nr_free;
}

uint64_t frame_take(void)
{
    uint64_t frame = first_free, *words = frame_address(frame);

    if (!nr_free)
        panic("no memory left");
    first_free = words[0];
    nr_free--;
    for (unsigned i = 0; i < PAGE_BYTES / 8; i++)
        words[i] = 0;
    return frame;
}

void frame_give(uint64_t frame)
{
    uint64_t *words = frame_address(frame);

    words[0] = first_free;
    first_free = frame;
    nr_free++;
}

uint64_t space_new(void)
{
    uint64_t root = frame_take();

    if (machine_root_make(root))
        panic("no address space");
    return root;
}

/* The table below an entry, made when there is none; 0: the machine refuses. */
static uint64_t table_below(uint64_t *entry)
{
    uint64_t frame;

    if (*entry & ENTRY_PRESENT)
        return machine_entry_frame(*entry);
    frame = frame_take();
    if (machine_table_make(frame))
        return 0;
    machine_entry_write(entry, machine_entry(frame, ENTRY_PRESENT | ENTRY_WRITE | ENTRY_USER));
    return machine_flush() ? 0 : frame; /* the next step reads it */
}

int space_map(uint64_t root, uint64_t address, uint64_t frame, uint64_t flags)
{
    uint64_t table = root;

    for (unsigned level = 4; level > 1; level--) {
        uint64_t *entries = frame_address(table);

        table = table_below(&entries[address >> (3 + 9 * level) & 511]);
        if (!table)
            return -1;
    }
    machine_entry_write((uint64_t *)frame_address(table) + (address >> 12 & 511),
                        machine_entry(frame, flags));
    return 0;
}
