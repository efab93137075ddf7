/* SPDX-License-Identifier: MIT */
/*
 * Tests of transactions: what they see, what conflicts and what does not, and their quotas.
 */
#include "rig.h"

#include <stdio.h>

START_TEST(isolation)
{
    uint32_t tx = start_transaction(dom0);

    ck_assert_int_eq(ask(dom0, XS_WRITE, tx, ARGS("/t/a\0v")), 0);
    ck_assert_int_eq(ask(dom0, XS_READ, tx, ARGS("/t/a")), 0);
    ck_assert_int_eq(ask(dom0, XS_READ, 0, ARGS("/t/a")), ENOENT);
    ck_assert_int_eq(ask(dom0, XS_WRITE, 0, ARGS("/u\0v")), 0);
    ck_assert_int_eq(ask(dom0, XS_READ, tx, ARGS("/u")), ENOENT);
    ck_assert_int_eq(ask(dom0, XS_TRANSACTION_END, tx, ARGS("F")), 0);
    ck_assert_int_eq(ask(dom0, XS_READ, 0, ARGS("/t/a")), ENOENT);
    ck_assert_int_eq(ask(dom0, XS_TRANSACTION_END, tx, ARGS("F")), ENOENT);
}
END_TEST

START_TEST(commit)
{
    ck_assert_int_eq(ask(dom0, XS_WRITE, 0, ARGS("/t/old\0v")), 0);
    ck_assert_int_eq(ask(dom0, XS_WATCH, 0, ARGS("/t\0w")), 0);
    forget_output();
    uint32_t tx = start_transaction(dom0);
    ck_assert_int_eq(ask(dom0, XS_WRITE, tx, ARGS("/t/new/x\0v")), 0);
    ck_assert_int_eq(ask(dom0, XS_RM, tx, ARGS("/t/old")), 0);
    ck_assert_int_eq(ask(dom0, XS_SET_PERMS, tx, ARGS("/t/new\0r5")), 0);
    expect_silence(dom0);
    send_request(dom0, XS_TRANSACTION_END, tx, ARGS("T"));
    expect_event(dom0, "/t/new/x", "w");
    expect_event(dom0, "/t/old", "w");
    expect_event(dom0, "/t/new", "w");
    ck_assert(take(dom0));
    ck_assert_uint_eq(reply.type, XS_TRANSACTION_END);
    ck_assert_int_eq(ask(dom0, XS_READ, 0, ARGS("/t/old")), ENOENT);
    ck_assert_int_eq(ask(dom0, XS_GET_PERMS, 0, ARGS("/t/new")), 0);
    ck_assert_str_eq(reply_data, "r5");
}
END_TEST

