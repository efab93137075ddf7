/* SPDX-License-Identifier: MIT */
/*
 * Waiting: look, and when it is not yet so wait for the store to say that something ended. The
 * watch stands before the first look, so no end falls between.
 */
#include "domain/wait.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"
#include "domain/domain.h"
#include "domain/hypervisor.h"

#define STORE_WAIT_MS 5000 /* for a daemon that is being restarted */

typedef bool (*ended_t)(unsigned domid, int *reason);

static bool is_gone(unsigned domid, int *reason)
{
    struct xen_domctl_getdomaininfo info;

    *reason = -1;
    return hypervisor_info(domid, &info) == -ESRCH;
}

static bool is_down(unsigned domid, int *reason)
{
    struct xen_domctl_getdomaininfo info;
    int rc = hypervisor_info(domid, &info);

    *reason = -1;
    if (rc != 0 || (info.flags & XEN_DOMINF_dying))
        return rc == -ESRCH || rc == 0;
    if (!(info.flags & XEN_DOMINF_shutdown))
        return false;
    *reason = info.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;
    return true;
}

/* Waits for the next event of the store and takes all that came. */
static int await_event(struct store_client *store, int64_t end)
{
    int64_t left = end < 0 ? -1 : end - clock_now_ms();
    struct pollfd wanted = { .fd = store_fd(store), .events = POLLIN };
    struct store_event event;

    if (end >= 0 && left <= 0)
        return -ETIMEDOUT;
    int n = poll(&wanted, 1, left > INT32_MAX ? INT32_MAX : (int)left);
    if (n < 0)
        return -errno;
    while (n > 0 && (n = store_next_event(store, &event)) == 1)
        store_event_free(&event);
    return n < 0 ? n : 0;
}

static int wait_until(unsigned domid, int timeout_ms, ended_t ended, int *reason)
{
    struct store_client *store;
    int64_t end = timeout_ms < 0 ? -1 : clock_now_ms() + timeout_ms;

    if (ended(domid, reason))
        return 0;
    int rc = store_open(&store, STORE_WAIT_MS);
    if (rc != 0)
        return rc;
    rc = store_watch(store, "@releaseDomain", "wait");
    while (rc == 0 && !ended(domid, reason))
        rc = await_event(store, end);
    store_close(store);
    return rc;
}

int domain_wait_gone(unsigned domid, int timeout_ms)
{
    int reason;

    return wait_until(domid, timeout_ms, is_gone, &reason);
}

int domain_wait_down(struct store_client *store, unsigned domid, int timeout_ms, int *reason)
{
    (void)store; /* its watches are the caller's */
    return wait_until(domid, timeout_ms, is_down, reason);
}
