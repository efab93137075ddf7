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

static void fire(struct timer *timer)
{
    struct domain *d = container_of(timer, struct watchdog, timer)->domain;

    log_guest(LOG_WARNING, d->id, "watchdog expired");
    domain_shutdown(d, SHUTDOWN_watchdog);
}

void domain_watchdog_init(struct domain *d)
{
    for (unsigned i = 0; i < ARRAY_SIZE(d->watchdog); i++) {
        timer_init(&d->watchdog[i].timer, fire);
        d->watchdog[i].domain = d;
    }
}

void domain_watchdog_stop(struct domain *d)
{
    for (unsigned i = 0; i < ARRAY_SIZE(d->watchdog); i++)
        timer_stop(&d->watchdog[i].timer);
}

int domain_watchdog(struct domain *d, uint32_t id, uint32_t timeout_s)
{
    bool is_new = id == 0, is_end = timeout_s == 0;
    unsigned index = id - 1;
    int rc = 0;

    if (id > ARRAY_SIZE(d->watchdog) || (is_new && is_end))
        return -EINVAL;
    lock_take(&d->lock);
    for (unsigned i = ARRAY_SIZE(d->watchdog); is_new && i-- > 0;)
        if (!d->watchdog[i].used)
            index = i;
    if (index >= ARRAY_SIZE(d->watchdog))
        rc = -ENOSPC;
    else if (!is_new && !d->watchdog[index].used)
        rc = -EINVAL;
    else
        d->watchdog[index].used = !is_end;
    lock_drop(&d->lock);
    if (rc)
        return rc;
    /* Without the lock: stopping waits for fire(), which takes it. */
    if (is_end)
        timer_stop(&d->watchdog[index].timer);
    else
        timer_set(&d->watchdog[index].timer, machine_cpu_id(),
                  machine_now_ns() + timeout_s * NS_PER_S);
    return is_new ? (int)index + 1 : 0;
}
