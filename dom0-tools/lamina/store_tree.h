/* SPDX-License-Identifier: MIT */
/*
 * Store tree: prints a part of the store, each node before its children.
 */
#ifndef LAMINA_STORE_TREE_H
#define LAMINA_STORE_TREE_H

#include "store/client.h"

enum store_tree_form {
    STORE_TREE_NESTED, /* children below their parent, two blanks further right */
    STORE_TREE_FULL,   /* whole paths with permissions */
    STORE_TREE_JSON,
};

/*
 * 0, or why the root could not be read; what vanishes while the tree is walked is left out.
 * -ENOMEM.
 */
int store_tree_print(struct store_client *store, const char *root, enum store_tree_form form);

#endif
