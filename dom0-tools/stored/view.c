/* SPDX-License-Identifier: MIT */
/*
 * View: checks first, then changes that cannot fail.
 */
#include "stored/view.h"

#include <errno.h>
#include <string.h>

#include "stored/transaction.h"

static struct node *view_root(const struct view *view)
{
    return view->tx ? view->tx->root : view->store->root;
}

static bool is_limited(const struct view *view)
{
    return view->conn->domid != 0;
}

static void note(const struct view *view, const char *path, bool children)
{
    if (view->tx)
        transaction_note(view->tx, path, children);
}

/*
 * The nearest node above the missing `path`; a transaction notes that it is there, and that the
 * next one on the way is not.
 */
static const struct node *nearest_above(const struct view *view, const char *path)
{
    size_t length;
    const struct node *node = tree_deepest(view_root(view), path, &length);

    if (view->tx) {
        char part[PATH_ROOM];
        size_t next = length + (length > 1);
        next += strcspn(path + next, "/");
        memcpy(part, path, next);
        part[next] = '\0';
        note(view, part, false);
        part[length] = '\0';
        note(view, part, false);
    }
    return node;
}

int view_find(const struct view *view, const char *path, unsigned access, bool children,
              const struct node **found)
{
    struct subject who = connection_subject(view->conn);
    const struct node *node = tree_find(view_root(view), path);

    if (view->tx && is_limited(view) && view->tx->nr_notes >= view->store->limits.accesses)
        return ENOSPC;
    note(view, path, children);
    *found = node;
    if (node)
        return (perms_access(&node->perms, &who) & access) == access ? 0 : EACCES;
    node = nearest_above(view, path);
    return (perms_access(&node->perms, &who) & access) == access ? ENOENT : EACCES;
}

/* Makes the change where the view says; the caller has checked that it makes sense. */
static void change(const struct view *view, const struct record *record)
{
    if (view->tx)
        (void)transaction_change(view->store, view->tx, view->conn->domid, record);
    else
        (void)store_change(view->store, record);
}

/* At most what a change of this path takes in a transaction, besides a value. */
static size_t change_size(const char *path)
{
    return strlen(path) + 128;
}

static int check_changes(const struct view *view, size_t size)
{
    if (view->tx && is_limited(view) && view->tx->changes.size + size > view->store->limits.changes)
        return ENOSPC;
    return 0;
}

/* Checks all that creating the missing node may be refused for. */
static int check_create(const struct view *view, const char *path)
{
    const struct store *store = view->store;
    size_t length;

    (void)tree_deepest(view_root(view), path, &length);
    int64_t nr = (int64_t)store->nr_nodes[view->conn->domid] + (view->tx ? view->tx->nr_added : 0);
    for (const char *p = path + length - (length == 1); *p; p++)
        nr += *p == '/';
    if (is_limited(view) && nr > store->limits.nodes)
        return ENOSPC;
    return check_changes(view, change_size(path));
}

/*
 * Makes the missing node, and those above it that are missing too. They get the permissions of the
 * nearest that exists, but a guest owns what it makes.
 */
static void create(const struct view *view, const char *path, uint8_t flags)
{
    size_t length;
    struct perms perms = tree_deepest(view_root(view), path, &length)->perms;
    struct record record = record_of_path(RECORD_CREATE, path);

    if (is_limited(view))
        perms.list[0].domid = view->conn->domid;
    record.flags = flags;
    record.b = perms.list;
    record.b_size = (uint32_t)(perms.nr * sizeof(perms.list[0]));
    change(view, &record);
}

int view_write(const struct view *view, const char *path, const void *value, size_t size)
{
    const struct node *node;
    int rc = view_find(view, path, ACCESS_WRITE, false, &node);

    if (rc && rc != ENOENT)
        return rc;
    if (is_limited(view) && size > view->store->limits.value_size)
        return ENOSPC;
    rc = check_changes(view, size + change_size(path));
    if (rc == 0 && !node)
        rc = check_create(view, path);
    if (rc)
        return rc;
    if (!node)
        create(view, path, 0);
    struct record record = record_of_path(RECORD_WRITE, path);
    record.flags = RECORD_FIRE;
    record.b = value;
    record.b_size = (uint32_t)size;
    change(view, &record);
    return 0;
}

int view_mkdir(const struct view *view, const char *path)
{
    const struct node *node;
    int rc = view_find(view, path, ACCESS_WRITE, false, &node);

    if (rc != ENOENT)
        return rc;
    rc = check_create(view, path);
    if (rc == 0)
        create(view, path, RECORD_FIRE);
    return rc;
}

int view_remove(const struct view *view, const char *path)
{
    const struct node *node;
    char above[PATH_ROOM];

    if (strcmp(path, "/") == 0)
        return EINVAL;
    int rc = view_find(view, path, ACCESS_WRITE, false, &node);
    if (rc == ENOENT) {
        path_parent(path, above);
        return tree_find(view_root(view), above) ? 0 : ENOENT;
    }
    if (rc == 0)
        rc = check_changes(view, change_size(path));
    if (rc)
        return rc;
    struct record record = record_of_path(RECORD_REMOVE, path);
    record.flags = RECORD_FIRE;
    change(view, &record);
    return 0;
}

int view_set_perms(const struct view *view, const char *path, const struct perms *perms)
{
    const struct node *node;
    int rc = view_find(view, path, ACCESS_WRITE | ACCESS_OWNER, false, &node);

    if (rc)
        return rc;
    if (is_limited(view) && perms->list[0].domid != node->perms.list[0].domid)
        return EPERM;
    rc = check_changes(view, change_size(path));
    if (rc)
        return rc;
    struct record record = record_of_path(RECORD_PERMS, path);
    record.flags = RECORD_FIRE;
    record.b = perms->list;
    record.b_size = (uint32_t)(perms->nr * sizeof(perms->list[0]));
    change(view, &record);
    return 0;
}
