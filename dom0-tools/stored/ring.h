/* SPDX-License-Identifier: MIT */
/*
 * Ring: a connection's streams in the page that a domain shares.
 *
 * The domain may write anything into the page at any time. Each index is read once, and one that
 * cannot be, or a message that is too long, breaks the connection: nothing more is read until the
 * domain asks for a new start. What we took and gave is known from our own copies of the indices.
 */
#ifndef LAMINA_STORED_RING_H
#define LAMINA_STORED_RING_H

#include "stored/store.h"

typedef volatile struct xenstore_domain_interface ring_page;

/* A new connection begins where the page stands; one of an earlier process goes on. */
void ring_begin(struct connection *conn, ring_page *page);
void ring_resume(struct store *store, struct connection *conn, ring_page *page);

/*
 * Takes requests from the page and carries them out, `budget` at most. Nothing in the page changes.
 * True: there may be more to do, without a further event.
 */
bool ring_receive(struct store *store, struct connection *conn, ring_page *page, unsigned budget);

/*
 * To be called when the journal has been written: shows the domain what was taken, and gives it as
 * many bytes of `out` as fit. True: the domain has to be notified.
 */
bool ring_publish(struct store *store, struct connection *conn, ring_page *page);

#endif
