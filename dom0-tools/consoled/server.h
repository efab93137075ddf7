/* SPDX-License-Identifier: MIT */
/*
 * Server: what all consoles share: one thread, one event loop, one descriptor for all event
 * channels, one timer that runs only while some domain is throttled.
 */
#ifndef LAMINA_CONSOLED_SERVER_H
#define LAMINA_CONSOLED_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/loop.h"
#include "common/retry.h"
#include "common/timer.h"
#include "consoled/channel.h"
#include "consoled/log.h"
#include "store/client.h"

struct guest;

struct server {
    /* --- set once --- */
    struct loop *loop;
    const char *log_dir;    /* of CONSOLE_LOG */
    const char *socket_dir; /* of CONSOLE_SOCKET */
    struct log_limits limits;
    struct channels channels;
    struct loop_source events; /* of all ports */
    struct timer timer; /* of the first domain whose time has not come */
    struct retry retry; /* of a review that could not be completed */

    /* --- changes --- */
    struct guest *guests;
    struct store_client *store;
    struct loop_source store_source;
    bool has_timer_set;
};

/* Puts the sources for event channels and throttled domains into the loop. Negative errno value. */
int server_open(struct server *server) __attribute__((warn_unused_result));
void server_close(struct server *server); /* guests as well; the loop stays */

/* Sees to it that the domains which wait by now are looked at when their time has come. */
void server_set_timer(struct server *server);

#endif
