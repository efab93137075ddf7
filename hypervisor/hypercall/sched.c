/* SPDX-License-Identifier: MIT */
/* sched_op: what takes more than a call to the scheduler. */
#include "core/sched.h"
#include "hypercall/target.h"
#include "hypercall_handlers.h"
#include "lib/bits.h"
#include "lib/errno.h"
#include "mm/guest.h"

#define POLL_PORTS_MAX 128 /* ABI */

long hc_sched_poll(struct sched_poll *op)
{
    evtchn_port_t ports[POLL_PORTS_MAX];

    if (op->nr_ports > POLL_PORTS_MAX)
        return -EINVAL;
    if (copy_from_guest(ports, guest_ptr(op->ports), op->nr_ports * sizeof(ports[0])))
        return -EFAULT;
    return sched_poll(current, ports, op->nr_ports, op->timeout);
}

/* The first choice stays. domain_shutdown() reports it whatever reason it is called with. */
long hc_sched_shutdown_code(struct sched_shutdown *op)
{
    struct domain *d = current->domain;

    lock_take(&d->lock);
    if (!READ_ONCE(d->is_shut_down) && !d->shutdown_code_chosen) {
        WRITE_ONCE(d->shutdown_code, (uint8_t)op->reason);
        store_barrier(); /* domain_shutdown() takes no lock */
        WRITE_ONCE(d->shutdown_code_chosen, true);
    }
    lock_drop(&d->lock);
    return 0;
}
