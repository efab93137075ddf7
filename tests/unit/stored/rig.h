/* SPDX-License-Identifier: MIT */
/*
 * What the tests of lamina-stored have in common: a store with connections, requests that are made
 * and answered as over a ring, and the answer taken apart. After each request every sentence about
 * the store is checked.
 */
#ifndef TESTS_STORED_RIG_H
#define TESTS_STORED_RIG_H

#include "../suite.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stored/replay.h"
#include "stored/request.h"
#include "stored/store.h"

/* Strings with their NULs: the size of a literal with one more at the end than its text needs. */
#define ARGS(text) text, sizeof(text)
#define RAW(text)  text, sizeof(text) - 1

static struct store *store;
static struct connection *dom0, *guest; /* guest: domain 5 */
static struct xsd_sockmsg reply;
static char reply_data[XENSTORE_PAYLOAD_MAX + 1];

/* Takes the next message from `out`; false: there is none. */
static inline bool take(struct connection *conn)
{
    if (conn->out.size == 0)
        return false;
    ck_assert_uint_ge(conn->out.size, sizeof(reply));
    memcpy(&reply, conn->out.data, sizeof(reply));
    ck_assert_uint_le(reply.len, XENSTORE_PAYLOAD_MAX);
    ck_assert_uint_ge(conn->out.size, sizeof(reply) + reply.len);
    memcpy(reply_data, conn->out.data + sizeof(reply), reply.len);
    reply_data[reply.len] = '\0';
    buffer_consume(&conn->out, sizeof(reply) + reply.len);
    conn->out_pos += (uint32_t)sizeof(reply) + reply.len;
    return true;
}

static inline void send_request(struct connection *conn, uint32_t type, uint32_t tx,
                                const char *data, size_t size)
{
    struct xsd_sockmsg header = { type, 77, tx, (uint32_t)size };

    connection_input(store, conn, &header, sizeof(header));
    if (size)
        connection_input(store, conn, data, size);
    ck_assert_int_eq(request_missing(conn), 0);
    request_process(store, conn);
    ck_assert(store_is_sane(store));
}

/* The answer of a request, events passed over: 0, or the number of the error. */
static inline int ask(struct connection *conn, uint32_t type, uint32_t tx, const char *data,
                      size_t size)
{
    static const struct {
        const char *name;
        int number;
    } names[] = { { "EINVAL", EINVAL }, { "EACCES", EACCES }, { "EEXIST", EEXIST },
                  { "ENOENT", ENOENT }, { "ENOSPC", ENOSPC }, { "ENOSYS", ENOSYS },
                  { "EROFS", EROFS },   { "EBUSY", EBUSY },   { "EAGAIN", EAGAIN },
                  { "E2BIG", E2BIG },   { "EPERM", EPERM },   { "EIO", EIO } };

    buffer_free(&conn->out);
    send_request(conn, type, tx, data, size);
    do
        ck_assert(take(conn));
    while (reply.type == XS_WATCH_EVENT);
    ck_assert_uint_eq(reply.req_id, 77);
    ck_assert_uint_eq(reply.tx_id, tx);
    if (reply.type != XS_ERROR) {
        ck_assert_uint_eq(reply.type, type);
        return 0;
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(reply_data, names[i].name) == 0)
            return names[i].number;
    ck_abort_msg("unknown error %s", reply_data);
    return -1;
}

static inline uint32_t start_transaction(struct connection *conn)
{
    ck_assert_int_eq(ask(conn, XS_TRANSACTION_START, 0, ARGS("")), 0);
    return (uint32_t)strtoul(reply_data, NULL, 10);
}

/* The next message is this event. */
static inline void expect_event(struct connection *conn, const char *path, const char *token)
{
    ck_assert(take(conn));
    ck_assert_uint_eq(reply.type, XS_WATCH_EVENT);
    ck_assert_str_eq(reply_data, path);
    ck_assert_str_eq(reply_data + strlen(path) + 1, token);
    ck_assert_uint_eq(reply.len, strlen(path) + strlen(token) + 2);
}

static inline void expect_silence(struct connection *conn)
{
    ck_assert_uint_eq(conn->out.size, 0);
}

static inline void forget_output(void)
{
    for (struct connection *conn = store->connections; conn; conn = conn->next)
        buffer_free(&conn->out);
}

/* A store with a socket of domain 0, and domain 5 introduced with a home that it may write. */
static void setup(void)
{
    store = store_new();
    dom0 = connection_new(store, 0, false);
    ck_assert_int_eq(ask(dom0, XS_INTRODUCE, 0,
                         ARGS("5\0"
                              "100\0"
                              "3")),
                     0);
    guest = domain_find(store, 5)->connection;
    ck_assert_int_eq(ask(dom0, XS_MKDIR, 0, ARGS("/local/domain/5/data")), 0);
    ck_assert_int_eq(ask(dom0, XS_SET_PERMS, 0, ARGS("/local/domain/5\0n0\0r5")), 0);
    ck_assert_int_eq(ask(dom0, XS_SET_PERMS, 0, ARGS("/local/domain/5/data\0n5")), 0);
    forget_output();
}

static void teardown(void)
{
    store_free(store);
}

/* Runs all the functions of the list; returns the exit status. */
static inline int run_tests(const char *name, const TTest *const tests[], size_t nr)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < nr; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}

#endif
