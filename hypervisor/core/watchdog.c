/* SPDX-License-Identifier: MIT */
/*
 * SCHEDOP_watchdog: deadlines that a guest's program keeps pushing back; one that passes shuts the
 * domain down. Which of them the guest has is under the domain's lock, whether one is armed is the
 * timer's own matter.
 */
#include "core/domain.h"

#include "lib/errno.h"
#include "public/sched.h"
#include "sys/log.h"
#define NS_PER_S UINT64_C(1000000000)

static_assert(ARRAY_SIZE(((struct domain *)0)->watchdog) == 2, "one fire function each, below");

static void fired(struct domain *d)
{
    log_guest(LOG_WARNING, d->id, "watchdog expired");
    domain_shutdown(d, SHUTDOWN_watchdog);
}
static void fire_0(struct timer *timer)
{
    fired(container_of(timer, struct domain, watchdog[0]));
}
static void fire_1(struct timer *timer)
{
    fired(container_of(timer, struct domain, watchdog[1]));
}

void domain_watchdog_init(struct domain *d)
{
    timer_init(&d->watchdog[0], fire_0);
    timer_init(&d->watchdog[1], fire_1);
}

void domain_watchdog_stop(struct domain *d)
{
    for (unsigned i = 0; i < ARRAY_SIZE(d->watchdog); i++)
        timer_stop(&d->watchdog[i]);
}

/* A new one's index, or an error. */
static int watchdog_alloc(struct domain *d)
{
    for (unsigned i = 0; i < ARRAY_SIZE(d->watchdog); i++) {
        if (!(d->watchdogs_used & 1u << i)) {
            d->watchdogs_used |= 1u << i;
            return (int)i;
        }
    }
    return -ENOSPC;
}

int domain_watchdog(struct domain *d, uint32_t id, uint32_t timeout_s)
{
    bool is_new = id == 0, is_end = timeout_s == 0;
    int index = (int)id - 1;

    if (id > ARRAY_SIZE(d->watchdog) || (is_new && is_end))
        return -EINVAL;
    lock_take(&d->lock);
    if (is_new)
        index = watchdog_alloc(d);
    else if (!(d->watchdogs_used & 1u << index))
        index = -EINVAL;
    else if (is_end)
        d->watchdogs_used &= ~(1u << index);
    lock_drop(&d->lock);
    if (index < 0)
        return index;
    /* Without the lock: stopping waits for fire(), which takes it. */
    if (is_end)
        timer_stop(&d->watchdog[index]);
    else
        timer_set(&d->watchdog[index], machine_cpu_id(), machine_now_ns() + timeout_s * NS_PER_S);
    return is_new ? index + 1 : 0;
}
