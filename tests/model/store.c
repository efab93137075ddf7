/* SPDX-License-Identifier: MIT */
/*
 * The store's transactions: the real code of dom0-tools/stored, two guests that share a small tree,
 * each with at most one transaction of at most OPS operations, and all they may do inside and
 * outside of it, in every order. After each operation:
 *
 * - a transaction that commits is equal to its operations done at that moment, one after the other,
 *   without a transaction: the same answers, the same tree (so any run equals the serial one in the
 *   order of commits); one that does not commit changes nothing;
 * - EAGAIN comes only when somebody else changed the store since the start, ENOSPC only when the
 *   quota would be exceeded, and nobody has more nodes than that;
 * - watchers are told of each change in the store that was made, and of nothing else;
 * - every sentence about the store holds (store_is_sane).
 *
 * A state is the tree, the transactions' trees, what they did and were answered, and which nodes
 * are still of the generation that they began with: finitely many, and all are visited; which guest
 * is which makes no difference. A breach is printed as the shortest sequence of requests that leads
 * to it, as a test for tests/unit/stored/.
 *
 *     store [STATES]    status 1: a breach, 2: stopped at so many states
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stored/replay.h"
#include "stored/request.h"
#include "stored/transaction.h"

#ifndef OPS
#define OPS 2
#endif
#define CLIENTS 2
#define NODES   4
#ifdef SMALL
#define QUOTA 1 /* nodes of a guest: one of the three that it can make */
#else
#define QUOTA 2 /* two of three */
#endif
#define DEPTH_MAX  64
#define BUCKETS    (1u << 20)
#define KEY_MAX    512
#define EVENTS_MAX 16
#define DOMID(c)   ((uint16_t)(5 + (c)))

static const char *const path_of[NODES] = { "/t", "/t/a", "/t/a/x", "/t/b" };

/* ---- what clients may do --------------------------------------------------------------------- */

struct request_kind {
    const char *name; /* as the protocol's header has it */
    uint32_t type;
    const char *data;
    size_t size;
};
#define ARGS(text) text, sizeof(text)
#define RAW(text)  text, sizeof(text) - 1

static const struct request_kind kinds[] = {
    { "XS_WRITE", XS_WRITE, RAW("/t/a\0001") },
    { "XS_WRITE", XS_WRITE, RAW("/t/a/x\0001") },
    { "XS_RM", XS_RM, ARGS("/t/a") },
    { "XS_READ", XS_READ, ARGS("/t/a") },
    { "XS_DIRECTORY", XS_DIRECTORY, ARGS("/t") },
    { "XS_WRITE", XS_WRITE, RAW("/t/b\0001") },
#ifndef SMALL
    { "XS_WRITE", XS_WRITE, RAW("/t/a\0002") },
    { "XS_READ", XS_READ, ARGS("/t/a/x") },
#endif
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* Numbers of operations of a client: direct, in its transaction, and what begins and ends one. */
enum { DIRECT = 0, INSIDE = KINDS, START = 2 * KINDS, COMMIT, DROP, NR_EACH };

/* ---- the world ------------------------------------------------------------------------------- */

struct answer {
    int error;
    uint32_t hash; /* of the data */
};

struct client {
    struct connection *conn;
    uint32_t tx; /* 0: none */
    unsigned nr_done;
    uint8_t done[OPS];
    struct answer answer[OPS];
    uint64_t generation; /* of the store when it began */
};

static struct {
    struct store *store;
    struct client client[CLIENTS];
    char event[CLIENTS][EVENTS_MAX][16];
    unsigned nr_events[CLIENTS];
} w;

static uint32_t hash_of(const void *data, size_t size)
{
    const uint8_t *byte = data;
    uint32_t hash = 0x811c9dc5;

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ byte[i]) * 0x01000193;
    return hash;
}

static int error_number(const char *name)
{
    static const struct {
        const char *name;
        int number;
    } names[] = { { "EAGAIN", EAGAIN },
                  { "ENOSPC", ENOSPC },
                  { "ENOENT", ENOENT },
                  { "EACCES", EACCES },
                  { "EINVAL", EINVAL } };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (!strcmp(names[i].name, name))
            return names[i].number;
    abort();
}

