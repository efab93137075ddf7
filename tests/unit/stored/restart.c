/* SPDX-License-Identifier: MIT */
/*
 * Tests of what survives the daemon: a scenario of all operations is cut off at every byte of its
 * journal, and a domain that speaks while the daemon dies again and again notices nothing.
 */
#include "rig.h"

#include <stdio.h>

#include "stored/journal.h"
#include "stored/ring.h"
#include "stored/transaction.h"

static struct buffer journal;

/* Puts what was recorded since the last call into the journal. */
static void commit(void)
{
    if (store->journal.size)
        journal_append_batch(&journal, &store->journal);
    store->journal.size = 0;
}

static struct buffer snapshot(const struct store *of)
{
    struct buffer out = { 0 };

    snapshot_records(of, &out);
    return out;
}

static void expect_same(const struct buffer *a, const struct buffer *b)
{
    ck_assert_uint_eq(a->size, b->size);
    ck_assert_int_eq(memcmp(a->data, b->data, a->size), 0);
}

struct step {
    bool is_guest;
    uint32_t type;
    uint32_t tx;
    const char *data;
    size_t size;
};

/* All that can be recorded happens here, in one way or another. */
static const struct step steps[] = {
    { false, XS_WRITE, 0, ARGS("/a/b/c\0value") },
    { false, XS_SET_PERMS, 0, ARGS("/a/b\0n0\0r5") },
    { false, XS_SET_PERMS, 0, ARGS("@introduceDomain\0n0\0r5") },
    { true, XS_WATCH, 0, ARGS("data\0token") },
    { true, XS_WATCH, 0,
      ARGS("@introduceDomain\0i\0"
           "1") },
    { true, XS_WATCH, 0, ARGS("/a\0gone") },
    { false, XS_INTRODUCE, 0,
      ARGS("6\0"
           "7\0"
           "8") },
    { false, XS_SET_TARGET, 0,
      ARGS("6\0"
           "5") },
    { true, XS_TRANSACTION_START, 0, ARGS("") },
    { true, XS_WRITE, 1, ARGS("data/lost\0v") },
    { true, XS_TRANSACTION_START, 0, ARGS("") },
    { true, XS_WRITE, 2, ARGS("data/kept/x\0v") },
    { true, XS_TRANSACTION_END, 2, ARGS("T") },
    { true, XS_UNWATCH, 0, ARGS("/a\0gone") },
    { false, XS_RM, 0, ARGS("/a/b") },
    { false, XS_INTRODUCE, 0,
      ARGS("5\0"
           "100\0"
           "44") },
    { false, XS_RELEASE, 0, ARGS("6") },
    { true, XS_READ, 0, ARGS("data/kept/x") },
};

enum { NR_STEPS = sizeof(steps) / sizeof(steps[0]) };

static struct store *replayed(const uint8_t *data, size_t size, size_t *used)
{
    struct store *copy = store_new();
    bool makes_sense;

    *used = journal_replay(copy, data, size, &makes_sense);
    ck_assert(makes_sense);
    ck_assert(store_is_sane(copy));
    ck_assert_uint_eq(copy->journal.size, 0);
    return copy;
}

/* The state after each step, and where its batch ends in the journal. */
static struct buffer states[NR_STEPS + 2];
static size_t ends[NR_STEPS + 2];
static size_t nr_states;

static void note_state(void)
{
    commit();
    states[nr_states] = snapshot(store);
    ends[nr_states++] = journal.size;
}

static void play(void)
{
    static struct store *fresh;

    fresh = store_new();
    states[0] = snapshot(fresh);
    ends[0] = 0;
    nr_states = 1;
    store_free(fresh);
    /* The fixture's output was thrown away, which no record tells: start with the state itself. */
    buffer_free(&journal);
    store->journal.size = 0;
    snapshot_records(store, &store->journal);
    note_state();
    for (size_t i = 0; i < NR_STEPS; i++) {
        const struct step *step = &steps[i];
        send_request(step->is_guest ? guest : dom0, step->type, step->tx, step->data, step->size);
        note_state();
    }
}

