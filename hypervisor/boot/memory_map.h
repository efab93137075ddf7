/* SPDX-License-Identifier: MIT */
/* Lists of memory ranges: the loader's map made consistent, and what of the RAM is free. */
#ifndef LAMINA_BOOT_MEMORY_MAP_H
#define LAMINA_BOOT_MEMORY_MAP_H

#include "boot/boot.h"

#define MEMORY_RAM 1

/*
 * Sort `nr` ranges in place, split where they overlap (the worst type wins), join neighbours of one
 * type. At most `max` remain, lowest first; returns how many.
 */
unsigned memory_map_sort(struct memory_range *range, unsigned nr, unsigned max);
/* Take [start, end) out of the list, which may grow by one; returns the new number, at most max. */
unsigned memory_map_carve(struct memory_range *range, unsigned nr, unsigned max, maddr_t start,
                          maddr_t end);
/* Whole frames of RAM of the map `from`; returns the number of ranges in `out`. */
unsigned memory_map_ram(const struct memory_range *from, unsigned nr, struct memory_range *out,
                        unsigned max);

#endif
