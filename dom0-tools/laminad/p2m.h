/* SPDX-License-Identifier: MIT */
/*
 * P2M: the machine frames of a domain by pseudo-physical frame number, from the three-level list
 * that its kernel keeps and names in its shared info.
 *
 * All of it is the guest's: a number in it that is not a frame of the domain is refused by the
 * hypervisor when it is mapped, and everything is bounded by nr_max. A kernel that ended before it
 * made the list has none.
 */
#ifndef LAMINA_LAMINAD_P2M_H
#define LAMINA_LAMINAD_P2M_H

#include <stddef.h>
#include <stdint.h>

#include "public/xen.h"

#define P2M_ENTRIES 512u /* a page */

/* Not a frame of the domain's own: none, or somebody else's that it has mapped. */
#define P2M_NOT_OWN ((uint64_t)3 << 62)

/* Reads another domain's frame: 0 and its copy, or a negative errno value. */
typedef int (*p2m_read_t)(void *context, uint64_t mfn, uint64_t page[P2M_ENTRIES]);

/*
 * Calls visit with the entries of each page of the list: nr machine frames from frame number
 * `first` on. A negative result of it ends the walk and is returned. -ENODATA: there is no list.
 * Pages of the list that cannot be read are passed over, but not for lack of memory.
 */
int p2m_walk(const struct arch_shared_info *arch, uint64_t nr_max, p2m_read_t read,
             int (*visit)(void *context, uint64_t first, const uint64_t *mfns, size_t nr),
             void *context) __attribute__((warn_unused_result));

#endif