/* Takes all of a connection's messages: events are kept (`who` >= 0), the answer is returned. */
static struct answer answer_take(struct connection *conn, int who)
{
    struct answer answer = { .error = -1 };
    size_t pos = 0;

    while (pos < conn->out.size) {
        struct xsd_sockmsg header;
        const char *data = (const char *)conn->out.data + pos + sizeof(header);

        memcpy(&header, conn->out.data + pos, sizeof(header));
        pos += sizeof(header) + header.len;
        if (header.type != XS_WATCH_EVENT)
            answer = (struct answer){ header.type == XS_ERROR ? error_number(data) : 0,
                                      hash_of(data, header.len) };
        else if (who >= 0 && w.nr_events[who] < EVENTS_MAX)
            snprintf(w.event[who][w.nr_events[who]++], sizeof(w.event[0][0]), "%s", data);
    }
    buffer_free(&conn->out);
    return answer;
}

static void send_request(struct store *store, struct connection *conn, uint32_t type, uint32_t tx,
                         const char *data, size_t size)
{
    struct xsd_sockmsg header = { type, 77, tx, (uint32_t)size };

    connection_input(store, conn, &header, sizeof(header));
    connection_input(store, conn, data, size);
    request_process(store, conn);
}

static void must(struct connection *conn, uint32_t type, const char *data, size_t size)
{
    send_request(w.store, conn, type, 0, data, size);
    if (answer_take(conn, -1).error)
        abort();
}

static void world_make(void)
{
    struct connection *dom0;

    if (w.store)
        store_free(w.store);
    memset(&w, 0, sizeof(w));
    w.store = store_new();
    w.store->limits.nodes = QUOTA;
    dom0 = connection_new(w.store, 0, false);
    must(dom0, XS_INTRODUCE, ARGS("5\0001\0001"));
    must(dom0, XS_INTRODUCE, ARGS("6\0002\0001"));
    must(dom0, XS_MKDIR, ARGS("/t"));
    must(dom0, XS_SET_PERMS, ARGS("/t\0b0"));
    for (unsigned c = 0; c < CLIENTS; c++) {
        w.client[c].conn = domain_find(w.store, DOMID(c))->connection;
        must(w.client[c].conn, XS_WATCH, ARGS("/t\0w"));
    }
    connection_free(w.store, dom0);
    buffer_free(&w.store->journal);
}

/* ---- promises -------------------------------------------------------------------------------- */

/* A tree: of each node whether it is there, its value and owner, and its generations. */
struct shot {
    struct {
        uint8_t there, value;
        uint16_t owner;
        uint64_t generation, children;
    } node[NODES];
};

static struct shot shot_of(const struct node *root)
{
    struct shot shot;

    memset(&shot, 0, sizeof(shot));
    for (unsigned i = 0; i < NODES; i++) {
        const struct node *node = tree_find(root, path_of[i]);

        if (!node)
            continue;
        shot.node[i].there = 1;
        shot.node[i].value = node->value_size ? node->value[0] : 0;
        shot.node[i].owner = node->perms.list[0].domid;
        shot.node[i].generation = node->generation;
        shot.node[i].children = node->children_generation;
    }
    return shot;
}

static bool looks_same(const struct shot *a, const struct shot *b)
{
    for (unsigned i = 0; i < NODES; i++)
        if (a->node[i].there != b->node[i].there || a->node[i].value != b->node[i].value ||
            a->node[i].owner != b->node[i].owner)
            return false;
    return true;
}

/* One path is the other, or above it. */
static bool related(const char *a, const char *b)
{
    return path_depth_below(a, b) >= 0 || path_depth_below(b, a) >= 0;
}

static const char *events_breach(const struct shot *before, uint64_t generation)
{
    struct shot after = shot_of(w.store->root);

    for (unsigned c = 0; c < CLIENTS; c++) {
        if (generation == w.store->generation && w.nr_events[c])
            return "a watcher is told of a change that was not made";
        for (unsigned i = 1; i < NODES; i++) {
            bool told = false;

            if (before->node[i].there == after.node[i].there &&
                before->node[i].generation == after.node[i].generation)
                continue;
            for (unsigned e = 0; e < w.nr_events[c]; e++)
                told = told || related(w.event[c][e], path_of[i]);
            if (!told)
                return "a watcher is not told of a change";
        }
    }
    return NULL;
}

