/* SPDX-License-Identifier: MIT */
/*
 * Server: one thread that takes requests wherever they come from, in turns: carry out, write the
 * journal, then answer. Nothing is visible to a client before it is in the journal.
 */
#ifndef LAMINA_STORED_SERVER_H
#define LAMINA_STORED_SERVER_H

#include "common/loop.h"
#include "stored/journal.h"
#include "stored/store.h"

struct client;
struct xen;

struct server {
    struct store *store;
    struct journal journal;
    struct loop *loop;
    struct client *clients;
    struct xen *xen; /* NULL: no domains, only sockets */
};

/* Requests of one client carried out in one turn: nobody waits long for a busy one. */
#define REQUESTS_PER_TURN 16

/* Turns until the loop is stopped. Returns 0 or a negative errno value. */
int server_run(struct server *server);

/* --- sockets --- */

/* Listens on the path; only the owner may connect. Negative errno value when that fails. */
int socket_listen(struct server *server, const char *path, bool is_read_only);

/* Gives each client what it can take, and forgets those that left. */
void sockets_publish(struct server *server);

/* --- domains --- */

/* Opens the devices and goes on with the domains that the store knows. Negative errno value. */
int xen_open(struct server *server);

/* The same for rings: after the journal was written. Also takes what can be taken now. */
void xen_receive(struct server *server);
void xen_publish(struct server *server);

#endif