static void forget_play(void)
{
    while (nr_states)
        buffer_free(&states[--nr_states]);
    buffer_free(&journal);
}

START_TEST(every_truncation)
{
    size_t at = 0, used;

    play();
    for (size_t size = 0; size <= journal.size; size++) {
        while (at + 1 < nr_states && ends[at + 1] <= size)
            at++;
        struct store *copy = replayed(journal.data, size, &used);
        struct buffer state = snapshot(copy);
        ck_assert_uint_eq(used, ends[at]);
        expect_same(&state, &states[at]);
        buffer_free(&state);
        store_free(copy);
    }
    ck_assert_uint_eq(at, nr_states - 1);
    forget_play();
}
END_TEST

/* A byte that changed ends the journal before its batch. */
START_TEST(every_damage)
{
    size_t at = 0, used;

    play();
    for (size_t i = 0; i < journal.size; i++) {
        while (at + 1 < nr_states && ends[at + 1] <= i)
            at++;
        journal.data[i] ^= 0x10;
        struct store *copy = replayed(journal.data, journal.size, &used);
        ck_assert_uint_eq(used, ends[at]);
        store_free(copy);
        journal.data[i] ^= 0x10;
    }
    forget_play();
}
END_TEST

/* The state written anew makes the same state, at every step. */
START_TEST(compaction)
{
    play();
    for (size_t i = 0; i < nr_states; i++) {
        struct store *copy = store_new();
        ck_assert(replay_records(copy, states[i].data, states[i].size));
        struct buffer state = snapshot(copy);
        expect_same(&state, &states[i]);
        buffer_free(&state);
        store_free(copy);
    }
    forget_play();
}
END_TEST

/* Records that no store wrote are refused, and nothing else happens. */
START_TEST(nonsense)
{
    uint32_t state = 1;

    play();
    for (int round = 0; round < 20000; round++) {
        struct buffer copy = { 0 };
        struct store *other = store_new();
        buffer_append(&copy, journal.data + 8, 2048 < journal.size - 8 ? 2048 : journal.size - 8);
        for (int i = 0; i < 3; i++) {
            state = state * 1664525 + 1013904223;
            copy.data[(state >> 8) % copy.size] = (uint8_t)(state >> 4);
        }
        (void)replay_records(other, copy.data, copy.size);
        ck_assert(tree_is_sane(other->root));
        store_free(other);
        buffer_free(&copy);
    }
    forget_play();
}
END_TEST

/* --- a domain whose daemon dies --- */

static struct xenstore_domain_interface page;

/* The process ends; its successor has the journal and the page. */
static void die(void)
{
    size_t used;

    store_free(store);
    store = replayed(journal.data, journal.size, &used);
    ck_assert_uint_eq(used, journal.size);
    dom0 = connection_new(store, 0, false);
    guest = domain_find(store, 5)->connection;
    ring_resume(store, guest, &page);
}

/* A turn of the server that dies in one of four places, or not. */
static void fatal_turn(unsigned where)
{
    if (where == 0)
        die();
    (void)ring_receive(store, guest, &page, 2);
    if (where == 1)
        die();
    commit();
    if (where == 2)
        die();
    (void)ring_publish(store, guest, &page);
    if (where == 3)
        die();
}

static unsigned dice(void)
{
    static uint32_t state = 99;

    state = state * 1664525 + 1013904223;
    return (state >> 16) % 6;
}

static void put(const void *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        for (int tries = 0; page.req_prod - page.req_cons == XENSTORE_RING_SIZE; tries++) {
            ck_assert_int_lt(tries, 1000);
            fatal_turn(dice());
        }
        page.req[MASK_XENSTORE_IDX(page.req_prod)] = ((const char *)data)[i];
        page.req_prod++;
    }
}

