/* SPDX-License-Identifier: MIT */
/*
 * Guest: moves bytes when an event says that there are some.
 */
#include "consoled/guest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/daemon.h"
#include "consoled/door.h"
#include "consoled/server.h"

struct guest *guest_new(struct server *server, const struct guest_identity *identity, char *name)
{
    struct guest *guest = calloc(1, sizeof(*guest));

    if (!guest || history_open(&guest->history) != 0) {
        free(guest);
        free(name);
        return NULL;
    }
    guest->server = server;
    guest->identity = *identity;
    guest->name = name;
    guest->log.fd = guest->listener.fd = guest->slave = -1;
    guest->next = server->guests;
    server->guests = guest;
    if (door_open_terminal(guest) == 0)
        return guest;
    guest_free(guest);
    return NULL;
}

static void forget(struct guest *guest)
{
    struct guest **slot = &guest->server->guests;

    while (*slot != guest)
        slot = &(*slot)->next;
    *slot = guest->next;
}

struct guest *guest_find(const struct server *server, domid_t domain)
{
    struct guest *guest = server->guests;

    while (guest && guest->identity.domain != domain)
        guest = guest->next;
    return guest;
}

struct guest *guest_of_port(const struct server *server, evtchn_port_t port)
{
    struct guest *guest = server->guests;

    while (guest && (!guest->channel.page || guest->channel.port != port))
        guest = guest->next;
    return guest;
}

static void tell_readers(struct guest *guest)
{
    for (struct reader *reader = guest->readers, *next; reader; reader = next) {
        next = reader->next;
        reader_hear(reader);
    }
}

static void ask_readers(struct guest *guest)
{
    for (struct reader *reader = guest->readers, *next; reader; reader = next) {
        next = reader->next;
        reader_speak(reader);
    }
}

/* One ring's worth at most: what the domain writes meanwhile has its own event. */
static void take_output(struct guest *guest)
{
    uint8_t block[RING_OUT_SIZE];
    size_t size = ring_take(&guest->ring, block);

    if (size > 0) {
        log_write(&guest->log, block, size);
        history_append(&guest->history, block, size);
    }
    ring_taken(&guest->ring);
    if (size > 0)
        channel_notify(&guest->server->channels, &guest->channel);
    throttle_count(&guest->throttle, size);
    tell_readers(guest);
}

void guest_event(struct guest *guest)
{
    guest->is_throttled = !throttle_admit(&guest->throttle, clock_now_ns());
    if (guest->is_throttled) {
        server_set_timer(guest->server);
        return;
    }
    take_output(guest);
    ask_readers(guest);
    /* Last: what comes from here on is an event of its own. */
    channel_listen(&guest->server->channels, &guest->channel);
}

size_t guest_room(struct guest *guest)
{
    return guest->channel.page ? ring_room(&guest->ring) : 0;
}

void guest_type(struct guest *guest, const uint8_t *data, size_t size)
{
    (void)ring_put(&guest->ring, data, size);
    channel_notify(&guest->server->channels, &guest->channel);
}

int guest_attach(struct guest *guest)
{
    const struct guest_identity *who = &guest->identity;
    struct server *server = guest->server;
    int rc = channel_open(&server->channels, who->domain, who->frame, who->port, &guest->channel);

    if (rc)
        return rc;
    ring_attach(&guest->ring, guest->channel.page);
    take_output(guest);
    door_open_socket(guest);
    ask_readers(guest);
    return 0;
}

void guest_free(struct guest *guest)
{
    forget(guest);
    if (guest->channel.page)
        take_output(guest);
    door_close(guest);
    while (guest->readers)
        reader_free(guest->readers);
    channel_close(&guest->server->channels, &guest->channel);
    log_close(&guest->log);
    history_close(&guest->history);
    free(guest->name);
    free(guest);
}
