/* SPDX-License-Identifier: MIT */
/*
 * Store: making and ending one, and the changes of nodes: how a record becomes a change of a tree,
 * is counted for the owner, told to watches, and recorded.
 */
#include "stored/store.h"

#include <stdlib.h>
#include <string.h>

#include "stored/watch.h"

const struct limits limits_default = {
    .nodes = 1000,
    .value_size = 2048,
    .path_length = 1024,
    .perms = 5,
    .watches = 128,
    .transactions = 10,
    .changes = 64 * 1024,
    .accesses = 2000,
    .outstanding = 64 * 1024,
};

struct store *store_new(void)
{
    static const struct perms nobody = { 1, { { 0, ACCESS_NONE } } };
    struct store *store = must_zalloc(sizeof(*store));

    store->root = node_new("", &nobody, 0);
    store->nr_nodes[0] = 1;
    store->private_generation = (uint64_t)1 << 63;
    store->limits = limits_default;
    for (int i = 0; i < SPECIAL_COUNT; i++)
        store->special[i] = nobody;
    return store;
}

void store_free(struct store *store)
{
    while (store->domains) {
        struct domain *domain = store->domains;
        store->domains = domain->next;
        if (store->hooks.detach)
            store->hooks.detach(store->hooks.context, domain);
        free(domain);
    }
    while (store->connections)
        connection_free(store, store->connections);
    node_put(store->root);
    buffer_free(&store->journal);
    free(store);
}

static void count_sane(const struct node *node, const char *path, void *context)
{
    uint32_t *nr_nodes = context;

    (void)path;
    nr_nodes[node->perms.list[0].domid]++;
}

bool store_is_sane(const struct store *store)
{
    uint32_t *nr_nodes = must_zalloc(sizeof(store->nr_nodes));
    char path[PATH_ROOM] = "/";
    bool sane = tree_is_sane(store->root);

    tree_walk(store->root, path, count_sane, nr_nodes);
    sane = sane && memcmp(nr_nodes, store->nr_nodes, sizeof(store->nr_nodes)) == 0;
    free(nr_nodes);
    for (const struct domain *domain = store->domains; domain; domain = domain->next)
        sane = sane && domain->connection && domain->connection->domid == domain->domid;
    for (const struct connection *conn = store->connections; conn; conn = conn->next) {
        unsigned watches = 0, transactions = 0;
        for (const struct watch *watch = conn->watches; watch; watch = watch->next)
            watches++;
        for (const struct transaction *tx = conn->transactions; tx; tx = tx->next)
            transactions++;
        sane = sane && watches == conn->nr_watches && transactions == conn->nr_transactions &&
               conn->in.size <= sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX;
    }
    return sane;
}

void store_record(struct store *store, const struct record *record)
{
    if (!store->is_replaying)
        record_append(&store->journal, record);
}

/* The permissions in block b. */
static bool record_perms(const struct record *record, struct perms *perms)
{
    size_t nr = record->b_size / sizeof(struct perm);

    if (nr < 1 || nr > PERMS_MAX || record->b_size % sizeof(struct perm))
        return false;
    *perms = (struct perms){ .nr = (unsigned)nr };
    memcpy(perms->list, record->b, record->b_size);
    for (size_t i = 0; i < nr; i++)
        if (perms->list[i].domid >= DOMID_END)
            return false;
    return true;
}

/* A change under way: what is told of it. */
struct counting {
    void (*count)(void *context, uint16_t owner, int by);
    void *context;
};

static void count_removed(const struct node *node, const char *path, void *context)
{
    const struct counting *counting = context;

    (void)path;
    counting->count(counting->context, node->perms.list[0].domid, -1);
}

static bool change_create(struct node **root, const struct record *record, uint64_t generation,
                          const struct counting *counting)
{
    char path[PATH_ROOM];
    struct perms perms;
    size_t length;

    if (!record_perms(record, &perms) || tree_find(*root, record->a))
        return false;
    (void)tree_deepest(*root, record->a, &length);
    memcpy(path, record->a, length);
    path[length] = '\0';
    struct node *node = tree_edit(root, path);
    const char *rest = (const char *)record->a + length - (length == 1);
    for (const char *name; name = path_component(&rest, &length), length > 0;) {
        memcpy(path, name, length);
        path[length] = '\0';
        struct node *child = node_new(path, &perms, generation);
        node_add_child(node, child, generation);
        counting->count(counting->context, perms.list[0].domid, 1);
        node = child;
    }
    return true;
}

static bool change_remove(struct node **root, const struct record *record, uint64_t generation,
                          const struct counting *counting)
{
    char path[PATH_ROOM], above[PATH_ROOM];
    const struct node *node = tree_find(*root, record->a);

    strcpy(path, record->a);
    if (!node || path[1] == '\0')
        return false;
    tree_walk(node, path, count_removed, (void *)(uintptr_t)counting);
    path_parent(path, above);
    node_remove_child(tree_edit(root, above), path_leaf(path), generation);
    return true;
}

static bool change_perms(struct node **root, const struct record *record, uint64_t generation,
                         const struct counting *counting)
{
    struct perms perms;
    struct node *node = record_perms(record, &perms) ? tree_edit(root, record->a) : NULL;

    if (!node)
        return false;
    counting->count(counting->context, node->perms.list[0].domid, -1);
    counting->count(counting->context, perms.list[0].domid, 1);
    node_set_perms(node, &perms, generation);
    return true;
}

bool tree_change(struct node **root, const struct record *record, uint64_t generation,
                 void (*count)(void *context, uint16_t owner, int by), void *context)
{
    struct counting counting = { count, context };
    struct node *node;

    switch (record->type) {
    case RECORD_CREATE:
        return change_create(root, record, generation, &counting);
    case RECORD_WRITE:
        node = tree_edit(root, record->a);
        if (node)
            node_set_value(node, record->b, record->b_size, generation);
        return node != NULL;
    case RECORD_REMOVE:
        return change_remove(root, record, generation, &counting);
    case RECORD_PERMS:
        return change_perms(root, record, generation, &counting);
    default:
        return false;
    }
}

static void count_owner(void *context, uint16_t owner, int by)
{
    struct store *store = context;

    store->nr_nodes[owner] += (uint32_t)by;
}

bool store_change(struct store *store, const struct record *record)
{
    const char *path = record->a;
    int special = path_special(path);

    if (special >= 0) {
        if (record->type != RECORD_PERMS || !record_perms(record, &store->special[special]))
            return false;
        store_record(store, record);
        return true;
    }
    const struct node *node = tree_find(store->root, path);
    struct perms before;
    if (node)
        before = node->perms;
    if (record->flags & RECORD_FIRE && record->type == RECORD_REMOVE)
        watch_fire_removal(store, path);
    if (!tree_change(&store->root, record, ++store->generation, count_owner, store))
        return false;
    store_record(store, record);
    if (record->flags & RECORD_FIRE && record->type != RECORD_REMOVE)
        watch_fire(store, path, node && record->type == RECORD_PERMS ? &before : NULL);
    return true;
}