static void get(void *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        for (int tries = 0; page.rsp_prod == page.rsp_cons; tries++) {
            ck_assert_int_lt(tries, 1000);
            fatal_turn(dice());
        }
        ((char *)data)[i] = page.rsp[MASK_XENSTORE_IDX(page.rsp_cons)];
        page.rsp_cons++;
    }
}

static void put_request(uint32_t type, uint32_t id, const char *data, size_t size)
{
    struct xsd_sockmsg header = { type, id, 0, (uint32_t)size };

    put(&header, sizeof(header));
    put(data, size);
}

static void expect_message(uint32_t type, uint32_t id, const char *data, size_t size)
{
    struct xsd_sockmsg header;
    char text[4096];

    get(&header, sizeof(header));
    ck_assert_uint_eq(header.type, type);
    ck_assert_uint_eq(header.req_id, id);
    ck_assert_uint_eq(header.len, size);
    get(text, header.len);
    ck_assert_int_eq(memcmp(text, data, size), 0);
}

/* Each request is carried out once, each answer and each event arrives once, in order. */
START_TEST(domain_goes_on)
{
    static char value[2048 + 7] = "data/x";

    buffer_free(&journal);
    ck_assert_int_eq(ask(dom0, XS_INTRODUCE, 0,
                         ARGS("5\0"
                              "100\0"
                              "3")),
                     0);
    ring_begin(guest, &page);
    connection_record_positions(store, guest);
    commit();
    put_request(XS_WATCH, 1, ARGS("data\0tok"));
    expect_message(XS_WATCH, 1, "OK", 3);
    expect_message(XS_WATCH_EVENT, 0, "data\0tok", 9);
    for (uint32_t i = 0; i < 300; i++) {
        memset(value + 7, 'a' + (int)(i % 26), sizeof(value) - 7);
        put_request(XS_WRITE, 2 * i, value, sizeof(value));
        put_request(XS_READ, 2 * i + 1, ARGS("data/x"));
        expect_message(XS_WATCH_EVENT, 0, "data/x\0tok", 11);
        expect_message(XS_WRITE, 2 * i, "OK", 3);
        expect_message(XS_READ, 2 * i + 1, value + 7, sizeof(value) - 7);
    }
    ck_assert(!guest->is_broken);
    ck_assert_uint_eq(page.rsp_prod, page.rsp_cons);
    buffer_free(&journal);
}
END_TEST

/* A transaction that was open fails at its end as if somebody had been faster. */
START_TEST(transaction_is_lost)
{
    commit();
    uint32_t tx = start_transaction(guest);
    ck_assert_int_eq(ask(guest, XS_WRITE, tx, ARGS("data/x\0v")), 0);
    commit();
    page = (struct xenstore_domain_interface){ 0 };
    page.rsp_prod = (uint32_t)guest->out_pos;
    die();
    guest->is_broken = false;
    ck_assert_int_eq(ask(guest, XS_READ, tx, ARGS("data")), 0);
    ck_assert_int_eq(ask(guest, XS_TRANSACTION_END, tx, ARGS("T")), EAGAIN);
    ck_assert_int_eq(ask(guest, XS_TRANSACTION_END, tx, ARGS("T")), ENOENT);
    ck_assert_int_eq(ask(guest, XS_READ, 0, ARGS("data/x")), ENOENT);
    tx = start_transaction(guest);
    ck_assert_int_eq(ask(guest, XS_WRITE, tx, ARGS("data/x\0v")), 0);
    ck_assert_int_eq(ask(guest, XS_TRANSACTION_END, tx, ARGS("T")), 0);
    buffer_free(&journal);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = { every_truncation, every_damage,   compaction,
                                   nonsense,         domain_goes_on, transaction_is_lost };

    return run_tests("restart", tests, sizeof(tests) / sizeof(tests[0]));
}
