/* SPDX-License-Identifier: MIT */
/*
 * Connection: a client's two streams and what it has open. Everything that a new process needs to
 * go on with a domain's streams is recorded here.
 */
#include <stdlib.h>
#include <string.h>

#include "stored/store.h"
#include "stored/transaction.h"
#include "stored/watch.h"

struct connection *connection_new(struct store *store, uint16_t domid, bool is_domain)
{
    struct connection *conn = must_zalloc(sizeof(*conn));

    conn->domid = domid;
    conn->target = DOMID_NONE;
    conn->is_domain = is_domain;
    conn->next = store->connections;
    store->connections = conn;
    return conn;
}

static void forget_streams(struct connection *conn)
{
    buffer_free(&conn->in);
    buffer_free(&conn->out);
    conn->in_pos = conn->out_pos = 0;
}

static void forget_open(struct connection *conn)
{
    watch_remove_all(conn);
    transaction_end_all(conn);
}

void connection_free(struct store *store, struct connection *conn)
{
    struct connection **slot = &store->connections;

    while (*slot != conn)
        slot = &(*slot)->next;
    *slot = conn->next;
    forget_open(conn);
    forget_streams(conn);
    free(conn);
}

struct subject connection_subject(const struct connection *conn)
{
    return (struct subject){ conn->domid, conn->target };
}

static void record_plain(struct store *store, const struct connection *conn, enum record_type type,
                         uint32_t number)
{
    struct record record = { .type = (uint8_t)type, .domid = conn->domid, .number = number };

    if (conn->is_domain)
        store_record(store, &record);
}

void connection_reset(struct store *store, struct connection *conn)
{
    forget_open(conn);
    record_plain(store, conn, RECORD_RESET, 0);
}

void connection_reconnect(struct store *store, struct connection *conn)
{
    forget_open(conn);
    forget_streams(conn);
    conn->is_broken = false;
    record_plain(store, conn, RECORD_RECONNECT, 0);
}

void connection_break(struct store *store, struct connection *conn)
{
    conn->is_broken = true;
    record_plain(store, conn, RECORD_BROKEN, 0);
}

void connection_input(struct store *store, struct connection *conn, const void *data, size_t size)
{
    buffer_append(&conn->in, data, size);
    conn->in_pos += (uint32_t)size;
    if (conn->is_domain)
        store_record(store, &(struct record){ .type = RECORD_INPUT,
                                              .domid = conn->domid,
                                              .number = conn->in_pos,
                                              .a = data,
                                              .a_size = (uint32_t)size });
}

void connection_input_done(struct store *store, struct connection *conn)
{
    buffer_free(&conn->in);
    if (conn->is_domain)
        store_record(store, &(struct record){ .type = RECORD_INPUT,
                                              .flags = RECORD_FRESH,
                                              .domid = conn->domid,
                                              .number = conn->in_pos });
}

void connection_record_positions(struct store *store, const struct connection *conn)
{
    struct record record = {
        .type = RECORD_INPUT, .flags = RECORD_FRESH, .domid = conn->domid, .number = conn->in_pos
    };

    store_record(store, &record);
    record_plain(store, conn, RECORD_POSITION, conn->out_pos);
}

void connection_send(struct store *store, struct connection *conn, uint32_t type, uint32_t req_id,
                     uint32_t tx_id, const void *data, size_t size)
{
    struct xsd_sockmsg header = { type, req_id, tx_id, (uint32_t)size };
    size_t start = conn->out.size;

    buffer_append(&conn->out, &header, sizeof(header));
    buffer_append(&conn->out, data, size);
    if (conn->is_domain)
        store_record(store, &(struct record){ .type = RECORD_OUTPUT,
                                              .domid = conn->domid,
                                              .a = conn->out.data + start,
                                              .a_size = (uint32_t)(conn->out.size - start) });
}
