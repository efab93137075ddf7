/* SPDX-License-Identifier: MIT */
/*
 * Replay: does again what records say. Each is checked as if it came from a stranger, so that a
 * damaged journal is refused and never followed into memory.
 */
#include "stored/replay.h"

#include <stdlib.h>
#include <string.h>

#include "stored/transaction.h"
#include "stored/watch.h"

static bool replay_node(struct store *store, const struct record *r)
{
    const char *path = r->a;
    char absolute[PATH_ROOM];

    if (!record_is_string(r->a, r->a_size) || r->b_size > XENSTORE_PAYLOAD_MAX)
        return false;
    if (path_special(path) < 0 && (path[0] != '/' || path_absolute(path, 0, 0, absolute)))
        return false;
    return store_change(store, r);
}

static bool replay_age(struct store *store, const struct record *r)
{
    struct node *node = record_is_string(r->a, r->a_size) ? tree_edit(&store->root, r->a) : NULL;

    if (!node || r->b_size != sizeof(node->children_generation))
        return false;
    node->generation = r->wide;
    memcpy(&node->children_generation, r->b, sizeof(node->children_generation));
    return true;
}

static bool replay_domain(struct store *store, const struct record *r, struct domain *domain)
{
    switch (r->type) {
    case RECORD_INTRODUCE:
        return domain_introduce(store, r->domid, r->wide, r->number) == 0;
    case RECORD_RELEASE:
        if (domain)
            domain_release(store, domain);
        return domain != NULL;
    case RECORD_TARGET:
        if (domain)
            domain_set_target(store, domain, (uint16_t)r->number);
        return domain != NULL;
    default:
        if (domain)
            domain_set_stopped(store, domain, r->number != 0);
        return domain != NULL;
    }
}

static bool replay_open(struct store *store, const struct record *r, struct connection *conn)
{
    struct transaction *tx;

    switch (r->type) {
    case RECORD_WATCH:
    case RECORD_UNWATCH:
        if (!record_is_string(r->a, r->a_size) || !record_is_string(r->b, r->b_size))
            return false;
        return r->type == RECORD_WATCH ? watch_add(store, conn, r->a, r->b, (int32_t)r->number) == 0
                                       : watch_remove(store, conn, r->a, r->b) == 0;
    case RECORD_RESET:
        connection_reset(store, conn);
        return true;
    case RECORD_START:
        if (r->number == 0 || transaction_find(conn, r->number))
            return false;
        transaction_restore(store, conn, r->number);
        return true;
    default:
        tx = transaction_find(conn, r->number);
        if (tx)
            (void)transaction_end(store, conn, tx, false);
        return tx != NULL;
    }
}

static bool replay_stream(struct store *store, const struct record *r, struct connection *conn)
{
    switch (r->type) {
    case RECORD_RECONNECT:
        connection_reconnect(store, conn);
        return true;
    case RECORD_INPUT:
        if (r->flags & RECORD_FRESH)
            buffer_free(&conn->in);
        if (r->a_size > sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX - conn->in.size)
            return false;
        buffer_append(&conn->in, r->a, r->a_size);
        conn->in_pos = r->number;
        return true;
    case RECORD_OUTPUT:
        buffer_append(&conn->out, r->a, r->a_size);
        return true;
    case RECORD_POSITION:
        buffer_free(&conn->out);
        conn->out_pos = r->number;
        return true;
    default:
        connection_break(store, conn);
        return true;
    }
}

static bool replay_one(struct store *store, const struct record *r)
{
    struct domain *domain = domain_find(store, r->domid);

    switch (r->type) {
    case RECORD_GENERATION:
        store->generation = r->wide;
        return true;
    case RECORD_AGE:
        return replay_age(store, r);
    case RECORD_CREATE:
    case RECORD_WRITE:
    case RECORD_REMOVE:
    case RECORD_PERMS:
        return replay_node(store, r);
    case RECORD_INTRODUCE:
    case RECORD_RELEASE:
    case RECORD_TARGET:
    case RECORD_STOPPED:
        return replay_domain(store, r, domain);
    case RECORD_WATCH:
    case RECORD_UNWATCH:
    case RECORD_RESET:
    case RECORD_START:
    case RECORD_END:
        return domain && replay_open(store, r, domain->connection);
    case RECORD_RECONNECT:
    case RECORD_INPUT:
    case RECORD_OUTPUT:
    case RECORD_POSITION:
    case RECORD_BROKEN:
        return domain && replay_stream(store, r, domain->connection);
    default:
        return false;
    }
}

