/* SPDX-License-Identifier: MIT */
/*
 * Transaction: holds two trees, the store's at the start and its own, and two lists: what it looked
 * at, and what it changed. At the end the first list is compared between the tree of the start and
 * the store's, and the second is done again to the store.
 */
#include "stored/transaction.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct transaction *open_new(struct store *store, struct connection *conn, uint32_t id)
{
    struct transaction *tx = must_zalloc(sizeof(*tx)), **slot = &conn->transactions;

    while (*slot)
        slot = &(*slot)->next;
    *slot = tx;
    tx->id = id;
    tx->base = node_get(store->root);
    tx->root = node_get(store->root);
    conn->nr_transactions++;
    conn->last_transaction = id;
    return tx;
}

static void record_state(struct store *store, const struct connection *conn, enum record_type type,
                         uint32_t id)
{
    if (conn->is_domain)
        store_record(store,
                     &(struct record){ .type = (uint8_t)type, .domid = conn->domid, .number = id });
}

struct transaction *transaction_start(struct store *store, struct connection *conn)
{
    uint32_t id = conn->last_transaction;

    if (conn->domid && conn->nr_transactions >= store->limits.transactions)
        return NULL;
    /* 0 means none, and an id that is in use stays unique; at most one turn each of those. */
    do
        id++;
    while (id == 0 || transaction_find(conn, id));
    record_state(store, conn, RECORD_START, id);
    return open_new(store, conn, id);
}

struct transaction *transaction_find(const struct connection *conn, uint32_t id)
{
    struct transaction *tx = conn->transactions;

    while (tx && tx->id != id)
        tx = tx->next;
    return tx;
}

void transaction_restore(struct store *store, struct connection *conn, uint32_t id)
{
    open_new(store, conn, id)->doomed = true;
}

static void close_one(struct connection *conn, struct transaction *tx)
{
    struct transaction **slot = &conn->transactions;

    while (*slot != tx)
        slot = &(*slot)->next;
    *slot = tx->next;
    conn->nr_transactions--;
    for (size_t i = 0; i < tx->nr_notes; i++)
        free(tx->notes[i].path);
    free(tx->notes);
    buffer_free(&tx->changes);
    if (tx->root) {
        node_put(tx->root);
        node_put(tx->base);
    }
    free(tx);
}

void transaction_end_all(struct connection *conn)
{
    while (conn->transactions)
        close_one(conn, conn->transactions);
}

void transaction_note(struct transaction *tx, const char *path, bool children)
{
    struct access_note *last = tx->nr_notes ? &tx->notes[tx->nr_notes - 1] : NULL;

    if (last && strcmp(last->path, path) == 0) {
        last->children = last->children || children;
        return;
    }
    /* Room grows at each power of two. */
    if ((tx->nr_notes & (tx->nr_notes - 1)) == 0)
        tx->notes =
            must_realloc(tx->notes, (tx->nr_notes ? tx->nr_notes * 2 : 1) * sizeof(*tx->notes));
    tx->notes[tx->nr_notes++] = (struct access_note){ must_strdup(path), children };
}

struct counting {
    struct transaction *tx;
    uint16_t domid;
};

static void count_own(void *context, uint16_t owner, int by)
{
    struct counting *counting = context;

    if (owner == counting->domid)
        counting->tx->nr_added += by;
}

bool transaction_change(struct store *store, struct transaction *tx, uint16_t domid,
                        const struct record *record)
{
    struct counting counting = { tx, domid };

    /*
     * The tree may be shared with the store and with others: tree_change copies what it changes.
     * Generations of private nodes are a sequence of their own, so that those of the store are the
     * same when the journal is applied again.
     */
    if (!tree_change(&tx->root, record, ++store->private_generation, count_own, &counting))
        return false;
    record_append(&tx->changes, record);
    return true;
}

static bool is_unchanged(const struct store *store, const struct transaction *tx,
                         const struct access_note *note)
{
    const struct node *then = tree_find(tx->base, note->path);
    const struct node *now = tree_find(store->root, note->path);

    if (then == now)
        return true;
    return then && now && then->generation == now->generation &&
           (!note->children || then->children_generation == now->children_generation);
}

static bool has_conflict(const struct store *store, const struct transaction *tx)
{
    if (tx->doomed)
        return true;
    for (size_t i = 0; i < tx->nr_notes; i++)
        if (!is_unchanged(store, tx, &tx->notes[i]))
            return true;
    return false;
}

static void commit_changes(struct store *store, const struct transaction *tx)
{
    struct record record;
    size_t pos = 0;

    while (record_next(tx->changes.data, tx->changes.size, &pos, &record))
        (void)store_change(store, &record);
}

/*
 * Nodes that the client's domain gets by a commit. What others did meanwhile may have changed that:
 * they removed what the transaction removes, too, or made more below it. So it is tried on a copy.
 */
static int64_t nodes_added(struct store *store, uint16_t domid, const struct transaction *tx)
{
    struct transaction trial = { .root = node_get(store->root) };
    struct counting counting = { &trial, domid };
    struct record record;
    size_t pos = 0;

    while (store->root != tx->base &&
           record_next(tx->changes.data, tx->changes.size, &pos, &record))
        (void)tree_change(&trial.root, &record, ++store->private_generation, count_own, &counting);
    node_put(trial.root);
    return store->root == tx->base ? tx->nr_added : trial.nr_added;
}

static bool exceeds_quota(struct store *store, uint16_t domid, const struct transaction *tx)
{
    int64_t added = domid ? nodes_added(store, domid, tx) : 0;

    return added > 0 && store->nr_nodes[domid] + added > store->limits.nodes;
}

int transaction_end(struct store *store, struct connection *conn, struct transaction *tx,
                    bool commit)
{
    int rc = 0;

    if (commit && has_conflict(store, tx))
        rc = EAGAIN;
    else if (commit && exceeds_quota(store, conn->domid, tx))
        rc = ENOSPC;
    else if (commit) {
        /* The store's own tree need not be copied on account of a view that is over. */
        node_put(tx->root);
        node_put(tx->base);
        tx->root = tx->base = NULL;
        commit_changes(store, tx);
    }
    record_state(store, conn, RECORD_END, tx->id);
    close_one(conn, tx);
    return rc;
}