/* What the transaction did, done again on a copy of the store of before it ended. */
static const char *serial_breach(const struct client *client, const struct buffer *before,
                                 int error)
{
    struct store *copy = store_new();
    struct connection *conn;
    const char *why = NULL;
    struct shot serial, now = shot_of(w.store->root);
    uint16_t domid = client->conn->domid;
    uint32_t nr_nodes, nr_before;

    if (!replay_records(copy, before->data, before->size))
        abort();
    conn = domain_find(copy, domid)->connection;
    answer_take(conn, -1);
    nr_before = copy->nr_nodes[domid];
    for (unsigned i = 0; i < client->nr_done; i++) {
        const struct request_kind *kind = &kinds[client->done[i]];
        struct answer answer;

        send_request(copy, conn, kind->type, 0, kind->data, kind->size);
        answer = answer_take(conn, -1);
        if (!error &&
            (answer.error != client->answer[i].error || answer.hash != client->answer[i].hash))
            why = "a transaction was committed that no serial order explains";
    }
    serial = shot_of(copy->root);
    nr_nodes = copy->nr_nodes[domid];
    if (!error && !looks_same(&serial, &now))
        why = "a committed transaction's changes are not those of any serial order";
    if (!error && nr_nodes > QUOTA && nr_nodes > nr_before)
        why = "a transaction exceeds the quota";
    if (error == ENOSPC && nr_nodes <= QUOTA)
        why = "a transaction is refused that the quota allows";
    store_free(copy);
    return why;
}

static const char *end_breach(const struct client *client, const struct buffer *records,
                              const struct shot *before, uint64_t generation, int error)
{
    struct shot now = shot_of(w.store->root);

    if (error && generation != w.store->generation)
        return "a transaction that failed changed the store";
    if (error && !looks_same(before, &now))
        return "a transaction that failed changed the tree";
    if (error == EAGAIN)
        return client->generation == w.store->generation ? "EAGAIN, but nobody else did a thing"
                                                         : NULL;
    return serial_breach(client, records, error);
}

/* ---- operations ------------------------------------------------------------------------------ */

static bool can_run(unsigned op)
{
    const struct client *client = &w.client[op / NR_EACH];
    unsigned what = op % NR_EACH;

    if (what < INSIDE)
        return true;
    if (what < START)
        return client->tx && client->nr_done < OPS;
    return what == START ? !client->tx : client->tx != 0;
}

static struct answer run(struct client *client, unsigned what)
{
    const struct request_kind *kind = &kinds[what % KINDS];
    int who = (int)(client - w.client);

    if (what < START)
        send_request(w.store, client->conn, kind->type, what < INSIDE ? 0 : client->tx, kind->data,
                     kind->size);
    else if (what == START)
        send_request(w.store, client->conn, XS_TRANSACTION_START, 0, ARGS(""));
    else
        send_request(w.store, client->conn, XS_TRANSACTION_END, client->tx,
                     what == COMMIT ? "T" : "F", 2);
    return answer_take(client->conn, who);
}

/* What the client knows from here on. What the quota refused had no part in the transaction. */
static void note(struct client *client, unsigned what, struct answer answer)
{
    if (what == START) {
        client->tx = client->conn->last_transaction;
        client->generation = w.store->generation;
        client->nr_done = 0;
    } else if (what > START) {
        client->tx = 0;
        client->nr_done = 0;
    } else if (what >= INSIDE && answer.error != ENOSPC) {
        client->done[client->nr_done] = (uint8_t)(what - INSIDE);
        client->answer[client->nr_done++] = answer;
    }
}

/* NULL, or the promise that is broken. */
static const char *op_run(unsigned op)
{
    struct client *client = &w.client[op / NR_EACH], *other = &w.client[!(op / NR_EACH)];
    unsigned what = op % NR_EACH;
    struct shot before = shot_of(w.store->root);
    uint64_t generation = w.store->generation;
    struct buffer records = { 0 };
    const char *why;
    struct answer answer;

    w.nr_events[0] = w.nr_events[1] = 0;
    if (what == COMMIT)
        snapshot_records(w.store, &records);
    answer = run(client, what);
    (void)answer_take(other->conn, (int)(other - w.client));
    why = events_breach(&before, generation);
    if (!why && what == COMMIT)
        why = end_breach(client, &records, &before, generation, answer.error);
    if (!why && what >= INSIDE && what != COMMIT && generation != w.store->generation)
        why = "the store changed before a transaction was committed";
    for (unsigned c = 0; c < CLIENTS; c++)
        if (w.store->nr_nodes[DOMID(c)] > QUOTA)
            why = why ? why : "a guest has more nodes than its quota";
    note(client, what, answer);
    buffer_free(&records);
    buffer_free(&w.store->journal);
    return why;
}