bool replay_records(struct store *store, const uint8_t *data, size_t size)
{
    struct record record;
    size_t pos = 0;
    bool makes_sense = true;

    store->is_replaying = true;
    while (makes_sense && record_next(data, size, &pos, &record))
        makes_sense = replay_one(store, &record);
    store->is_replaying = false;
    return makes_sense && pos == size;
}

static void append_perms(struct buffer *out, enum record_type type, const char *path,
                         const struct perms *perms)
{
    struct record record = record_of_path(type, path);

    record.b = perms->list;
    record.b_size = (uint32_t)(perms->nr * sizeof(perms->list[0]));
    record_append(out, &record);
}

static void append_node(const struct node *node, const char *path, void *context)
{
    struct buffer *out = context;

    append_perms(out, path[1] ? RECORD_CREATE : RECORD_PERMS, path, &node->perms);
    if (node->value_size) {
        struct record record = record_of_path(RECORD_WRITE, path);
        record.b = node->value;
        record.b_size = (uint32_t)node->value_size;
        record_append(out, &record);
    }
}

static void append_age(const struct node *node, const char *path, void *context)
{
    struct record record = record_of_path(RECORD_AGE, path);

    record.wide = node->generation;
    record.b = &node->children_generation;
    record.b_size = sizeof(node->children_generation);
    record_append(context, &record);
}

static void append_open(struct buffer *out, const struct connection *conn)
{
    for (const struct watch *watch = conn->watches; watch; watch = watch->next) {
        struct record record = record_of_path(RECORD_WATCH, watch->given);
        record.domid = conn->domid;
        record.number = (uint32_t)watch->depth;
        record.b = watch->token;
        record.b_size = (uint32_t)strlen(watch->token) + 1;
        record_append(out, &record);
    }
    for (const struct transaction *tx = conn->transactions; tx; tx = tx->next)
        record_append(
            out, &(struct record){ .type = RECORD_START, .domid = conn->domid, .number = tx->id });
}

static void append_streams(struct buffer *out, const struct connection *conn)
{
    struct record record = { .type = RECORD_INPUT, .flags = RECORD_FRESH, .domid = conn->domid };

    record.number = conn->in_pos;
    record.a = conn->in.data;
    record.a_size = (uint32_t)conn->in.size;
    record_append(out, &record);
    record = (struct record){ .type = RECORD_POSITION, .domid = conn->domid };
    record.number = conn->out_pos;
    record_append(out, &record);
    record = (struct record){ .type = RECORD_OUTPUT, .domid = conn->domid };
    record.a = conn->out.data;
    record.a_size = (uint32_t)conn->out.size;
    record_append(out, &record);
    if (conn->is_broken)
        record_append(out, &(struct record){ .type = RECORD_BROKEN, .domid = conn->domid });
}

static void append_domain(struct buffer *out, const struct domain *domain)
{
    struct record record = { .type = RECORD_INTRODUCE, .domid = domain->domid };

    record.number = domain->port;
    record.wide = domain->frame;
    record_append(out, &record);
    record = (struct record){ .type = RECORD_STOPPED, .domid = domain->domid };
    record.number = domain->is_stopped;
    record_append(out, &record);
    record = (struct record){ .type = RECORD_TARGET, .domid = domain->domid };
    record.number = domain->connection->target;
    record_append(out, &record);
    append_open(out, domain->connection);
    append_streams(out, domain->connection);
}

void snapshot_records(const struct store *store, struct buffer *out)
{
    char path[PATH_ROOM] = "/";

    tree_walk(store->root, path, append_node, out);
    tree_walk(store->root, path, append_age, out);
    record_append(out, &(struct record){ .type = RECORD_GENERATION, .wide = store->generation });
    for (int i = 0; i < SPECIAL_COUNT; i++)
        append_perms(out, RECORD_PERMS, path_special_names[i], &store->special[i]);
    for (const struct domain *domain = store->domains; domain; domain = domain->next)
        append_domain(out, domain);
}
