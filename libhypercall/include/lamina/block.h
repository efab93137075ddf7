/* SPDX-License-Identifier: MIT */
/*
 * A disk (xen-blkfront's place in a small kernel). Several transfers of up to a page each may be on
 * their way; the simple calls wait for theirs. Needs what frontend.h needs. One vCPU a disk.
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

/* Opens disk `device` ("virtual-device", 51712 is xvda) on a zeroed block; ring_page is a page of
 * the caller's that stays the driver's. 0, or an error of frontend.h. */
long block_open(struct block *block, unsigned device, void *ring_page);

/*
 * Starts a transfer of nr sectors (1..8) between the disk and a page, from the page's start. A
 * ticket (0 or more) for block_finish(), or -XEN_EINVAL: outside of the disk, not aligned to
 * sector_bytes or too long; -XEN_EROFS; -XEN_EAGAIN: BLOCK_REQUESTS are on their way; -XEN_EIO:
 * is_broken.
 */
long block_start(struct block *block, bool is_write, uint64_t sector, unsigned nr, void *page);
/* Waits for it: 0, -XEN_EIO: the disk could not; the page is the caller's again. */
long block_finish(struct block *block, long ticket);

/* block_start() and block_finish() in one, from the disk into the page: 0 or an error of theirs. */
long block_read(struct block *block, uint64_t sector, unsigned nr, void *page);
/* The same the other way; -XEN_EROFS as well. */
long block_write(struct block *block, uint64_t sector, unsigned nr, void *page);
/* What was written is on the medium; 0, also where the device has nothing to flush. */
long block_flush(struct block *block);

/* Closes the disk, on which nothing may be on its way: 0, or -XEN_ETIME: see frontend_close(). */
long block_close(struct block *block);

#endif
