/* SPDX-License-Identifier: MIT */
/* Event channels, 2-level: shared info, masks, and the dispatch of the upcall. */
#ifndef LAMINA_EVENT_H
#define LAMINA_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "public/event_channel.h"
#include "public/xen.h"

extern struct shared_info *shared_info; /* mapped by event_init() */

typedef void (*event_handler)(evtchn_port_t port);

/* Map the shared info page and route TRAP_EVENT to the dispatch: 0 or an error. */
long event_init(void);
/* Handler of a port (below 64 in this library's table), unmasking it. */
void event_handle(evtchn_port_t port, event_handler handler);
/* No upcall for this port (0..4095) until it is unmasked; what comes stays pending. */
void event_mask(evtchn_port_t port);
/* Unmask a port (0..4095) and let the hypervisor deliver what is pending on it. */
void event_unmask(evtchn_port_t port);
/* Has the port (0..4095) an event that nobody took? */
bool event_pending(evtchn_port_t port);
/*
 * Waits until the port is pending and takes the event: 0, or -XEN_ETIME once clock_now_ns() has
 * reached deadline_ns (0: never). The port must be without handler: its first upcall masks it and
 * leaves the event here; others are served meanwhile. For drivers that have nothing else to do.
 */
long event_wait(evtchn_port_t port, uint64_t deadline_ns);
/* A new port that `remote` may bind: it, or -XEN_ENOSPC: all are in use. */
long event_offer(domid_t remote);
/* Signals the other end: 0, or -XEN_EINVAL: the port is not open, or of a kind without one. */
long event_send(evtchn_port_t port);
/* Gives the port up: 0, or -XEN_EINVAL: it is not open. */
long event_close(evtchn_port_t port);
/* Masks all upcalls of vCPU 0: what CLI is on hardware. */
void events_disable(void);
/* Unmasks them, and takes those that are pending: what STI is on hardware. */
void events_enable(void);

#endif
