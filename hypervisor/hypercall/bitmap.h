/* SPDX-License-Identifier: MIT */
/* Sets of CPUs or nodes as tools pass them: one 64-bit word here, any number of bytes there. */
#ifndef LAMINA_HYPERCALL_BITMAP_H
#define LAMINA_HYPERCALL_BITMAP_H

#include "lib/types.h"
#include "public/xen.h"

/* Bits that the tool does not pass are 0, and so is what does not fit into a word. -EFAULT */
int bitmap_read(const struct xenctl_bitmap *map, uint64_t *bits) must_check;
/* All bytes of the tool's map are written. -EFAULT, -EINVAL: it is unreasonably long. */
int bitmap_write(const struct xenctl_bitmap *map, uint64_t bits) must_check;

#endif
