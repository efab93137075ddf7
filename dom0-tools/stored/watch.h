/* SPDX-License-Identifier: MIT */
/*
 * Watch: a client's wish to be told when something at or below a path changes. It is told of the
 * changes that it could see anyway: of nodes that it may read, or whose parent it may.
 */
#ifndef LAMINA_STORED_WATCH_H
#define LAMINA_STORED_WATCH_H

#include "stored/store.h"

/* Errors: EINVAL (path), EEXIST, E2BIG (quota, or a token that no event could carry). */
int watch_add(struct store *store, struct connection *conn, const char *given, const char *token,
              int32_t depth);

/* Errors: EINVAL (path), ENOENT. */
int watch_remove(struct store *store, struct connection *conn, const char *given,
                 const char *token);
void watch_remove_all(struct connection *conn);

/* The first event of a new watch: tells the client to look. */
void watch_greet(struct store *store, struct connection *conn, const char *given,
                 const char *token);

/* `path` exists and was made or changed; `before` are its old permissions, or NULL. */
void watch_fire(struct store *store, const char *path, const struct perms *before);

/* `path` is about to be removed with all below. */
void watch_fire_removal(struct store *store, const char *path);

/* One of SPECIAL_*. */
void watch_fire_special(struct store *store, int special);

#endif
