/* SPDX-License-Identifier: MIT */
/* Sets of CPUs or nodes as tools pass them. */
#include "hypercall/bitmap.h"
#include "lib/bits.h"
#include "lib/errno.h"
#include "mm/guest.h"

#define MAP_BITS_MAX 65536 /* more than any machine has of anything; bounds the clearing */

int bitmap_read(const struct xenctl_bitmap *map, uint64_t *bits)
{
    uint32_t nr = MIN(map->nr_bits, 64u);

    *bits = 0;
    if (copy_from_guest(bits, guest_ptr(map->bitmap), DIV_ROUND_UP(nr, 8)))
        return -EFAULT;
    if (nr < 64)
        *bits &= BIT(nr) - 1;
    return 0;
}

int bitmap_write(const struct xenctl_bitmap *map, uint64_t bits)
{
    guest_ptr_t at = guest_ptr(map->bitmap);
    uint32_t bytes = DIV_ROUND_UP(MIN(map->nr_bits, MAP_BITS_MAX + 1u), 8);

    if (map->nr_bits > MAP_BITS_MAX)
        return -EINVAL;
    if (map->nr_bits < 64)
        bits &= BIT(map->nr_bits) - 1;
    if (copy_to_guest(at, &bits, MIN(bytes, 8u)))
        return -EFAULT;
    return bytes > 8 ? clear_guest(guest_ptr_at(at, 8, 1), bytes - 8) : 0;
}
