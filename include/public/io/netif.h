/* SPDX-License-Identifier: MIT */
/*
 * Network interfaces as two shared rings, named from the guest: tx carries frames out, rx offers
 * granted pages that the back end copies frames into. Front end nodes: tx-ring-ref, rx-ring-ref,
 * event-channel, request-rx-copy, feature-rx-notify.
 */
#ifndef PUBLIC_IO_NETIF_H
#define PUBLIC_IO_NETIF_H

#include <stdint.h>

#include "../grant_table.h"
#include "ring.h"

#define NETTXF_csum_blank 1     /* the checksum is left to the receiver */
#define NETTXF_data_validated 2 /* the checksum is known to be right */
#define NETTXF_more_data 4      /* the frame goes on in the next request */
#define NETTXF_extra_info 8     /* the next slot holds extra information */

#define NETRXF_data_validated 1
#define NETRXF_csum_blank 2
#define NETRXF_more_data 4
#define NETRXF_extra_info 8

#define NETIF_RSP_DROPPED (-2)
#define NETIF_RSP_ERROR (-1)
#define NETIF_RSP_OKAY 0
#define NETIF_RSP_NULL 1 /* the slot held extra information */

struct netif_tx_request {
    grant_ref_t gref;
    uint16_t offset; /* in the page */
    uint16_t flags;  /* NETTXF_* */
    uint16_t id;
    uint16_t size; /* of the whole frame in its first request */
};

struct netif_tx_response {
    uint16_t id;
    int16_t status; /* NETIF_RSP_* */
};

struct netif_rx_request {
    uint16_t id;
    uint16_t pad;
    grant_ref_t gref; /* a page that the back end may write */
};

struct netif_rx_response {
    uint16_t id;
    uint16_t offset;
    uint16_t flags; /* NETRXF_* */
    int16_t status; /* bytes in the page, or NETIF_RSP_* when negative */
};

DEFINE_RING_TYPES(netif_tx, struct netif_tx_request, struct netif_tx_response);
DEFINE_RING_TYPES(netif_rx, struct netif_rx_request, struct netif_rx_response);

#endif