/* ---- states ---------------------------------------------------------------------------------- */

struct state {
    uint32_t parent, next;
    uint16_t op, size;
    uint8_t key[];
};

static struct {
    struct state **state;
    uint32_t *bucket;
    uint32_t nr, max;
    unsigned long steps, commits;
} seen;

/* `swap`: each guest is taken for the other. */
static uint8_t *shot_key(uint8_t *at, const struct shot *shot, bool swap)
{
    for (unsigned i = 0; i < NODES; i++) {
        uint16_t owner = shot->node[i].owner;

        if (swap && owner)
            owner = (uint16_t)(DOMID(0) + DOMID(1) - owner);
        *at++ = (uint8_t)(shot->node[i].there | owner << 1);
        *at++ = shot->node[i].value;
    }
    return at;
}

/* Of the tree that a transaction began with, all that matters is what of the store is the same. */
static uint8_t *base_key(uint8_t *at, const struct shot *base, const struct shot *now)
{
    for (unsigned i = 0; i < NODES; i++)
        *at++ = (uint8_t)(base->node[i].there |
                          (base->node[i].generation == now->node[i].generation) << 1 |
                          (base->node[i].children == now->node[i].children) << 2);
    return at;
}

static uint8_t *client_key(uint8_t *at, const struct client *client, const struct shot *now,
                           bool swap)
{
    const struct transaction *tx = client->tx ? transaction_find(client->conn, client->tx) : NULL;
    struct shot base, root;

    *at++ = tx != NULL;
    if (!tx)
        return at;
    base = shot_of(tx->base);
    root = shot_of(tx->root);
    *at++ = client->generation == w.store->generation;
    *at++ = (uint8_t)client->nr_done;
    for (unsigned i = 0; i < client->nr_done; i++) {
        *at++ = client->done[i];
        memcpy(at, &client->answer[i], sizeof(client->answer[i]));
        at += sizeof(client->answer[i]);
    }
    return shot_key(base_key(at, &base, now), &root, swap);
}

static uint16_t key_of(uint8_t key[KEY_MAX], bool swap)
{
    struct shot now = shot_of(w.store->root);
    uint8_t *at = shot_key(key, &now, swap);

    for (unsigned c = 0; c < CLIENTS; c++)
        at = client_key(at, &w.client[c ^ swap], &now, swap);
    return (uint16_t)(at - key);
}

/* The guests may do the same: two states that differ only in which is which are one. */
static uint16_t key_make(uint8_t key[KEY_MAX])
{
    uint8_t swapped[KEY_MAX];
    uint16_t size = key_of(key, false);

    if (key_of(swapped, true) == size && memcmp(swapped, key, size) < 0)
        memcpy(key, swapped, size);
    return size;
}

/* 0: it was there. */
static uint32_t state_note(uint32_t parent, unsigned op)
{
    uint8_t key[KEY_MAX];
    uint16_t size = key_make(key);
    uint32_t *bucket = &seen.bucket[hash_of(key, size) % BUCKETS];
    struct state *state;

    for (uint32_t i = *bucket; i; i = seen.state[i]->next)
        if (seen.state[i]->size == size && !memcmp(seen.state[i]->key, key, size))
            return 0;
    if (seen.nr + 1 == seen.max) {
        printf("model store: stopped at %u states, %lu steps, %lu commits: no breach so far\n",
               seen.nr, seen.steps, seen.commits);
        exit(2);
    }
    state = malloc(sizeof(*state) + size);
    if (!state)
        abort();
    *state = (struct state){ .parent = parent, .next = *bucket, .op = (uint16_t)op, .size = size };
    memcpy(state->key, key, size);
    seen.state[++seen.nr] = state;
    *bucket = seen.nr;
    return seen.nr;
}

