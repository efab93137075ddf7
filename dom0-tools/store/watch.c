/* SPDX-License-Identifier: MIT */
/*
 * Watch: what the client wants to hear of, and waiting for a value.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "store/link.h"

static void watch_free(struct store_watch *watch)
{
    if (!watch)
        return;
    free(watch->path);
    free(watch->token);
    free(watch);
}

int store_watch(struct store_client *client, const char *path, const char *token)
{
    struct store_watch *watch = calloc(1, sizeof(*watch));
    int rc = -ENOMEM;

    if (watch) {
        watch->path = strdup(path);
        watch->token = strdup(token);
    }
    if (watch && watch->path && watch->token)
        rc = link_request_path(client, XS_WATCH, 0, path, token, strlen(token) + 1, NULL);
    if (rc) {
        watch_free(watch);
        return rc;
    }
    watch->next = client->watches;
    client->watches = watch;
    return 0;
}

int store_unwatch(struct store_client *client, const char *path, const char *token)
{
    struct store_watch **slot = &client->watches;

    while (*slot && (strcmp((*slot)->path, path) != 0 || strcmp((*slot)->token, token) != 0))
        slot = &(*slot)->next;
    struct store_watch *watch = *slot;
    if (!watch)
        return -ENOENT;
    /* From now on a new connection does not have it. */
    *slot = watch->next;
    int rc = link_request_path(client, XS_UNWATCH, 0, path, token, strlen(token) + 1, NULL);
    watch_free(watch);
    return rc == -ENOENT ? 0 : rc;
}

int store_next_event(struct store_client *client, struct store_event *event)
{
    struct message unexpected;

    *event = (struct store_event){ NULL, NULL };
    if (client->socket < 0 || link_receive(client, &unexpected) < 0)
        link_try(client);
    struct queued_event *queued = link_take_event(client, NULL);
    if (!queued)
        return 0;
    *event = queued->event;
    free(queued);
    return 1;
}

void store_event_free(struct store_event *event)
{
    free(event->path);
    free(event->token);
    *event = (struct store_event){ NULL, NULL };
}

/* Forgets the events of the token: how many there were. */
static unsigned drop_events(struct store_client *client, const char *token)
{
    struct queued_event *queued;
    unsigned nr = 0;

    while ((queued = link_take_event(client, token)) != NULL) {
        store_event_free(&queued->event);
        free(queued);
        nr++;
    }
    return nr;
}

/* Waits until the watch of the token has fired: 0, -ETIMEDOUT, -EINTR, or an error of the store. */
static int await_event(struct store_client *client, const char *token)
{
    struct message unexpected;

    while (drop_events(client, token) == 0) {
        int rc = link_restore(client);
        if (rc)
            return clock_now_ms() >= client->deadline_ms ? -ETIMEDOUT : rc;
        rc = link_receive(client, &unexpected);
        if (rc == 0 && drop_events(client, token) > 0)
            return 0;
        if (rc == 0)
            rc = link_wait_signal(client, POLLIN, client->deadline_ms);
        if (rc == -EINTR || rc == -ETIMEDOUT)
            return rc;
    }
    return 0;
}

static int wait_watched(struct store_client *client, const char *path, const char *token,
                        int (*accept)(void *context, const char *value), void *context)
{
    for (;;) {
        char *value;
        int rc = store_read(client, 0, path, &value, NULL);
        if (rc && rc != -ENOENT)
            return rc;
        rc = accept(context, value);
        free(value);
        if (rc == 0)
            rc = await_event(client, token);
        if (rc)
            return rc < 0 ? rc : 0;
    }
}

int store_wait(struct store_client *client, const char *path, int timeout_ms,
               int (*accept)(void *context, const char *value), void *context)
{
    int64_t outer = client->deadline_ms;
    char token[32];

    snprintf(token, sizeof(token), "store_wait %u", ++client->last_wait);
    if (timeout_ms >= 0)
        client->deadline_ms = clock_now_ms() + timeout_ms;
    int rc = store_watch(client, path, token);
    if (rc == 0) {
        rc = wait_watched(client, path, token, accept, context);
        int rc_end = store_unwatch(client, path, token);
        rc = rc ? rc : rc_end;
        (void)drop_events(client, token);
    }
    client->deadline_ms = outer;
    return rc;
}