/* One row: what the transaction does, what somebody else does meanwhile, how it ends. */
START_TEST(conflicts)
{
    static const struct {
        uint32_t type;
        const char *data;
        size_t size;
        uint32_t other_type;
        const char *other;
        size_t other_size;
        int end;
    } rows[] = {
        { XS_READ, ARGS("/c/a"), XS_WRITE, ARGS("/c/a\0x"), EAGAIN },
        { XS_READ, ARGS("/c/a"), XS_WRITE, ARGS("/c/b\0x"), 0 },
        { XS_READ, ARGS("/c/a"), XS_SET_PERMS, ARGS("/c/a\0r1"), EAGAIN },
        { XS_READ, ARGS("/c/a"), XS_RM, ARGS("/c/a"), EAGAIN },
        { XS_READ, ARGS("/c/a"), XS_RM, ARGS("/c"), EAGAIN },
        { XS_READ, ARGS("/c"), XS_MKDIR, ARGS("/c/new"), 0 },
        { XS_READ, ARGS("/c/new"), XS_MKDIR, ARGS("/c/new"), EAGAIN },
        { XS_DIRECTORY, ARGS("/c"), XS_MKDIR, ARGS("/c/new"), EAGAIN },
        { XS_DIRECTORY, ARGS("/c"), XS_RM, ARGS("/c/b"), EAGAIN },
        { XS_DIRECTORY, ARGS("/c"), XS_WRITE, ARGS("/c/b\0x"), 0 },
        { XS_WRITE, ARGS("/c/a\0y"), XS_WRITE, ARGS("/c/a\0x"), EAGAIN },
        { XS_WRITE, ARGS("/c/new\0y"), XS_WRITE, ARGS("/c/other\0x"), 0 },
        { XS_WRITE, ARGS("/c/new/y\0y"), XS_MKDIR, ARGS("/c/new"), EAGAIN },
        { XS_WRITE, ARGS("/c/new\0y"), XS_MKDIR, ARGS("/c/new"), EAGAIN },
        { XS_WRITE, ARGS("/c/new\0y"), XS_RM, ARGS("/c"), EAGAIN },
        { XS_MKDIR, ARGS("/c/new"), XS_SET_PERMS, ARGS("/c\0r1"), EAGAIN },
        { XS_RM, ARGS("/c/a"), XS_WRITE, ARGS("/c/a\0x"), EAGAIN },
        { XS_RM, ARGS("/c/a"), XS_MKDIR, ARGS("/c/b/x"), 0 },
        { XS_SET_PERMS, ARGS("/c/a\0r2"), XS_WRITE, ARGS("/c/a\0x"), EAGAIN },
        { XS_GET_PERMS, ARGS("/c/a"), XS_WRITE, ARGS("/c/a\0x"), EAGAIN },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        (void)ask(dom0, XS_RM, 0, ARGS("/c"));
        ck_assert_int_eq(ask(dom0, XS_WRITE, 0, ARGS("/c/a\0v")), 0);
        ck_assert_int_eq(ask(dom0, XS_WRITE, 0, ARGS("/c/b\0v")), 0);
        uint32_t tx = start_transaction(dom0);
        int rc = ask(dom0, rows[i].type, tx, rows[i].data, rows[i].size);
        ck_assert(rc == 0 || rc == ENOENT);
        ck_assert_int_eq(ask(dom0, rows[i].other_type, 0, rows[i].other, rows[i].other_size), 0);
        ck_assert_msg(ask(dom0, XS_TRANSACTION_END, tx, ARGS("T")) == rows[i].end, "row %zu", i);
    }
}
END_TEST

/* Made and removed again in one transaction: nothing is left, nothing is counted. */
START_TEST(create_and_remove)
{
    uint32_t nr = store->nr_nodes[5];
    uint32_t tx = start_transaction(guest);

    ck_assert_int_eq(ask(guest, XS_WRITE, tx, ARGS("data/a/b\0v")), 0);
    ck_assert_int_eq(ask(guest, XS_RM, tx, ARGS("data/a")), 0);
    ck_assert_int_eq(ask(guest, XS_WRITE, tx, ARGS("data/a\0v")), 0);
    ck_assert_int_eq(ask(guest, XS_RM, tx, ARGS("data/a")), 0);
    ck_assert_int_eq(ask(guest, XS_TRANSACTION_END, tx, ARGS("T")), 0);
    ck_assert_uint_eq(store->nr_nodes[5], nr);
    ck_assert_int_eq(ask(guest, XS_READ, 0, ARGS("data/a")), ENOENT);
}
END_TEST

START_TEST(errors)
{
    uint32_t tx = start_transaction(dom0);

    ck_assert_uint_ne(tx, 0);
    ck_assert_int_eq(ask(dom0, XS_TRANSACTION_START, tx, ARGS("")), EBUSY);
    ck_assert_int_eq(ask(dom0, XS_TRANSACTION_END, tx, ARGS("X")), EINVAL);
    ck_assert_int_eq(ask(dom0, XS_TRANSACTION_END, tx, "", 0), EINVAL);
    ck_assert_int_eq(ask(dom0, XS_TRANSACTION_END, 0, ARGS("T")), ENOENT);
    ck_assert_int_eq(ask(guest, XS_READ, tx, ARGS("data")), ENOENT);
    ck_assert_int_eq(ask(dom0, XS_TRANSACTION_END, tx, ARGS("T")), 0);
}
END_TEST

