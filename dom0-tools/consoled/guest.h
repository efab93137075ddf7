/* SPDX-License-Identifier: MIT */
/*
 * Guest: one domain's console: its ring, its log, its history, and who is at it.
 *
 * What was taken from the ring is in the log before the domain sees it taken, so a daemon that is
 * killed loses nothing; at worst its successor writes the last few bytes once more.
 */
#ifndef LAMINA_CONSOLED_GUEST_H
#define LAMINA_CONSOLED_GUEST_H

#include "consoled/channel.h"
#include "consoled/history.h"
#include "consoled/log.h"
#include "consoled/reader.h"
#include "consoled/ring.h"
#include "consoled/throttle.h"
#include "public/xen.h"

/* More than anybody needs; each costs a descriptor. */
#define GUEST_READERS_MAX 64u

#define GUEST_TTY_SIZE 64u

struct server;

/* Who and where a domain is; from places in the store that it cannot write. */
struct guest_identity {
    domid_t domain;
    uint8_t handle[16];
    uint64_t frame;
    evtchn_port_t port;
};

struct guest {
    struct guest *next;
    struct server *server;
    struct guest_identity identity;
    char *name;
    bool has_own_log; /* at a path that does not follow its name */
    bool is_refused;  /* its ring could not be had; said so already */
    bool is_told;     /* the store has the path of its terminal */

    struct channel channel; /* page NULL: not attached */
    struct ring ring;
    struct throttle throttle;
    bool is_throttled; /* its port stays masked until the window ends */
    struct log log;
    struct history history;

    struct loop_source listener; /* fd negative: none */
    struct reader *readers;      /* the pseudo terminal among them */
    unsigned nr_readers;
    int slave; /* our end of the pseudo terminal, which keeps it alive; negative: none */
    char tty[GUEST_TTY_SIZE]; /* its path, or "" */
};

/* Made known, with terminal and history, but not attached. name becomes its own. NULL: no memory.
 */
struct guest *guest_new(struct server *server, const struct guest_identity *identity, char *name);

/* Takes what is left in the ring, tells all readers, closes everything. */
void guest_free(struct guest *guest);

/* Begins to serve: the log is open. 0, or a negative errno value: nothing has changed. */
int guest_attach(struct guest *guest) __attribute__((warn_unused_result));

struct guest *guest_find(const struct server *server, domid_t domain);
struct guest *guest_of_port(const struct server *server, evtchn_port_t port);

/* Its port is pending, or its time has come: takes what it says, gives it what was typed. */
void guest_event(struct guest *guest);

/* How much can be typed now, and typing that. */
size_t guest_room(struct guest *guest);
void guest_type(struct guest *guest, const uint8_t *data, size_t size);

#endif
