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
void event_mask(evtchn_port_t port);
/* Unmask here and let the hypervisor deliver what is pending. */
void event_unmask(evtchn_port_t port);
bool event_pending(evtchn_port_t port);
/*
 * Waits until the port is pending and takes the event: 0, or -XEN_ETIME once clock_now_ns() has
 * reached deadline_ns (0: never). The port must be masked, that is without handler; others are
 * served meanwhile. For drivers that have nothing else to do.
 */
long event_wait(evtchn_port_t port, uint64_t deadline_ns);
/* A new port that `remote` may bind: it or an error. Then: signal the other end; give it up. */
long event_offer(domid_t remote);
long event_send(evtchn_port_t port);
long event_close(evtchn_port_t port);
/* All upcalls of vCPU 0: what CLI and STI are on hardware. */
void events_disable(void);
void events_enable(void);

#endif