START_TEST(quotas)
{
    char text[4096];
    uint32_t tx = 0;
    int rc = 0;

    for (unsigned i = 0; i < limits_default.transactions; i++)
        tx = start_transaction(guest);
    ck_assert_int_eq(ask(guest, XS_TRANSACTION_START, 0, ARGS("")), ENOSPC);
    /* Changes of one transaction are bounded in bytes. */
    memset(text, 'v', sizeof(text));
    memcpy(text, "data/x", 7);
    for (int i = 0; i < 100 && rc == 0; i++)
        rc = ask(guest, XS_WRITE, tx, text, 7 + 2000);
    ck_assert_int_eq(rc, ENOSPC);
    ck_assert_uint_le(guest->transactions->changes.size, limits_default.changes);
    /* So is what it looks at. */
    ck_assert_int_eq(ask(guest, XS_TRANSACTION_END, tx, ARGS("F")), 0);
    tx = start_transaction(guest);
    rc = 0;
    for (unsigned i = 0; i < limits_default.accesses && rc == 0; i++) {
        rc = ask(guest, XS_READ, tx, ARGS("data"));
        if (rc == 0)
            rc = ask(guest, XS_DIRECTORY, tx, ARGS("/local/domain/5"));
    }
    ck_assert_int_eq(rc, ENOSPC);
}
END_TEST

/* Two transactions may not get together what one could not. */
START_TEST(quota_of_nodes)
{
    char text[64];
    uint32_t tx[2] = { start_transaction(guest), start_transaction(guest) };

    for (unsigned t = 0; t < 2; t++)
        for (unsigned i = 0; i < 400; i++) {
            int n = snprintf(text, sizeof(text), "data/%u-%u", t, i);
            ck_assert_int_eq(ask(guest, XS_MKDIR, tx[t], text, (size_t)n + 1), 0);
        }
    store->limits.nodes = 500;
    ck_assert_int_eq(ask(guest, XS_TRANSACTION_END, tx[0], ARGS("T")), 0);
    ck_assert_int_eq(ask(guest, XS_TRANSACTION_END, tx[1], ARGS("T")), ENOSPC);
    ck_assert_uint_le(store->nr_nodes[5], 500);
}
END_TEST

/* Below what the transaction removes, the client removes less and makes more meanwhile. */
START_TEST(quota_after_other_removals)
{
    uint32_t tx;

    ck_assert_int_eq(ask(guest, XS_MKDIR, 0, ARGS("data/a/x")), 0);
    store->limits.nodes = store->nr_nodes[5];
    tx = start_transaction(guest);
    ck_assert_int_eq(ask(guest, XS_RM, tx, ARGS("data/a")), 0);
    ck_assert_int_eq(ask(guest, XS_MKDIR, tx, ARGS("data/b")), 0);
    ck_assert_int_eq(ask(guest, XS_MKDIR, tx, ARGS("data/c")), 0);
    ck_assert_int_eq(ask(guest, XS_RM, 0, ARGS("data/a/x")), 0);
    ck_assert_int_eq(ask(guest, XS_MKDIR, 0, ARGS("data/d")), 0);
    ck_assert_int_eq(ask(guest, XS_TRANSACTION_END, tx, ARGS("T")), ENOSPC);
    ck_assert_uint_le(store->nr_nodes[5], store->limits.nodes);
}
END_TEST

/* ... and what it made there meanwhile goes with the rest: that is no reason to refuse. */
START_TEST(quota_after_other_additions)
{
    uint32_t tx;

    ck_assert_int_eq(ask(dom0, XS_MKDIR, 0, ARGS("/t/a")), 0);
    ck_assert_int_eq(ask(dom0, XS_SET_PERMS, 0, ARGS("/t\0b0")), 0);
    ck_assert_int_eq(ask(dom0, XS_SET_PERMS, 0, ARGS("/t/a\0b0")), 0);
    store->limits.nodes = store->nr_nodes[5] + 1;
    tx = start_transaction(guest);
    ck_assert_int_eq(ask(guest, XS_RM, tx, ARGS("/t/a")), 0);
    ck_assert_int_eq(ask(guest, XS_MKDIR, tx, ARGS("/t/a")), 0);
    ck_assert_int_eq(ask(guest, XS_MKDIR, 0, ARGS("/t/a/x")), 0);
    ck_assert_int_eq(ask(guest, XS_TRANSACTION_END, tx, ARGS("T")), 0);
    ck_assert_uint_eq(store->nr_nodes[5], store->limits.nodes);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = { isolation, commit, conflicts,     create_and_remove,
                                   errors,    quotas, quota_of_nodes, quota_after_other_removals,
                                   quota_after_other_additions };

    return run_tests("transaction", tests, sizeof(tests) / sizeof(tests[0]));
}
