/* SPDX-License-Identifier: MIT */
/*
 * The table of event channels of a domain: its ports, how they close, what holds at all times.
 *
 * A port is free, or bound to a source of notifications. States and the moves between them:
 *
 *                 alloc_unbound               peer: bind_interdomain
 *        FREE ---------------------> UNBOUND -------------------------> INTERDOMAIN
 *         |  ^                         | ^                                 |   |
 *         |  |          close          | |          peer: close           |   |
 *         |  +-------------------------+ +---------------------------------+   |
 *         |  +------------------------------------------------------------------+
 *         |  |                             close
 *         |  +------------------------------------------------------------------+
 *         |               bind_virq, bind_ipi, bind_pirq; close                 |
 *         +------------------------------------------------> VIRQ, IPI, PIRQ ---+
 *
 * Port 0 is reserved, so that 0 means "none" everywhere. Both ends of an interdomain pair name each
 * other at all times. A port is closed with its pending bit cleared, so that whoever gets it next
 * starts without a stale event.
 */
#include "core/evtchn_table.h"
#include "lib/bits.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "public/xen.h"
#include "sys/log.h"

static_assert(EVTCHNS_MAX == EVTCHN_2L_NR_CHANNELS, "the shared info page has a bit per port");
static_assert(EVTCHNS_MAX % EVTCHNS_PER_BUCKET == 0, "buckets fill the port space");

#define BUCKET_BYTES (EVTCHNS_PER_BUCKET * sizeof(struct evtchn))

struct evtchn *evtchn_lookup(const struct domain *d, evtchn_port_t port)
{
    if (port >= READ_ONCE(d->events.valid))
        return NULL;
    return &d->events.bucket[port / EVTCHNS_PER_BUCKET][port % EVTCHNS_PER_BUCKET];
}

/* Room for 128 more ports. The new limit is published after the bucket that it covers. */
static int bucket_add(struct evtchn_table *table)
{
    struct evtchn *bucket = heap_alloc(BUCKET_BYTES);

    if (!bucket)
        return -ENOMEM;
    table->bucket[table->valid / EVTCHNS_PER_BUCKET] = bucket;
    store_barrier();
    WRITE_ONCE(table->valid, table->valid + EVTCHNS_PER_BUCKET);
    return 0;
}

int evtchn_find_free(struct domain *d, evtchn_port_t *port)
{
    struct evtchn_table *table = &d->events;

    ASSERT(lock_is_held(&table->lock));
    if (table->limit == 0)
        return -EINVAL;
    for (evtchn_port_t p = 1; p < table->limit; p++) { /* limit <= EVTCHNS_MAX */
        if (p == table->valid) {
            int rc = bucket_add(table);

            if (rc)
                return rc;
        }
        if (evtchn_lookup(d, p)->state == EVTCHN_FREE) {
            *port = p;
            return 0;
        }
    }
    return -ENOSPC;
}

int evtchn_table_init(struct domain *d, evtchn_port_t limit)
{
    struct evtchn_table *table = &d->events;
    int rc;

    lock_init(&table->lock, LOCK_EVTCHN);
    rc = bucket_add(table);
    if (rc)
        return rc;
    table->limit = limit;
    table->bucket[0][0].state = EVTCHN_RESERVED;
    return 0;
}

void evtchn_lock_pair(struct domain *a, struct domain *b)
{
    struct domain *first = a->id < b->id ? a : b, *second = a->id < b->id ? b : a;

    lock_take(&first->events.lock);
    if (first != second)
        lock_take_second(&second->events.lock);
}

void evtchn_unlock_pair(struct domain *a, struct domain *b)
{
    lock_drop(&a->events.lock);
    if (a != b)
        lock_drop(&b->events.lock);
}

/*
 * Lock the table of d and, when the port is one end of a pair, that of the other end. The peer is
 * known only under d's own lock and lives as long as that is held; where the order of locks is the
 * wrong way round we only try, and let go of both on failure. The CPU that holds the peer's lock
 * blocks on nothing but ours, so it gets on.
 */
static struct domain *lock_with_peer(struct domain *d, evtchn_port_t port)
{
    for (;;) {
        struct evtchn *chn;
        struct domain *peer;

        lock_take(&d->events.lock);
        chn = evtchn_lookup(d, port);
        peer = chn && chn->state == EVTCHN_INTERDOMAIN ? chn->interdomain.remote : d;
        if (peer == d)
            return d;
        if (peer->id > d->id) {
            lock_take_second(&peer->events.lock);
            return peer;
        }
        if (lock_try(&peer->events.lock))
            return peer;
        lock_drop(&d->events.lock);
        machine_relax();
    }
}

static void virq_unbind(struct domain *d, unsigned virq, evtchn_port_t port)
{
    for_each_vcpu(d, v) {
        if (v->virq_port[virq] == port)
            WRITE_ONCE(v->virq_port[virq], 0);
    }
}

/* The other end waits for d again: d may bind to it anew. */
static void peer_release(struct domain *d, const struct evtchn *chn)
{
    struct evtchn *peer = evtchn_lookup(chn->interdomain.remote, chn->interdomain.port);

    BUG_ON(!peer || peer->state != EVTCHN_INTERDOMAIN || peer->interdomain.remote != d);
    peer->state = EVTCHN_UNBOUND;
    peer->unbound.remote = d->id;
}

