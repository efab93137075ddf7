/* SPDX-License-Identifier: MIT */
/*
 * A disk (xen-blkfront's place in a small kernel). Several transfers of up to a page each may be on
 * their way; the simple calls wait for theirs. Needs what frontend.h needs. One vCPU a disk.
 *
 * Common to all: `block` is the caller's and stays where it is while open; `sector` and `nr` count
 * 512 bytes, both multiples of sector_bytes / 512; `page` is a page of the linear mapping, aligned,
 * which the back end may read or write until the transfer is over.
 * Source: public/io/blkif.h, and the nodes "sectors", "sector-size" and "info" of the store as
 * Xen 4.17 documents them; docs/devices.md.
 */
#ifndef LAMINA_BLOCK_H
#define LAMINA_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "lamina/frontend.h"
#include "lamina/ring.h"
#include "public/io/blkif.h"

#define BLOCK_SECTOR   512u
#define BLOCK_REQUESTS 32u /* what a ring of one page holds */

struct block {
    struct frontend frontend;
    struct blkif_front_ring ring;
    grant_ref_t ring_ref;
    uint64_t nr_sectors; /* of 512 bytes */
    uint32_t sector_bytes; /* the smallest unit that the device writes: 512 or 4096 */
    bool is_readonly;
    bool is_broken; /* the back end sent what it cannot have meant; nothing works any more */
    struct block_slot {
        grant_ref_t ref;
        bool is_used, is_done;
        int16_t status;
    } slot[BLOCK_REQUESTS];
};

/*
 * Opens disk `device` ("virtual-device": 51712 is xvda, 51728 xvdb) on a zeroed block; ring_page is
 * an aligned page of the caller's that is the driver's from now on. Waits for the back end up to
 * 10 s, twice. Returns 0; -XEN_EINVAL: a sector size that no page holds, or an error of
 * frontend_open(), frontend_publish_ring() and frontend_connect().
 */
long block_open(struct block *block, unsigned device, void *ring_page);

/*
 * Starts a transfer of nr sectors (1..8) between the disk and a page, from the page's start; to the
 * disk when is_write. Returns a ticket (0 or more) for block_finish(); -XEN_EINVAL: outside of the
 * disk, not aligned to sector_bytes or too long, -XEN_EROFS: a write to what is_readonly,
 * -XEN_EAGAIN: BLOCK_REQUESTS are on their way, or no grant is free, -XEN_EIO: is_broken.
 */
long block_start(struct block *block, bool is_write, uint64_t sector, unsigned nr, void *page);
/*
 * Waits for the transfer of that `ticket`, without a bound: what is on its way cannot be called
 * back. Returns 0, and the page is the caller's again; -XEN_EINVAL: no such transfer,
 * -XEN_EIO: the disk could not, or the back end holds on to the page (then is_broken).
 */
long block_finish(struct block *block, long ticket);

/* From the disk into the page, and waits for it. Returns 0, or an error of block_start() and
 * block_finish(). */
long block_read(struct block *block, uint64_t sector, unsigned nr, void *page);
/* The same the other way. Returns 0, or an error of block_start() and block_finish(). */
long block_write(struct block *block, uint64_t sector, unsigned nr, void *page);
/*
 * Waits until what was written is on the medium. Returns 0, also where the device has nothing to
 * flush; -XEN_EAGAIN: BLOCK_REQUESTS are on their way, -XEN_EIO: the disk could not, or is_broken.
 */
long block_flush(struct block *block);

/*
 * Closes the disk, on which nothing may be on its way. Returns 0, and the ring's page is the
 * caller's again; -XEN_EBUSY: the back end still has it mapped, or an error of frontend_close().
 */
long block_close(struct block *block);

#endif
