/* SPDX-License-Identifier: MIT */
/*
 * Tree: nodes with a value, permissions and children sorted by name.
 *
 * A tree is shared by counting references to its root: whoever wants to change it calls tree_edit,
 * which first copies the nodes on the way that somebody else holds too. So a transaction's view of
 * the whole store costs one reference, and what it changes stays its own.
 *
 * Generations tell a later reader whether anything changed: `generation` moves with the node's
 * value, its permissions and when it is made anew; `children_generation` when a child comes or
 * goes. No two changes of a store have the same generation.
 */
#ifndef LAMINA_STORED_TREE_H
#define LAMINA_STORED_TREE_H

#include "stored/path.h"
#include "stored/perms.h"

struct node {
    unsigned refs;
    uint64_t generation;
    uint64_t children_generation;
    struct perms perms;
    uint8_t *value;
    size_t value_size;
    struct node **children;
    size_t nr_children;
    char name[];
};

/* A node without value and children; the caller holds its one reference. */
struct node *node_new(const char *name, const struct perms *perms, uint64_t generation);
struct node *node_get(struct node *node);
void node_put(struct node *node);

void node_set_value(struct node *node, const void *value, size_t size, uint64_t generation);
void node_set_perms(struct node *node, const struct perms *perms, uint64_t generation);

/* Takes over the reference; `parent` may be changed and has no child of that name. */
void node_add_child(struct node *parent, struct node *child, uint64_t generation);

/* Puts the child of that name; there is one. */
void node_remove_child(struct node *parent, const char *name, uint64_t generation);

/* The node at the absolute path, or NULL. */
const struct node *tree_find(const struct node *root, const char *path);

/*
 * The last node on the way to the absolute path that exists, and the length of its path's text; the
 * node itself when that is all of the path.
 */
const struct node *tree_deepest(const struct node *root, const char *path, size_t *length);

/* The node as tree_find gives it, for changing it: valid until the next call or change. May replace
 * *root. */
struct node *tree_edit(struct node **root, const char *path);

/*
 * The next component of the path: *path moves behind it; its length is 0 at the end.
 */
const char *path_component(const char **path, size_t *length);

/* The last component of an absolute path ("" for "/"). */
const char *path_leaf(const char *path);

/*
 * Calls visit for each node below and including `node`, parents first, with its absolute path.
 * `path` holds the path of `node` and is restored.
 */
typedef void tree_visit_fn(const struct node *node, const char *path, void *context);
void tree_walk(const struct node *node, char path[PATH_ROOM], tree_visit_fn *visit, void *context);

/* Sentences that hold for every tree; false names a bug. */
bool tree_is_sane(const struct node *root);

#endif
