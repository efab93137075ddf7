/* SPDX-License-Identifier: MIT */
/*
 * Tree: a persistent tree with reference counts. A node with more than one reference is never
 * changed; its holders share it with all that is below.
 *
 * Depth is bounded by the length of a path, half of XENSTORE_ABS_PATH_MAX, so recursion is too.
 */
#include "stored/tree.h"

#include <stdlib.h>
#include <string.h>

struct node *node_new(const char *name, const struct perms *perms, uint64_t generation)
{
    size_t size = strlen(name) + 1;
    struct node *node = must_zalloc(sizeof(*node) + size);

    node->refs = 1;
    node->generation = node->children_generation = generation;
    node->perms = *perms;
    memcpy(node->name, name, size);
    return node;
}

struct node *node_get(struct node *node)
{
    node->refs++;
    return node;
}

void node_put(struct node *node)
{
    if (--node->refs)
        return;
    for (size_t i = 0; i < node->nr_children; i++)
        node_put(node->children[i]);
    free(node->children);
    free(node->value);
    free(node);
}

void node_set_value(struct node *node, const void *value, size_t size, uint64_t generation)
{
    uint8_t *copy = NULL;

    if (size) {
        copy = must_alloc(size);
        memcpy(copy, value, size);
    }
    free(node->value);
    node->value = copy;
    node->value_size = size;
    node->generation = generation;
}

void node_set_perms(struct node *node, const struct perms *perms, uint64_t generation)
{
    node->perms = *perms;
    node->generation = generation;
}

/* A copy that shares the children. */
static struct node *node_clone(const struct node *node)
{
    struct node *copy = node_new(node->name, &node->perms, 0);

    node_set_value(copy, node->value, node->value_size, node->generation);
    copy->children_generation = node->children_generation;
    copy->nr_children = node->nr_children;
    copy->children = must_alloc(node->nr_children * sizeof(*copy->children));
    for (size_t i = 0; i < node->nr_children; i++)
        copy->children[i] = node_get(node->children[i]);
    return copy;
}

/* Index of the first child whose name is not before name[0..length). */
static size_t child_index(const struct node *node, const char *name, size_t length, bool *found)
{
    size_t low = 0, high = node->nr_children;

    *found = false;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const char *other = node->children[middle]->name;
        int order = strncmp(other, name, length);
        if (order == 0 && other[length] != '\0')
            order = 1;
        if (order == 0)
            *found = true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void node_add_child(struct node *parent, struct node *child, uint64_t generation)
{
    bool found;
    size_t at = child_index(parent, child->name, strlen(child->name), &found);

    parent->children =
        must_realloc(parent->children, (parent->nr_children + 1) * sizeof(*parent->children));
    memmove(parent->children + at + 1, parent->children + at,
            (parent->nr_children - at) * sizeof(*parent->children));
    parent->children[at] = child;
    parent->nr_children++;
    parent->children_generation = generation;
}

void node_remove_child(struct node *parent, const char *name, uint64_t generation)
{
    bool found;
    size_t at = child_index(parent, name, strlen(name), &found);

    if (!found)
        return;
    node_put(parent->children[at]);
    parent->nr_children--;
    memmove(parent->children + at, parent->children + at + 1,
            (parent->nr_children - at) * sizeof(*parent->children));
    parent->children_generation = generation;
}

const char *path_component(const char **path, size_t *length)
{
    const char *start = *path + strspn(*path, "/");

    *length = strcspn(start, "/");
    *path = start + *length;
    return start;
}

const struct node *tree_deepest(const struct node *root, const char *path, size_t *reached)
{
    const struct node *node = root;
    const char *rest = path;
    size_t length;

    *reached = 1;
    for (const char *name; name = path_component(&rest, &length), length > 0;) {
        bool found;
        size_t at = child_index(node, name, length, &found);
        if (!found)
            break;
        node = node->children[at];
        *reached = (size_t)(rest - path);
    }
    return node;
}

const struct node *tree_find(const struct node *root, const char *path)
{
    size_t reached;
    const struct node *node = tree_deepest(root, path, &reached);

    return path[reached] == '\0' ? node : NULL;
}

static struct node *make_own(struct node **slot)
{
    if ((*slot)->refs > 1) {
        struct node *copy = node_clone(*slot);
        node_put(*slot);
        *slot = copy;
    }
    return *slot;
}

struct node *tree_edit(struct node **root, const char *path)
{
    size_t length;

    if (!tree_find(*root, path))
        return NULL;
    struct node *node = make_own(root);
    for (const char *name; name = path_component(&path, &length), length > 0;) {
        bool found;
        node = make_own(&node->children[child_index(node, name, length, &found)]);
    }
    return node;
}

const char *path_leaf(const char *path)
{
    return strrchr(path, '/') + 1;
}

static void walk(const struct node *node, char *path, size_t length, tree_visit_fn *visit,
                 void *context)
{
    visit(node, path, context);
    size_t start = length == 1 ? 0 : length;
    for (size_t i = 0; i < node->nr_children; i++) {
        const char *name = node->children[i]->name;
        size_t size = strlen(name);
        path[start] = '/';
        memcpy(path + start + 1, name, size + 1);
        walk(node->children[i], path, start + 1 + size, visit, context);
    }
    path[length] = '\0';
}

void tree_walk(const struct node *node, char path[PATH_ROOM], tree_visit_fn *visit, void *context)
{
    walk(node, path, strlen(path), visit, context);
}

bool tree_is_sane(const struct node *node)
{
    bool sane = node->refs > 0 && node->perms.nr >= 1 && node->perms.nr <= PERMS_MAX;

    for (size_t i = 0; i < node->nr_children; i++) {
        const struct node *child = node->children[i];
        sane = sane && child->name[0] != '\0' && tree_is_sane(child) &&
               (i == 0 || strcmp(node->children[i - 1]->name, child->name) < 0);
    }
    return sane;
}
