/* SPDX-License-Identifier: MIT */
/* sched_op: give up the CPU, wait for events, end a domain. */
#include "core/sched.h"
#include "hypercall/target.h"
#include "hypercall_handlers.h"
#include "lib/errno.h"
#include "mm/guest.h"

#define POLL_PORTS_MAX 128 /* ABI */

long hc_sched_yield(void)
{
    sched_yield();
    return 0;
}

long hc_sched_block(void)
{
    sched_block();
    return 0;
}

long hc_sched_poll(struct sched_poll *op)
{
    evtchn_port_t ports[POLL_PORTS_MAX];

    if (op->nr_ports > POLL_PORTS_MAX)
        return -EINVAL;
    if (copy_from_guest(ports, guest_ptr(op->ports), op->nr_ports * sizeof(ports[0])))
        return -EFAULT;
    return sched_poll(current, ports, op->nr_ports, op->timeout);
}

/* A reason that nobody knows still ends the domain: its kernel does not expect to come back. */
long hc_sched_shutdown(struct sched_shutdown *op)
{
    domain_shutdown(current->domain, (uint8_t)op->reason);
    return 0;
}

/* The first choice stays. domain_shutdown() reports it whatever reason it is called with. */
long hc_sched_shutdown_code(struct sched_shutdown *op)
{
    struct domain *d = current->domain;

    lock_take(&d->lock);
    if (!d->is_shut_down && !d->shutdown_code_chosen) {
        d->shutdown_code = (uint8_t)op->reason;
        d->shutdown_code_chosen = true;
    }
    lock_drop(&d->lock);
    return 0;
}

long hc_sched_remote_shutdown(struct sched_remote_shutdown *op)
{
    struct domain *d;
    int ret = target_get(op->domain_id, &d);

    if (ret)
        return ret;
    domain_shutdown(d, (uint8_t)op->reason);
    target_put(d);
    return 0;
}

long hc_sched_watchdog(struct sched_watchdog *op)
{
    return domain_watchdog(current->domain, op->id, op->timeout);
}
