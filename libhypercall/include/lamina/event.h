/* SPDX-License-Identifier: MIT */
/*
 * Event channels, 2-level: shared info, masks, and the dispatch of the upcall. A `port` is a number
 * from 1 to 4095 that the hypervisor gave; larger ones must not be passed.
 * Source: public/event_channel.h, struct shared_info and struct vcpu_info (public/xen.h); hypercall
 * 32 (event_channel_op) and sched_op's poll of the Xen PV ABI.
 */
#ifndef LAMINA_EVENT_H
#define LAMINA_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "public/event_channel.h"
#include "public/xen.h"

extern struct shared_info *shared_info; /* mapped by event_init() */

typedef void (*event_handler)(evtchn_port_t port);

/*
 * Maps the shared info page and routes TRAP_EVENT to the dispatch; once, after trap_init(). Upcalls
 * stay masked until events_enable(). Returns 0, or an error of page_remap().
 */
long event_init(void);
/*
 * Has `handler` called for each event of the port (below 64, the size of this library's table),
 * with upcalls masked, and unmasks the port.
 */
void event_handle(evtchn_port_t port, event_handler handler);
/* No upcall for this port until it is unmasked; what comes stays pending. */
void event_mask(evtchn_port_t port);
/* Unmasks the port and lets the hypervisor deliver what is pending on it. */
void event_unmask(evtchn_port_t port);
/* Returns whether the port has an event that nobody took, masked or not. */
bool event_pending(evtchn_port_t port);
/*
 * Waits until the port is pending and takes the event. The port must be without handler: its first
 * upcall masks it and leaves the event here; others are served meanwhile. For drivers that have
 * nothing else to do. Returns 0; -XEN_ETIME: clock_now_ns() has reached deadline_ns (0: never),
 * -XEN_EINVAL: the port is not open.
 */
long event_wait(evtchn_port_t port, uint64_t deadline_ns);
/* Makes a port that domain `remote` may bind. Returns its number; -XEN_ENOSPC: all are in use,
 * -XEN_ESRCH: there is no such domain. */
long event_offer(domid_t remote);
/* Signals the other end; nothing happens while nobody has bound it. Returns 0;
 * -XEN_EINVAL: the port is not open, or of a kind without another end. */
long event_send(evtchn_port_t port);
/* Gives the port up; its other end can be bound anew. Returns 0; -XEN_EINVAL: it is not open. */
long event_close(evtchn_port_t port);
/* Masks all upcalls of vCPU 0, from which alone it is called: what CLI is on hardware. */
void events_disable(void);
/* Unmasks them, and takes those that are pending before it returns: what STI is on hardware. */
void events_enable(void);

#endif
