/* SPDX-License-Identifier: MIT */
/*
 * Watch: the list of each connection, and who is told of a change.
 *
 * A change costs one look at every watch. Their number is bounded by the quota of each domain.
 */
#include "stored/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The longest event, path and token with their NULs, has to fit into a message. */
#define TOKEN_MAX (XENSTORE_PAYLOAD_MAX - XENSTORE_ABS_PATH_MAX - 2)

static struct watch **watch_slot(struct connection *conn, const char *path, const char *token)
{
    struct watch **slot = &conn->watches;

    while (*slot && (strcmp((*slot)->path, path) != 0 || strcmp((*slot)->token, token) != 0))
        slot = &(*slot)->next;
    return slot;
}

static void watch_free(struct watch *watch)
{
    free(watch->path);
    free(watch->given);
    free(watch->token);
    free(watch);
}

static int watched_path(const struct store *store, const struct connection *conn, const char *given,
                        char path[PATH_ROOM])
{
    if (path_special(given) >= 0) {
        strcpy(path, given);
        return 0;
    }
    return path_absolute(given, conn->domid, conn->domid ? store->limits.path_length : 0, path);
}

static void watch_record(struct store *store, const struct connection *conn, enum record_type type,
                         const struct watch *watch)
{
    struct record record = record_of_path(type, watch->given);

    if (!conn->is_domain)
        return;
    record.domid = conn->domid;
    record.b = watch->token;
    record.b_size = (uint32_t)strlen(watch->token) + 1;
    record.number = (uint32_t)watch->depth;
    store_record(store, &record);
}

int watch_add(struct store *store, struct connection *conn, const char *given, const char *token,
              int32_t depth)
{
    char path[PATH_ROOM], home[PATH_ROOM];
    int rc = watched_path(store, conn, given, path);

    if (rc)
        return rc;
    struct watch **slot = watch_slot(conn, path, token);
    if (*slot)
        return EEXIST;
    if (strlen(token) > TOKEN_MAX || (conn->domid && conn->nr_watches >= store->limits.watches))
        return E2BIG;
    struct watch *watch = must_zalloc(sizeof(*watch));
    path_home(conn->domid, home);
    *watch = (struct watch){ .path = must_strdup(path),
                             .given = must_strdup(given),
                             .token = must_strdup(token),
                             .strip = given[0] == '/' || given[0] == '@' ? 0 : strlen(home) + 1,
                             .depth = depth };
    *slot = watch;
    conn->nr_watches++;
    watch_record(store, conn, RECORD_WATCH, watch);
    return 0;
}

int watch_remove(struct store *store, struct connection *conn, const char *given, const char *token)
{
    char path[PATH_ROOM];
    int rc = watched_path(store, conn, given, path);

    if (rc)
        return rc;
    struct watch **slot = watch_slot(conn, path, token);
    struct watch *watch = *slot;
    if (!watch)
        return ENOENT;
    *slot = watch->next;
    conn->nr_watches--;
    watch_record(store, conn, RECORD_UNWATCH, watch);
    watch_free(watch);
    return 0;
}

void watch_remove_all(struct connection *conn)
{
    while (conn->watches) {
        struct watch *watch = conn->watches;
        conn->watches = watch->next;
        watch_free(watch);
    }
    conn->nr_watches = 0;
}

static void send_event(struct store *store, struct connection *conn, const struct watch *watch,
                       const char *path)
{
    char payload[XENSTORE_PAYLOAD_MAX];
    const char *shown = path + watch->strip;
    size_t path_size = strlen(shown) + 1, token_size = strlen(watch->token) + 1;

    /* A guest that leaves its events lying loses the later ones; it harms only itself. */
    if (conn->domid && conn->out.size > store->limits.outstanding)
        return;
    memcpy(payload, shown, path_size);
    memcpy(payload + path_size, watch->token, token_size);
    connection_send(store, conn, XS_WATCH_EVENT, 0, 0, payload, path_size + token_size);
}

void watch_greet(struct store *store, struct connection *conn, const char *given, const char *token)
{
    char path[PATH_ROOM];

    if (watched_path(store, conn, given, path))
        return;
    struct watch *watch = *watch_slot(conn, path, token);
    if (watch)
        send_event(store, conn, watch, path);
}

/* What happened: a path, and the permissions one of which has to let a client know. */
struct news {
    const char *path;
    const struct perms *perms[3]; /* the node, its parent, the node before; each may be NULL */
    bool is_exact;                /* only watches of this very path */
};

static bool may_know(const struct news *news, const struct subject *who)
{
    for (size_t i = 0; i < sizeof(news->perms) / sizeof(news->perms[0]); i++)
        if (news->perms[i] && perms_access(news->perms[i], who) & ACCESS_READ)
            return true;
    return false;
}

static bool is_watched(const struct watch *watch, const struct news *news)
{
    int depth = path_depth_below(news->path, watch->path);

    if (news->is_exact)
        return depth == 0;
    return depth >= 0 && (watch->depth < 0 || depth <= watch->depth);
}

static void spread(struct store *store, const struct news *news)
{
    if (store->is_replaying)
        return;
    for (struct connection *conn = store->connections; conn; conn = conn->next) {
        struct subject who = connection_subject(conn);
        if (!conn->watches || !may_know(news, &who))
            continue;
        for (struct watch *watch = conn->watches; watch; watch = watch->next)
            if (is_watched(watch, news))
                send_event(store, conn, watch, news->path);
    }
}

static void spread_node(struct store *store, const char *path, const struct perms *before,
                        bool is_exact)
{
    char above[PATH_ROOM];

    path_parent(path, above);
    const struct node *node = tree_find(store->root, path);
    const struct node *parent = tree_find(store->root, above);
    struct news news = { path,
                         { node ? &node->perms : NULL, parent ? &parent->perms : NULL, before },
                         is_exact };
    spread(store, &news);
}

void watch_fire(struct store *store, const char *path, const struct perms *before)
{
    spread_node(store, path, before, false);
}

static void fire_removed(const struct node *node, const char *path, void *context)
{
    (void)node;
    spread_node(context, path, NULL, true);
}

void watch_fire_removal(struct store *store, const char *path)
{
    char below[PATH_ROOM];
    const struct node *node = tree_find(store->root, path);

    if (store->is_replaying || !node)
        return;
    spread_node(store, path, NULL, false);
    strcpy(below, path);
    for (size_t i = 0; i < node->nr_children; i++) {
        size_t length = strlen(path);
        below[length] = '/';
        strcpy(below + length + 1, node->children[i]->name);
        tree_walk(node->children[i], below, fire_removed, store);
        below[length] = '\0';
    }
}

void watch_fire_special(struct store *store, int special)
{
    struct news news = { path_special_names[special], { &store->special[special] }, false };

    spread(store, &news);
}
