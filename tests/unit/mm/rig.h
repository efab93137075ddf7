/* SPDX-License-Identifier: MIT */
/*
 * The rig of the mm tests: a small machine with two accounts (a control account and a guest),
 * frames by allocation, tables written by plain stores as a guest does before it pins them, and
 * the list of references that the test itself holds, so that page_audit() must find every count
 * exact.
 */
#ifndef TESTS_UNIT_MM_RIG_H
#define TESTS_UNIT_MM_RIG_H

#include "../suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "mm/guest.h"
#include "mm/entry.h"

#define P  (PTE_PRESENT | PTE_USER)
#define RW (PTE_PRESENT | PTE_USER | PTE_WRITE)

static struct mm_account control, guest;
static uint64_t free_at_start;

static struct {
    mfn_t mfn[64];
    bool typed[64];
    unsigned nr;
} held;

static void __attribute__((unused)) hold(mfn_t mfn, bool typed)
{
    held.mfn[held.nr] = mfn;
    held.typed[held.nr++] = typed;
}

static void __attribute__((unused)) unhold(void)
{
    held.nr--;
}

static void report_held(void (*count)(mfn_t mfn, bool typed))
{
    for (unsigned i = 0; i < held.nr; i++)
        count(held.mfn[i], held.typed[i]);
}

static bool __attribute__((unused)) device_allowed(const struct mm_account *acct, mfn_t mfn)
{
    (void)acct;
    return mfn_x(mfn) != 0xfffff;
}

static void rig_start(void)
{
    host_reset();
    frames_init(HOST_FRAMES_MAX * PAGE_SIZE, host_take);
    frames_add(16 * PAGE_SIZE, host_ram_end());
    held.nr = 0;
    page_audit_others = report_held;
    control = (struct mm_account){ .slot = 0, .is_control = true, .frames_max = UINT64_MAX,
                                   .cpus = 1, .may_map_device = device_allowed };
    guest = (struct mm_account){ .slot = 1, .frames_max = UINT64_MAX, .cpus = 6 };
    ck_assert_int_eq(mm_account_register(&control), 0);
    ck_assert_int_eq(mm_account_register(&guest), 0);
    free_at_start = frames_free();
}

static void rig_end(void)
{
    ck_assert(page_audit());
    ck_assert_uint_eq(host_locks_held(), 0);
    host.preempt = false;
    host.preempt_after = 0;
    control.is_dying = guest.is_dying = true;
    /* The control account first: it may hold references on the guest's frames. */
    (void)!account_relinquish(&control);
    (void)!account_relinquish(&guest);
    if (held.nr == 0) {
        ck_assert_uint_eq(control.nr_frames, 0);
        ck_assert_uint_eq(guest.nr_frames, 0);
        ck_assert_uint_eq(frames_free(), free_at_start);
        mm_account_unregister(&control);
        mm_account_unregister(&guest);
    }
}

/* Take everything from the account, and let it live on. */
static void __attribute__((unused)) strip(struct mm_account *acct)
{
    acct->is_dying = true;
    ck_assert_int_eq(account_relinquish(acct), 0);
    acct->is_dying = false;
    acct->relinquish_next = 0;
}

static mfn_t __attribute__((unused)) frame(struct mm_account *acct)
{
    mfn_t mfn = frames_alloc(acct, 0, 0);

    ck_assert(!mfn_eq(mfn, MFN_INVALID));
    if (acct->is_control)
        machine_clear_frame(mfn); /* it may come as power-on left it */
    return mfn;
}

static uint64_t *words(mfn_t mfn)
{
    return machine_map(mfn);
}

static uint64_t pte(mfn_t mfn, uint64_t flags)
{
    return mfn_to_maddr(mfn) | flags;
}

static maddr_t __attribute__((unused)) slot(mfn_t mfn, unsigned index)
{
    return mfn_to_maddr(mfn) + index * sizeof(uint64_t);
}

/* An L4 whose slot 0 leads down to one L1: frames in l[4], l[3], l[2], l[1]. Not typed yet. */
static void __attribute__((unused)) tree(struct mm_account *acct, mfn_t l[5])
{
    for (unsigned level = 1; level <= 4; level++) {
        l[level] = frame(acct);
        if (level > 1)
            words(l[level])[0] = pte(l[level - 1], RW);
    }
}

/* One entry by a batch of one, repeated as a hypercall would be. */
static int __attribute__((unused)) update_from(struct mm_account *acct, struct mm_account *owner,
                                               maddr_t where, uint64_t entry, enum pte_update how)
{
    struct pt_batch batch;
    int ret, tries = 0;

    do {
        pt_batch_begin(&batch, acct, owner);
        ret = pt_batch_update(&batch, where, entry, how);
        pt_batch_end(&batch);
    } while (ret == -ERESTART && ++tries < 10000);
    return ret;
}

static int __attribute__((unused)) update(maddr_t where, uint64_t entry)
{
    return update_from(&guest, &guest, where, entry, PTE_NORMAL);
}

static const struct page *rec(mfn_t mfn)
{
    return page_of(mfn);
}

/* The state of the guest's part of the frame table, to compare before and after a refusal. */
static struct page *snapshot(void)
{
    struct page *copy = malloc(frames_end * sizeof(*copy));

    memcpy(copy, frame_table, frames_end * sizeof(*copy));
    return copy;
}

/* Types of frames without users and the stamp beside them may differ: they carry no rights. */
static void __attribute__((unused)) same_as(struct page *before)
{
    for (uint64_t i = 0; i < frames_end; i++) {
        const struct page *a = &before[i], *b = &frame_table[i];

        ck_assert_uint_eq(a->refs, b->refs);
        ck_assert_uint_eq(a->type_refs, b->type_refs);
        ck_assert_uint_eq(a->owner, b->owner);
        ck_assert_uint_eq(a->flags, b->flags);
        if (a->type_refs)
            ck_assert_uint_eq(a->type, b->type);
    }
    free(before);
}

/* Tests that run with _i = 0 ... nr-1. */
static struct looped {
    const TTest *test;
    int nr;
} looped[4];

/* Run a suite of one file's cases, each between rig_start() and rig_end(). */
static int __attribute__((unused)) run(const char *name, const TTest *const *tests, size_t nr)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);

    tcase_add_checked_fixture(tcase, rig_start, rig_end);
    tcase_set_timeout(tcase, 60);
    for (size_t i = 0; i < nr; i++)
        tcase_add_test(tcase, tests[i]);
    for (size_t i = 0; i < ARRAY_SIZE(looped) && looped[i].test; i++)
        tcase_add_loop_test(tcase, looped[i].test, 0, looped[i].nr);
    suite_add_tcase(suite, tcase);
    (void)snapshot, (void)rec, (void)pte, (void)words;
    return suite_run(suite);
}

#endif
