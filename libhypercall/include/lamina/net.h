/* SPDX-License-Identifier: MIT */
/*
 * A network interface (xen-netfront's place in a small kernel): Ethernet frames of up to 1,514
 * bytes, copied in and out of pages of its own. Needs what frontend.h needs. One vCPU an interface.
 *
 * Common to all: `net` is the caller's and stays where it is while open; `frame` begins with the
 * Ethernet header and ends before the checksum that the wire adds; `size` is room in bytes.
 * Source: public/io/netif.h, and the nodes "mac", "request-rx-copy", "feature-rx-notify" and
 * "feature-no-csum-offload" of the store as Xen 4.17 documents them; docs/devices.md.
 */
#ifndef LAMINA_NET_H
#define LAMINA_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lamina/frontend.h"
#include "lamina/ring.h"
#include "public/io/netif.h"

#define NET_FRAME_MAX 1514u
#define NET_BUFFERS   16u /* each way */

/* What the caller provides, page-aligned; it stays the driver's. */
struct net_pages {
    uint8_t tx_ring[4096], rx_ring[4096];
    uint8_t tx[NET_BUFFERS][4096], rx[NET_BUFFERS][4096];
};

struct net {
    struct frontend frontend;
    struct netif_tx_front_ring tx;
    struct netif_rx_front_ring rx;
    struct net_pages *pages;
    grant_ref_t tx_ring_ref, rx_ring_ref;
    grant_ref_t tx_ref[NET_BUFFERS], rx_ref[NET_BUFFERS];
    bool tx_used[NET_BUFFERS];
    uint8_t mac[6];
    bool is_broken; /* the back end sent what it cannot have meant; nothing works any more */
};

/*
 * Opens interface `index` (0 is the first) on a zeroed net, whose buffers `pages` are. Takes
 * 2 * NET_BUFFERS + 2 grants. Returns 0; -XEN_ENOSPC: so many are not free, -XEN_EINVAL: an address
 * in the store that is none, or an error of frontend_open() and frontend_connect().
 */
long net_open(struct net *net, unsigned index, struct net_pages *pages);

/*
 * Sends a frame of `bytes` bytes; it may be lost on its way, as on any wire. Returns 0;
 * -XEN_EINVAL: not 14..NET_FRAME_MAX bytes, -XEN_EIO: is_broken, -XEN_EAGAIN: all buffers are on
 * their way, and frames are not queued beyond them.
 */
long net_send(struct net *net, const void *frame, size_t bytes);

/*
 * Takes the next frame that came. Frames that a back end marks as parts of a larger one are
 * dropped: nothing was promised that would allow it to send any. Returns its bytes, cut to size; 0:
 * none is there; -XEN_EIO: is_broken.
 */
long net_receive(struct net *net, void *frame, size_t size);

/* The same, after waiting for one. Returns its bytes; -XEN_ETIME: none until deadline_ns
 * (clock.h; 0: never), -XEN_EIO: is_broken. */
long net_receive_wait(struct net *net, void *frame, size_t size, uint64_t deadline_ns);

/*
 * Closes the interface; frames on their way may be lost. Returns 0, and the pages are the caller's
 * again; -XEN_EBUSY: the back end still has one mapped, or an error of frontend_close().
 */
long net_close(struct net *net);

#endif
