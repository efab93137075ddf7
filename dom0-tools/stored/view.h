/* SPDX-License-Identifier: MIT */
/*
 * View: the store as one client sees it, within a transaction or not, with its permissions and
 * quotas. All that clients do to nodes goes through here.
 *
 * Paths are absolute. Errors are errno values: ENOENT, EACCES, EINVAL, EPERM, ENOSPC. A client that
 * may not see the nearest node that exists gets EACCES and learns nothing.
 */
#ifndef LAMINA_STORED_VIEW_H
#define LAMINA_STORED_VIEW_H

#include "stored/store.h"

struct view {
    struct store *store;
    struct connection *conn;
    struct transaction *tx; /* NULL: none */
};

/* Finds the node when the client has all of `access`. `children`: its listing matters, too. */
int view_find(const struct view *view, const char *path, unsigned access, bool children,
              const struct node **node);

/* Makes the node and those above it when they are missing. */
int view_write(const struct view *view, const char *path, const void *value, size_t size);

/* The same without a value; a node that exists is left alone. */
int view_mkdir(const struct view *view, const char *path);

/* With all below. A missing node whose parent exists is no error. */
int view_remove(const struct view *view, const char *path);

int view_set_perms(const struct view *view, const char *path, const struct perms *perms);

#endif
