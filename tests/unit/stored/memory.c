/* SPDX-License-Identifier: MIT */
/*
 * The store when memory runs out. What cannot be had ends the daemon (stored/buffer.h): its
 * successor starts from the journal. So each allocation of each kind of request fails in turn, in a
 * process of its own with a journal of its own; the store of that journal must be as it was before
 * the request, or, when the request was answered, as it is after it, and never between.
 */
#include "../memory.h"
#include "../suite.h"
#include "rig.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stored/journal.h"

static const struct {
    const char *name;
    uint32_t type;
    bool by_dom0, in_transaction;
    const char *data;
    size_t size;
} requests[] = {
    { "write", XS_WRITE, false, false, RAW("/local/domain/5/data/a/b/c\0value") },
    { "overwrite", XS_WRITE, false, false, RAW("/local/domain/5/data/old\0value") },
    { "mkdir", XS_MKDIR, false, false, ARGS("/local/domain/5/data/x/y") },
    { "rm", XS_RM, false, false, ARGS("/local/domain/5/data/old") },
    { "read", XS_READ, false, false, ARGS("/local/domain/5/data/old") },
    { "directory", XS_DIRECTORY, false, false, ARGS("/local/domain/5/data") },
    { "get_perms", XS_GET_PERMS, false, false, ARGS("/local/domain/5/data") },
    { "set_perms", XS_SET_PERMS, false, false, ARGS("/local/domain/5/data/old\0n5\0r6") },
    { "watch", XS_WATCH, false, false, ARGS("/local/domain/5/data\0token") },
    { "unwatch", XS_UNWATCH, false, false, ARGS("/local\0known") },
    { "transaction_start", XS_TRANSACTION_START, false, false, ARGS("") },
    { "write in a transaction", XS_WRITE, false, true, RAW("/local/domain/5/data/t\0value") },
    { "commit", XS_TRANSACTION_END, false, true, ARGS("T") },
    { "abort", XS_TRANSACTION_END, false, true, ARGS("F") },
    { "introduce", XS_INTRODUCE, true, false, ARGS("7\00012\0001") },
    { "release", XS_RELEASE, true, false, ARGS("5") },
    { "set_target", XS_SET_TARGET, true, false, ARGS("5\0006") },
    { "reset_watches", XS_RESET_WATCHES, false, false, ARGS("") },
    { "nonsense", 99, false, false, ARGS("x") },
};

/* A store as text: what a successor would be told of it. */
static struct buffer image(const struct store *of)
{
    struct buffer out = { 0 };

    snapshot_records(of, &out);
    return out;
}

static uint32_t prepare(struct journal *journal)
{
    uint32_t tx;

    ck_assert_int_eq(ask(dom0, XS_WRITE, 0, RAW("/local/domain/5/data/old\0before")), 0);
    ck_assert_int_eq(ask(dom0, XS_SET_PERMS, 0, ARGS("/local/domain/5/data/old\0n5")), 0);
    ck_assert_int_eq(ask(dom0, XS_INTRODUCE, 0, ARGS("6\000102\0003")), 0);
    ck_assert_int_eq(ask(guest, XS_WATCH, 0, ARGS("/local\0known")), 0);
    tx = start_transaction(guest);
    ck_assert_int_eq(ask(guest, XS_WRITE, tx, RAW("/local/domain/5/data/tx\0value")), 0);
    forget_output();
    ck_assert_int_eq(journal_commit(journal, store), 0);
    return tx;
}

/* The request as the daemon makes it: carried out, journal written. Nothing may be answered first.
 */
static void perform(unsigned i, uint32_t tx, struct journal *journal)
{
    struct connection *conn = requests[i].by_dom0 ? dom0 : guest;
    struct xsd_sockmsg header = { requests[i].type, 77, requests[i].in_transaction ? tx : 0,
                                  (uint32_t)requests[i].size };

    connection_input(store, conn, &header, sizeof(header));
    connection_input(store, conn, requests[i].data, requests[i].size);
    request_process(store, conn);
    if (journal_commit(journal, store))
        _exit(3);
}

/* What a successor makes of the folder. */
static struct buffer successor(const char *folder)
{
    struct journal journal;
    struct store *next = store_new();
    struct buffer is;

    ck_assert_int_eq(journal_open(&journal, folder, next), 0);
    ck_assert(store_is_sane(next));
    is = image(next);
    journal_close(&journal);
    store_free(next);
    return is;
}

/* A daemon's life in a folder: what a successor finds. `at`: the allocation that fails, 0: none. */
static struct buffer life(int i, unsigned at, bool *passed)
{
    char folder[] = "/tmp/lamina-memory.XXXXXX", command[64];
    struct journal journal;
    struct buffer is;
    uint32_t tx;
    int status;
    pid_t child;

    ck_assert_ptr_nonnull(mkdtemp(folder));
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        (void)!freopen("/dev/null", "w", stderr);
        buffer_free(&store->journal); /* what setup() did is not in this journal: start with it */
        snapshot_records(store, &store->journal);
        if (journal_open(&journal, folder, store_new()))
            _exit(3);
        tx = prepare(&journal);
        memory_fail(at);
        if (i >= 0)
            perform((unsigned)i, tx, &journal);
        _exit(memory_failed() ? 2 : 0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFSIGNALED(status) || WEXITSTATUS(status) == 0,
                  "request %d, allocation %u: status %x", i, at, (unsigned)status);
    *passed = WIFEXITED(status);
    is = successor(folder);
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
    return is;
}

static bool same(const struct buffer *a, const struct buffer *b)
{
    return a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
}

START_TEST(each_allocation)
{
    bool passed;
    struct buffer before = life(-1, 0, &passed), after = life(_i, 0, &passed);
    unsigned at = 1;

    ck_assert(passed);
    for (passed = false; !passed; at++) {
        struct buffer is = life(_i, at, &passed);

        ck_assert_msg(same(&is, &after) || (!passed && same(&is, &before)),
                      "%s: allocation %u leaves something between", requests[_i].name, at);
        buffer_free(&is);
    }
    ck_assert_uint_gt(at, 2); /* there is no request that needs no memory */
    buffer_free(&before);
    buffer_free(&after);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("memory");
    TCase *tcase = tcase_create("memory");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, each_allocation, 0, sizeof(requests) / sizeof(requests[0]));
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
