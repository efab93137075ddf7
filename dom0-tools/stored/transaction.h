/* SPDX-License-Identifier: MIT */
/*
 * Transaction: a private view of the store as it was at the start, with changes of its own, which
 * become the store's all at once or not at all.
 *
 * It conflicts, and its end fails with EAGAIN, when a node that it looked at or changed was changed
 * by somebody else since, or when its listing of children is out of date. That two transactions
 * make different children of one node is no conflict.
 */
#ifndef LAMINA_STORED_TRANSACTION_H
#define LAMINA_STORED_TRANSACTION_H

#include "stored/store.h"

/* A new one, or NULL when the client's quota is reached. */
struct transaction *transaction_start(struct store *store, struct connection *conn);

/* NULL: the client has none of that id. */
struct transaction *transaction_find(const struct connection *conn, uint32_t id);

/* Errors when `commit`: EAGAIN, ENOSPC (quota of nodes). It is over in any case. */
int transaction_end(struct store *store, struct connection *conn, struct transaction *tx,
                    bool commit);

void transaction_end_all(struct connection *conn);

/* Opens one that was open when the daemon ended: same id, no changes, never committed. */
void transaction_restore(struct store *store, struct connection *conn, uint32_t id);

/* Notes that the answer depended on the node at `path`, there or not, or on its children too. */
void transaction_note(struct transaction *tx, const char *path, bool children);

/* As store_change, within the transaction. `domid` is whose quota of nodes is asked at the end. */
bool transaction_change(struct store *store, struct transaction *tx, uint16_t domid,
                        const struct record *record);

#endif