static unsigned path_to(uint32_t state, uint16_t path[DEPTH_MAX])
{
    unsigned nr = 0;

    for (; seen.state[state]->parent; state = seen.state[state]->parent)
        path[nr++] = seen.state[state]->op;
    for (unsigned i = 0; i < nr / 2; i++) {
        uint16_t op = path[i];

        path[i] = path[nr - 1 - i];
        path[nr - 1 - i] = op;
    }
    return nr;
}

/* ---- a breach, as a test for tests/unit/stored/ with its rig.h ---------------------------------
 */

static void data_print(const struct request_kind *kind)
{
    printf("\"");
    for (size_t i = 0; i < kind->size; i++)
        if (kind->data[i])
            putchar(kind->data[i]);
        else
            printf(i + 1 < kind->size ? "\" \"\\0\" \"" : "\\0");
    printf("\", %zu", kind->size);
}

static void op_print(unsigned op)
{
    unsigned c = op / NR_EACH, what = op % NR_EACH;

    if (what == START) {
        printf("    tx[%u] = start_transaction(c[%u]);\n", c, c);
    } else if (what > START) {
        printf("    (void)ask(c[%u], XS_TRANSACTION_END, tx[%u], ARGS(\"%s\"));\n", c, c,
               what == COMMIT ? "T" : "F");
    } else {
        printf("    (void)ask(c[%u], %s, ", c, kinds[what % KINDS].name);
        printf(what < INSIDE ? "0, " : "tx[%u], ", c);
        data_print(&kinds[what % KINDS]);
        printf(");\n");
    }
}

static void breach(const char *why, uint32_t from, unsigned op)
{
    uint16_t path[DEPTH_MAX];
    unsigned nr = path_to(from, path);

    printf("model store: %s, after %u states, %lu steps:\nSTART_TEST(model)\n{\n", why, seen.nr,
           seen.steps);
    printf("    struct connection *c[2] = { guest, NULL };\n    uint32_t tx[2];\n\n"
           "    store->limits.nodes = %u;\n"
           "    ck_assert_int_eq(ask(dom0, XS_INTRODUCE, 0, ARGS(\"6\\0\" \"2\\0\" \"1\")), 0);\n"
           "    c[1] = domain_find(store, 6)->connection;\n"
           "    ck_assert_int_eq(ask(dom0, XS_MKDIR, 0, ARGS(\"/t\")), 0);\n"
           "    ck_assert_int_eq(ask(dom0, XS_SET_PERMS, 0, ARGS(\"/t\\0\" \"b0\")), 0);\n"
           "    for (unsigned i = 0; i < 2; i++)\n"
           "        ck_assert_int_eq(ask(c[i], XS_WATCH, 0, ARGS(\"/t\\0\" \"w\")), 0);\n"
           "    forget_output();\n",
           QUOTA);
    for (unsigned i = 0; i < nr; i++)
        op_print(path[i]);
    op_print(op);
    printf("    /* %s */\n    ck_assert(store_is_sane(store));\n}\nEND_TEST\n", why);
    exit(1);
}

/* ---- the search ------------------------------------------------------------------------------ */

static void expand(uint32_t from)
{
    uint16_t path[DEPTH_MAX];
    unsigned nr = path_to(from, path);

    for (unsigned op = 0; op < CLIENTS * NR_EACH; op++) {
        const char *why;

        world_make();
        for (unsigned i = 0; i < nr; i++)
            (void)op_run(path[i]);
        if (!can_run(op))
            continue;
        why = op_run(op);
        seen.steps++;
        seen.commits += op % NR_EACH == COMMIT;
        if (!why && state_note(from, op) && !store_is_sane(w.store))
            why = "the store is not sane";
        if (why)
            breach(why, from, op);
    }
}

int main(int argc, char **argv)
{
    seen.max = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 0) : UINT32_C(1) << 24;
    seen.state = calloc(seen.max + 1, sizeof(*seen.state));
    seen.bucket = calloc(BUCKETS, sizeof(*seen.bucket));
    if (!seen.state || !seen.bucket)
        abort();
    world_make();
    (void)state_note(0, 0);
    for (uint32_t from = 1; from <= seen.nr; from++)
        expand(from);
    printf("model store: %u states, %lu steps, %lu commits: every promise holds\n", seen.nr,
           seen.steps, seen.commits);
    return 0;
}
