/* SPDX-License-Identifier: MIT */
/*
 * Block devices as a shared ring: a request names up to 11 granted pages, each with the first and
 * last 512-byte sector to transfer. Front end nodes: ring-ref, event-channel, protocol
 * ("x86_64-abi"); back end nodes: sectors (512 bytes each), sector-size, info (VDISK_*),
 * feature-flush-cache, feature-persistent.
 */
#ifndef PUBLIC_IO_BLKIF_H
#define PUBLIC_IO_BLKIF_H

#include <stdint.h>

#include "../grant_table.h"
#include "ring.h"

#define BLKIF_OP_READ 0
#define BLKIF_OP_WRITE 1
#define BLKIF_OP_WRITE_BARRIER 2
#define BLKIF_OP_FLUSH_DISKCACHE 3 /* no segments */
#define BLKIF_OP_DISCARD 5
#define BLKIF_OP_INDIRECT 6

#define BLKIF_RSP_OKAY 0
#define BLKIF_RSP_ERROR (-1)
#define BLKIF_RSP_EOPNOTSUPP (-2)

#define BLKIF_MAX_SEGMENTS_PER_REQUEST 11

#define VDISK_CDROM 0x1
#define VDISK_REMOVABLE 0x2
#define VDISK_READONLY 0x4

typedef uint16_t blkif_vdev_t;   /* "virtual-device": 202 << 8 | disk << 4 for xvda, xvdb ... */
typedef uint64_t blkif_sector_t; /* of 512 bytes */

struct blkif_request_segment {
    grant_ref_t gref;
    uint8_t first_sect; /* within the page, 0..7 */
    uint8_t last_sect;  /* inclusive */
};

struct blkif_request {
    uint8_t operation; /* BLKIF_OP_* */
    uint8_t nr_segments;
    blkif_vdev_t handle;
    uint64_t id; /* comes back in the response */
    blkif_sector_t sector_number;
    struct blkif_request_segment seg[BLKIF_MAX_SEGMENTS_PER_REQUEST];
};

struct blkif_response {
    uint64_t id;
    uint8_t operation;
    int16_t status; /* BLKIF_RSP_* */
};

DEFINE_RING_TYPES(blkif, struct blkif_request, struct blkif_response);

#endif
