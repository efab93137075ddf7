/* SPDX-License-Identifier: MIT */
/*
 * What the files of the event channels share: looking up, allocating and notifying ports.
 *
 * The lock of a table guards its channels. The link between two interdomain channels changes only
 * with both tables locked, so either lock is enough to follow it. Channels of a table stay where
 * they are until the table is destroyed, which happens when nobody can name the domain's ports.
 */
#ifndef LAMINA_CORE_EVTCHN_TABLE_H
#define LAMINA_CORE_EVTCHN_TABLE_H

#include "core/domain.h"

#define EVTCHNS_PER_BUCKET 128

/*
 * The channel of a port, whatever its state; NULL: no such port. Lock held, or see evtchn_send.c.
 */
struct evtchn *evtchn_lookup(const struct domain *d, evtchn_port_t port) must_check;
/*
 * The lowest free port, still free on return: the caller gives it a state or leaves it. Lock held.
 * -EINVAL: the domain is dying; -ENOSPC: all in use; -ENOMEM.
 */
int evtchn_find_free(struct domain *d, evtchn_port_t *port) must_check;
/* Two tables, which may be one, in domid order. */
void evtchn_lock_pair(struct domain *a, struct domain *b);
void evtchn_unlock_pair(struct domain *a, struct domain *b);

/*
 * Set the port pending, tell its vCPU and whoever polls. The channel's table or its peer's locked.
 */
void evtchn_notify(struct domain *d, const struct evtchn *chn, evtchn_port_t port);

/* One event port per vCPU, or one per domain, bound on vCPU 0 at first? -EINVAL: no such VIRQ. */
enum virq_class { VIRQ_PER_VCPU, VIRQ_GLOBAL, VIRQ_GLOBAL_CONTROL };
enum virq_class virq_class(uint32_t virq); /* virq < NR_VIRQS */

/* Give a registered vcpu_info frame back. Nobody can notify v any more. */
void vcpu_drop_info(struct vcpu *v);

#endif
