/* SPDX-License-Identifier: MIT */
/* States of the two halves of a split driver, and what the guest's half publishes. */
#include "lamina/clock.h"
#include "lamina/event.h"
#include "lamina/frontend.h"
#include "lamina/store.h"
#include "lamina/text.h"
#include "public/errno.h"

#define BACKEND_WAIT_NS 10000000000UL
#define NODE_PATH       (BACKEND_PATH + 32u)

static long own_number(struct frontend *frontend, const char *name, uint64_t *value)
{
    char path[NODE_PATH];

    text_format(path, sizeof(path), "%s/%s", frontend->path, name);
    return store_read_number(0, path, value);
}

long frontend_read_number(struct frontend *frontend, const char *name, uint64_t *value)
{
    char path[NODE_PATH];

    text_format(path, sizeof(path), "%s/%s", frontend->backend, name);
    return store_read_number(0, path, value);
}

long frontend_write(struct frontend *frontend, const char *name, const char *value)
{
    char path[NODE_PATH];

    text_format(path, sizeof(path), "%s/%s", frontend->path, name);
    return store_write(0, path, value);
}

static long write_number(struct frontend *frontend, const char *name, uint64_t value)
{
    char digits[24];

    text_format(digits, sizeof(digits), "%lu", value);
    return frontend_write(frontend, name, digits);
}

/* Waits until the back end is in one of two states: which, or an error. No node is Closed. */
static long wait_for(struct frontend *frontend, enum xenbus_state one, enum xenbus_state other)
{
    uint64_t deadline = clock_now_ns() + BACKEND_WAIT_NS, state;
    char path[NODE_PATH], event[NODE_PATH];
    long error;

    text_format(path, sizeof(path), "%s/state", frontend->backend);
    error = store_watch(path, "frontend");
    while (!error) {
        long missing = store_read_number(0, path, &state);

        if (missing)
            state = XenbusStateClosed;
        if (state == (uint64_t)one || state == (uint64_t)other)
            break;
        error = store_wait(event, sizeof(event), deadline);
    }
    store_unwatch(path, "frontend");
    return error ? error : (long)state;
}

long frontend_open(struct frontend *frontend, const char *kind, unsigned id)
{
    char path[NODE_PATH];
    uint64_t domain;
    long ret;

    text_format(frontend->path, sizeof(frontend->path), "device/%s/%u", kind, id);
    text_format(path, sizeof(path), "%s/backend", frontend->path);
    ret = store_read(0, path, frontend->backend, sizeof(frontend->backend));
    if (ret < 0)
        return ret;
    ret = own_number(frontend, "backend-id", &domain);
    if (ret)
        return ret;
    frontend->domain = (domid_t)domain;
    ret = wait_for(frontend, XenbusStateInitWait, XenbusStateConnected);
    if (ret < 0)
        return ret;
    ret = event_offer(frontend->domain);
    if (ret < 0)
        return ret;
    frontend->port = (evtchn_port_t)ret;
    return 0;
}

long frontend_publish_ring(struct frontend *frontend, const char *name, const void *page,
                           grant_ref_t *ref)
{
    *ref = grant_give(frontend->domain, page, false);
    return *ref == GRANT_NONE ? -XEN_ENOSPC : write_number(frontend, name, *ref);
}

long frontend_connect(struct frontend *frontend, enum xenbus_state ready)
{
    long ret = write_number(frontend, "event-channel", frontend->port);

    if (!ret)
        ret = write_number(frontend, "state", ready);
    if (!ret)
        ret = wait_for(frontend, XenbusStateConnected, XenbusStateClosed);
    if (ret < 0)
        return ret;
    if (ret == XenbusStateClosed)
        return -XEN_ENODEV;
    return ready == XenbusStateConnected
               ? 0
               : write_number(frontend, "state", XenbusStateConnected);
}

long frontend_close(struct frontend *frontend)
{
    long ret = write_number(frontend, "state", XenbusStateClosing);

    if (!ret)
        ret = wait_for(frontend, XenbusStateClosing, XenbusStateClosed);
    if (ret >= 0)
        ret = write_number(frontend, "state", XenbusStateClosed);
    if (!ret)
        ret = wait_for(frontend, XenbusStateClosed, XenbusStateInitWait);
    event_close(frontend->port);
    return ret < 0 ? ret : 0;
}
