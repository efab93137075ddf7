/* SPDX-License-Identifier: MIT */
/*
 * Replay: a store from the records of its journal, and the shortest sequence of records that makes
 * a store as it is.
 */
#ifndef LAMINA_STORED_REPLAY_H
#define LAMINA_STORED_REPLAY_H

#include "stored/store.h"

/*
 * Applies records to the store. False: they are not those of a store like this one; the store is
 * then in a state between. Domains get no ring; that is for the caller.
 */
bool replay_records(struct store *store, const uint8_t *data, size_t size);

/* Appends records that make a new store like this one, but for sockets and open changes. */
void snapshot_records(const struct store *store, struct buffer *out);

#endif