/* Free a bound port: cannot fail. Both tables locked. */
static void port_free(struct domain *d, struct evtchn *chn, evtchn_port_t port)
{
    switch (chn->state) {
    case EVTCHN_PIRQ:
        pirq_unbind(d, chn->pirq);
        break;
    case EVTCHN_VIRQ:
        virq_unbind(d, chn->virq, port);
        break;
    case EVTCHN_INTERDOMAIN:
        peer_release(d, chn);
        break;
    default:
        break;
    }
    /* A pair within one table: the other end is another channel, this one is ours to clear. */
    memset(chn, 0, sizeof(*chn));
    if (d->shared)
        atomic_bit_clear(d->shared->evtchn_pending, port);
}

static bool is_bound(const struct evtchn *chn)
{
    return chn && chn->state != EVTCHN_FREE && chn->state != EVTCHN_RESERVED;
}

/* False: it was not in use. */
static bool port_close(struct domain *d, evtchn_port_t port)
{
    struct domain *peer = lock_with_peer(d, port);
    struct evtchn *chn = evtchn_lookup(d, port);
    bool was_bound = is_bound(chn);

    if (was_bound)
        port_free(d, chn, port);
    evtchn_unlock_pair(d, peer);
    return was_bound;
}

int evtchn_close(struct domain *d, evtchn_port_t port)
{
    return port_close(d, port) ? 0 : -EINVAL;
}

/* Close the first port from *port on that is in use; *port is then that one. False: none is. */
static bool port_close_next(struct domain *d, evtchn_port_t *port)
{
    bool found;

    lock_take(&d->events.lock);
    while (*port < d->events.valid && !is_bound(evtchn_lookup(d, *port)))
        ++*port; /* most are free */
    found = *port < d->events.valid;
    lock_drop(&d->events.lock);
    if (found)
        port_close(d, *port); /* or somebody else has by now, which is as good */
    return found;
}

/* Ports closed before an interruption cost one look each the second time: simply call again. */
int evtchn_close_all(struct domain *d)
{
    evtchn_port_t port = 1;
    unsigned closed = 0;

    while (port_close_next(d, &port)) {
        if (++closed % BATCH_PREEMPT == 0 && preempt_pending())
            return -ERESTART;
    }
    return 0;
}

/* A domain other than the caller must be paused: its own calls would undo the work. */
int evtchn_reset(struct domain *d)
{
    if (d != current->domain && !READ_ONCE(d->pause_count))
        return -EINVAL;
    return evtchn_close_all(d);
}

void evtchn_table_destroy(struct domain *d)
{
    struct evtchn_table *table = &d->events;
    evtchn_port_t port = 1;
    unsigned nr_buckets;

    lock_take(&table->lock);
    table->limit = 0; /* no new port from here on */
    lock_drop(&table->lock);
    while (port_close_next(d, &port))
        continue;
    for_each_vcpu(d, v)
        vcpu_drop_info(v);
    /* Another domain may be looking for a port of d to bind to, under this lock. */
    lock_take(&table->lock);
    nr_buckets = table->valid / EVTCHNS_PER_BUCKET;
    WRITE_ONCE(table->valid, 0);
    lock_drop(&table->lock);
    for (unsigned i = 0; i < nr_buckets; i++) {
        heap_free(table->bucket[i], BUCKET_BYTES);
        table->bucket[i] = NULL;
    }
}

static bool virq_is_held(struct domain *d, unsigned virq, evtchn_port_t port)
{
    unsigned holders = 0;

    for_each_vcpu(d, v)
        holders += v->virq_port[virq] == port;
    return holders == 1;
}

/* One channel: what its state promises about the rest of the world. */
static bool channel_check(struct domain *d, const struct evtchn *chn, evtchn_port_t port)
{
    const struct evtchn *peer;

    /* Notified vCPUs exist, so that nobody need ask. */
    if (chn->vcpu >= d->vcpus_max)
        return false;
    switch (chn->state) {
    case EVTCHN_FREE:
    case EVTCHN_UNBOUND:
    case EVTCHN_IPI:
        return port != 0;
    case EVTCHN_RESERVED:
        return port == 0;
    case EVTCHN_INTERDOMAIN:
        /* The other end names this one. */
        peer = evtchn_lookup(chn->interdomain.remote, chn->interdomain.port);
        return peer && peer->state == EVTCHN_INTERDOMAIN && peer->interdomain.remote == d &&
               peer->interdomain.port == port;
    case EVTCHN_VIRQ:
        /* Exactly one vCPU sends its VIRQ here. */
        return chn->virq < NR_VIRQS && virq_is_held(d, chn->virq, port);
    case EVTCHN_PIRQ:
        /* The interrupt is bound to this port. */
        return chn->pirq < PIRQS_MAX && d->pirqs.pirq && d->pirqs.pirq[chn->pirq].port == port;
    default:
        return false;
    }
}

/* Lock held: a link changes only with both tables locked, so one is enough to look at both ends. */
static bool table_check(struct domain *d)
{
    const struct evtchn_table *table = &d->events;

    /* Ports exist in whole buckets. */
    if (table->valid > EVTCHNS_MAX || table->valid % EVTCHNS_PER_BUCKET)
        return false;
    for (evtchn_port_t port = 0; port < table->valid; port++) {
        if (!channel_check(d, evtchn_lookup(d, port), port))
            return false;
    }
    /* A vCPU's VIRQ goes to a port that is bound to that VIRQ. */
    for_each_vcpu(d, v) {
        for (unsigned virq = 0; virq < NR_VIRQS; virq++) {
            evtchn_port_t port = v->virq_port[virq];
            const struct evtchn *chn = port ? evtchn_lookup(d, port) : NULL;

            if (port && (!chn || chn->state != EVTCHN_VIRQ || chn->virq != virq))
                return false;
        }
    }
    return true;
}

bool evtchn_check(struct domain *d)
{
    bool good;

    lock_take(&d->events.lock);
    good = table_check(d);
    lock_drop(&d->events.lock);
    return good;
}
