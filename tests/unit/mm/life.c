/* SPDX-License-Identifier: MIT */
/* Pins, roots, interrupted work, foreign frames, grants, and the end of an account. */
#include "mm/rig.h"

/* Let interrupted releases finish; the number of calls it took. */
static int drained(void)
{
    int parts = 0;

    while (pt_unpin(&guest, MFN_INVALID) == -ERESTART) {
        ck_assert(page_audit());
        ck_assert_int_lt(++parts, 1000);
    }
    return parts;
}

/* A full tree: one L4, one L3, one L2 and `nr` L1 tables full of mappings of one frame. */
static mfn_t l4, l3, l2, data;

static void wide_tree(struct mm_account *acct, unsigned nr)
{
    l4 = frame(acct), l3 = frame(acct), l2 = frame(acct), data = frame(acct);
    words(l4)[511] = pte(l3, RW);
    words(l3)[511] = pte(l2, RW);
    for (unsigned i = 0; i < nr; i++) {
        mfn_t l1 = frame(acct);

        words(l2)[511 - i] = pte(l1, RW);
        for (unsigned n = 0; n < 512; n++)
            words(l1)[n] = pte(data, n & 1 ? RW : P);
    }
}

START_TEST(pin_and_unpin)
{
    mfn_t l[5];

    tree(&guest, l);
    for (unsigned level = 1; level <= 4; level++) {
        ck_assert_int_eq(pt_pin(&guest, l[level], PT_L1 + level - 1), 0);
        ck_assert_int_eq(pt_pin(&guest, l[level], PT_L1 + level - 1), -EINVAL); /* pinned already */
        ck_assert(page_audit());
    }
    for (unsigned level = 1; level <= 4; level++) {
        ck_assert_int_eq(pt_unpin(&guest, l[level]), 0);
        ck_assert_int_eq(pt_unpin(&guest, l[level]), -EINVAL);
        ck_assert(page_audit());
    }
    for (unsigned level = 1; level <= 4; level++)
        ck_assert_uint_eq(rec(l[level])->refs, 1);
}
END_TEST

START_TEST(pin_refuses)
{
    mfn_t mfn = frame(&guest);

    ck_assert_int_eq(pt_pin(&guest, frame(&control), PT_L1), -EINVAL);
    ck_assert_int_eq(pt_pin(&guest, MFN_INVALID, PT_L1), -EINVAL);
    ck_assert_int_eq(pt_pin(&guest, m2p_first_frame(), PT_L1), -EINVAL);
    ck_assert_int_eq(pt_pin(&guest, mfn, PT_WRITABLE), -EINVAL);
    ck_assert_int_eq(pt_pin(&guest, mfn, PT_SEGDESC), -EINVAL);
    ck_assert_int_eq(pt_pin(&guest, mfn, PT_NONE), -EINVAL);
    ck_assert_int_eq(pt_unpin(&guest, mfn), -EINVAL);
    ck_assert_int_eq(pt_unpin(&guest, MFN_INVALID), -EINVAL);
}
END_TEST

START_TEST(roots)
{
    mfn_t l[5];

    tree(&guest, l);
    ck_assert_int_eq(pt_root_get(&guest, l[4]), 0);
    ck_assert_int_eq(pt_root_get(&guest, l[4]), 0);
    hold(l[4], true);
    hold(l[4], true);
    ck_assert(page_audit());
    ck_assert_int_eq(pt_root_get(&guest, l[3]), -EINVAL);
    ck_assert_int_eq(pt_root_get(&control, l[4]), -EINVAL);
    ck_assert_int_eq(pt_root_put(&guest, l[4]), 0);
    ck_assert_int_eq(pt_root_put(&guest, l[4]), 0);
    held.nr = 0;
    ck_assert_uint_eq(rec(l[3])->type_refs, 0);
}
END_TEST

/* Something is always pending: each call does a part, the sum is the same. */
START_TEST(pin_in_parts)
{
    unsigned parts = 0;
    int ret;

    wide_tree(&guest, 20);
    host.preempt = true;
    do {
        ret = pt_pin(&guest, l4, PT_L4);
        ck_assert(page_audit());
        parts++;
    } while (ret == -ERESTART);
    ck_assert_int_eq(ret, 0);
    ck_assert_uint_ge(parts, 20 * 512 / MM_WORK_MAX);
    ck_assert_uint_eq(rec(data)->refs, 1 + 20 * 512);
    ck_assert_uint_eq(rec(data)->type_refs, 20 * 256);
    ck_assert_int_eq(pt_unpin(&guest, l4), 0);
    ck_assert_int_ge(drained(), 20 * 512 / MM_WORK_MAX - 2);
    ck_assert_uint_eq(rec(data)->refs, 1);
}
END_TEST

START_TEST(pin_without_interruption)
{
    wide_tree(&guest, 20);
    ck_assert_int_eq(pt_pin(&guest, l4, PT_L4), 0);
    ck_assert_uint_gt(host.nr_preempt_calls, 5); /* it did look */
    ck_assert_int_eq(pt_unpin(&guest, l4), 0);
}
END_TEST

/*
 * Stopped at every possible place of the tree, then given up: the account still comes back whole.
 */
START_TEST(given_up_half_way)
{
    wide_tree(&guest, 8);
    host.preempt = true;
    for (int i = 0; i < _i; i++)
        (void)!pt_pin(&guest, l4, PT_L4);
    ck_assert(page_audit());
}
END_TEST

START_TEST(partial_is_not_usable)
{
    struct page *page;

    wide_tree(&guest, 8);
    host.preempt = true;
    ck_assert_int_eq(pt_pin(&guest, l4, PT_L4), -ERESTART);
    page = page_of(l4);
    ck_assert(page->flags & PAGE_PARTIAL);
    mm_lock(&guest);
    ck_assert_int_eq(page_get_and_type(page, PT_WRITABLE, &guest), -EBUSY);
    ck_assert_int_eq(page_get_and_type(page, PT_L3, &guest), -EBUSY);
    ck_assert_int_eq(page_get_and_type(page, PT_SEGDESC, &guest), -EBUSY);
    mm_unlock(&guest);
    ck_assert_int_eq(update(slot(l4, 3), 0), -ERESTART); /* in the end, by the rig's bound */
    ck_assert_int_eq(pt_unpin(&guest, l4), -EINVAL);
    ck_assert(page_audit());
    /* Another vCPU asks for it as its root: it carries on and gets it. */
    host.preempt = false;
    ck_assert_int_eq(pt_root_get(&guest, l4), 0);
    ck_assert_int_eq(pt_pin(&guest, l4, PT_L4), 0);
    ck_assert_uint_eq(page->type_refs, 2);
    ck_assert_int_eq(pt_root_put(&guest, l4), 0);
}
END_TEST

/* The last entry looked at is bad: undoing is interrupted too, and the answer still comes. */
START_TEST(refusal_in_parts)
{
    int ret, parts = 0;
    mfn_t bad;

    wide_tree(&guest, 20);
    bad = entry_mfn(words(l2)[511]);
    words(bad)[511] = pte(m2p_first_frame(), P);
    host.preempt = true;
    while ((ret = pt_pin(&guest, l4, PT_L4)) == -ERESTART) {
        ck_assert(page_audit());
        ck_assert_int_lt(++parts, 100);
    }
    ck_assert_int_eq(ret, -EINVAL);
    ck_assert_int_ge(parts, 9);
    ck_assert(page_audit());
    ck_assert_int_ge(drained(), 8);
    ck_assert_uint_eq(rec(data)->refs, 1);
    ck_assert_uint_eq(rec(l4)->type_refs, 0);
    ck_assert_uint_eq(rec(l2)->refs, 1);
}
END_TEST

/* Unlinking a large subtree: the entry is gone at once, the rest before the next operation. */
START_TEST(unlink_in_parts)
{
    wide_tree(&guest, 20);
    ck_assert_int_eq(pt_pin(&guest, l4, PT_L4), 0);
    host.preempt = true;
    ck_assert_int_eq(update(slot(l4, 511), 0), 0);
    ck_assert_uint_eq(words(l4)[511], 0);
    ck_assert(page_audit());
    ck_assert(is_releasing(&guest));
    /* Whatever comes next sees it off first. */
    ck_assert_int_eq(update(slot(l2, 5), pte(data, P)), 0);
    ck_assert(!is_releasing(&guest));
    ck_assert_uint_eq(rec(l2)->type_refs, 0);
    ck_assert_uint_eq(rec(data)->refs, 1);
}
END_TEST

START_TEST(link_in_parts)
{
    wide_tree(&guest, 20);
    words(l4)[511] = 0;
    ck_assert_int_eq(pt_pin(&guest, l4, PT_L4), 0);
    ck_assert_int_eq(update(slot(l4, 511), pte(l3, RW)), 0);
    ck_assert_uint_eq(rec(data)->refs, 1 + 20 * 512);
    ck_assert_uint_eq(rec(l3)->type_refs, 1);
    ck_assert_int_eq(update(slot(l4, 510), pte(l3, RW)), 0);
    ck_assert_uint_eq(rec(l3)->type_refs, 2);
}
END_TEST

/* Two sides of the postponed puts: counts follow, and the mapper's CPUs are flushed before. */
START_TEST(foreign_mapping)
{
    mfn_t l1 = frame(&control), theirs = frame(&guest);
    uint64_t before;

    ck_assert_int_eq(pt_pin(&control, l1, PT_L1), 0);
    ck_assert_int_eq(update_from(&control, &guest, slot(l1, 0), pte(theirs, RW), PTE_NORMAL), 0);
    ck_assert_uint_eq(rec(theirs)->refs, 2);
    ck_assert_uint_eq(rec(theirs)->type_refs, 1);
    ck_assert(page_audit());
    mm_lock(&guest);
    ck_assert_int_eq(page_get_and_type(page_of(theirs), PT_L1, &guest), -EINVAL);
    mm_unlock(&guest);
    before = host.nr_flushes;
    host.flushed_cpus = 0;
    ck_assert_int_eq(update_from(&control, &control, slot(l1, 0), 0, PTE_NORMAL), 0);
    ck_assert_uint_eq(host.nr_flushes, before + 1);
    ck_assert_uint_eq(host.flushed_cpus, control.cpus);
    ck_assert_uint_eq(rec(theirs)->refs, 1);
    ck_assert_uint_eq(rec(theirs)->type_refs, 0);
}
END_TEST

START_TEST(foreign_needs_control)
{
    mfn_t l1 = frame(&guest), theirs = frame(&control);

    ck_assert_int_eq(pt_pin(&guest, l1, PT_L1), 0);
    ck_assert_int_eq(update_from(&guest, &control, slot(l1, 0), pte(theirs, P), PTE_NORMAL),
                     -EPERM);
    ck_assert_uint_eq(rec(theirs)->refs, 1);
}
END_TEST

START_TEST(foreign_of_a_dying_account)
{
    mfn_t l1 = frame(&control), theirs = frame(&guest);

    ck_assert_int_eq(pt_pin(&control, l1, PT_L1), 0);
    guest.is_dying = true;
    ck_assert_int_eq(update_from(&control, &guest, slot(l1, 0), pte(theirs, P), PTE_NORMAL),
                     -EINVAL);
    guest.is_dying = false;
}
END_TEST

/* A table full of foreign frames: more puts than the list holds. */
START_TEST(foreign_many)
{
    mfn_t l1 = frame(&control), theirs = frame(&guest);

    ck_assert_int_eq(pt_pin(&control, l1, PT_L1), 0);
    for (unsigned i = 0; i < 512; i++)
        ck_assert_int_eq(update_from(&control, &guest, slot(l1, i), pte(theirs, i & 1 ? RW : P),
                                     PTE_NORMAL), 0);
    ck_assert_uint_eq(rec(theirs)->refs, 513);
    ck_assert(page_audit());
    ck_assert_int_eq(pt_unpin(&control, l1), 0);
    ck_assert_uint_eq(rec(theirs)->refs, 1);
    ck_assert_uint_eq(rec(theirs)->type_refs, 0);
}
END_TEST

START_TEST(foreign_many_in_one_batch)
{
    mfn_t l1 = frame(&control), theirs = frame(&guest);
    struct pt_batch batch;
    unsigned i, stops = 0;
    int ret;

    ck_assert_int_eq(pt_pin(&control, l1, PT_L1), 0);
    pt_batch_begin(&batch, &control, &guest);
    for (i = 0; i < 512; i++)
        ck_assert_int_eq(pt_batch_update(&batch, slot(l1, i), pte(theirs, RW), PTE_NORMAL), 0);
    for (i = 0; i < 512;) {
        ret = pt_batch_update(&batch, slot(l1, i), 0, PTE_NORMAL);
        if (ret == 0) {
            i++;
            continue;
        }
        ck_assert_int_eq(ret, -ERESTART);
        pt_batch_end(&batch);
        stops++;
        pt_batch_begin(&batch, &control, &guest);
    }
    pt_batch_end(&batch);
    ck_assert_uint_eq(stops, 7); /* FOREIGN_PUTS_MAX at a time */
    ck_assert_uint_eq(rec(theirs)->refs, 1);
}
END_TEST

/* The last reference of a dead account's frame is a foreign one. */
START_TEST(foreign_outlives_owner)
{
    mfn_t l1 = frame(&control), theirs = frame(&guest);

    ck_assert_int_eq(pt_pin(&control, l1, PT_L1), 0);
    ck_assert_int_eq(update_from(&control, &guest, slot(l1, 0), pte(theirs, RW), PTE_NORMAL), 0);
    (void)frame(&guest);
    guest.is_dying = true;
    ck_assert_int_eq(account_relinquish(&guest), -EBUSY);
    ck_assert_uint_eq(guest.nr_frames, 1);
    ck_assert(page_audit());
    ck_assert_int_eq(update_from(&control, &control, slot(l1, 0), 0, PTE_NORMAL), 0);
    ck_assert_uint_eq(guest.nr_frames, 0);
    ck_assert_int_eq(account_relinquish(&guest), 0);
}
END_TEST

/* As the grant code does: references first, then the entry. */
static void grant_reference(struct mm_account *owner, mfn_t mfn)
{
    mm_lock(owner);
    ck_assert_int_eq(page_get_and_type(page_of(mfn), PT_WRITABLE, owner), 0);
    mm_unlock(owner);
}

START_TEST(grant_map_and_unmap)
{
    mfn_t l1 = frame(&guest), granted = frame(&control);

    ck_assert_int_eq(pt_pin(&guest, l1, PT_L1), 0);
    grant_reference(&control, granted);
    ck_assert_int_eq(pt_grant_map(&guest, slot(l1, 3), pte(granted, PTE_PRESENT | PTE_WRITE)), 0);
    ck_assert_uint_eq(words(l1)[3], pte(granted, RW));
    ck_assert(page_audit()); /* the entry accounts for the references */
    ck_assert_int_eq(pt_grant_map(&guest, slot(granted, 3), pte(granted, RW)), -EINVAL);
    ck_assert_int_eq(pt_grant_map(&guest, slot(l1, 4) + 1, pte(granted, RW)), -EINVAL);
    ck_assert_int_eq(pt_grant_unmap(&guest, slot(l1, 3), granted, true), -EINVAL);
    ck_assert_int_eq(pt_grant_unmap(&guest, slot(l1, 3), l1, false), -EINVAL);
    ck_assert_int_eq(pt_grant_unmap(&guest, slot(l1, 4), granted, false), -EINVAL);
    ck_assert_int_eq(pt_grant_unmap(&guest, slot(l1, 3), granted, false), 0);
    ck_assert_uint_eq(words(l1)[3], 0);
    ck_assert_uint_eq(rec(granted)->type_refs, 1); /* back with the grant code */
    mm_lock(&control);
    ck_assert_int_eq(page_put_and_type(page_of(granted)), 0);
    mm_unlock(&control);
}
END_TEST

/* Over an entry in use: what that held is put. */
START_TEST(grant_map_over_an_entry)
{
    mfn_t l1 = frame(&guest), own = frame(&guest), granted = frame(&control);

    words(l1)[3] = pte(own, RW);
    ck_assert_int_eq(pt_pin(&guest, l1, PT_L1), 0);
    ck_assert_uint_eq(rec(own)->refs, 2);
    grant_reference(&control, granted);
    ck_assert_int_eq(pt_grant_map(&guest, slot(l1, 3), pte(granted, RW)), 0);
    ck_assert_uint_eq(rec(own)->refs, 1);
    grant_reference(&control, granted);
    ck_assert_int_eq(pt_grant_map(&guest, slot(l1, 3), pte(granted, RW)), 0);
    ck_assert_uint_eq(rec(granted)->refs, 2);
    ck_assert(page_audit());
}
END_TEST

START_TEST(grant_zapped_by_the_guest)
{
    mfn_t l1 = frame(&guest), granted = frame(&control);

    ck_assert_int_eq(pt_pin(&guest, l1, PT_L1), 0);
    grant_reference(&control, granted);
    ck_assert_int_eq(pt_grant_map(&guest, slot(l1, 3), pte(granted, RW)), 0);
    /* Soft bits are the guest's; rights are not. */
    ck_assert_int_eq(update(slot(l1, 3), pte(granted, RW | BIT(9))), 0);
    ck_assert_int_eq(update(slot(l1, 3), pte(granted, P)), -EINVAL);
    ck_assert_int_eq(update(slot(l1, 3), 0), 0);
    ck_assert_uint_eq(rec(granted)->refs, 1);
    ck_assert_int_eq(pt_grant_unmap(&guest, slot(l1, 3), granted, false), -EINVAL);
}
END_TEST

START_TEST(grant_dropped_with_its_table)
{
    mfn_t l1 = frame(&guest), granted = frame(&control);

    ck_assert_int_eq(pt_pin(&guest, l1, PT_L1), 0);
    grant_reference(&control, granted);
    ck_assert_int_eq(pt_grant_map(&guest, slot(l1, 3), pte(granted, RW)), 0);
    ck_assert_int_eq(pt_unpin(&guest, l1), 0);
    ck_assert_uint_eq(rec(granted)->refs, 1);
    ck_assert_int_eq(pt_pin(&guest, l1, PT_L1), -EINVAL); /* it names a foreign frame now */
}
END_TEST

START_TEST(relinquish_in_parts)
{
    int ret, parts = 0;

    wide_tree(&guest, 20);
    ck_assert_int_eq(pt_pin(&guest, l4, PT_L4), 0);
    host.preempt = true;
    guest.is_dying = true;
    while ((ret = account_relinquish(&guest)) == -ERESTART) {
        ck_assert(page_audit());
        parts++;
    }
    ck_assert_int_eq(ret, 0);
    ck_assert_int_gt(parts, 10);
    ck_assert_uint_eq(frames_free(), free_at_start);
}
END_TEST

START_TEST(relinquish_waits_for_roots)
{
    mfn_t l[5];

    tree(&guest, l);
    ck_assert_int_eq(pt_root_get(&guest, l[4]), 0);
    hold(l[4], true);
    guest.is_dying = true;
    ck_assert_int_eq(account_relinquish(&guest), -EBUSY);
    ck_assert_uint_eq(guest.nr_frames, 4);
    ck_assert(page_audit());
    unhold();
    ck_assert_int_eq(pt_root_put(&guest, l[4]), 0);
    ck_assert_int_eq(account_relinquish(&guest), 0);
}
END_TEST

/* A guest that does anything at random keeps every count right: operations from a fixed seed. */
START_TEST(random_guest)
{
    mfn_t f[24], theirs = frame(&control);
    uint64_t seed = 88172645463325252u + (unsigned)_i;

    for (unsigned i = 0; i < ARRAY_SIZE(f); i++)
        f[i] = frame(&guest);
    for (unsigned n = 0; n < 4000; n++) {
        mfn_t x, y;
        uint64_t entry;

        seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
        x = f[seed % ARRAY_SIZE(f)];
        y = f[(seed >> 8) % ARRAY_SIZE(f)];
        entry = pte((seed >> 16) % 64 ? y : theirs, (seed >> 24) % 8 | ((seed >> 28) & 1 ? P : 0));
        host.preempt = (seed >> 32) & 1;
        switch ((seed >> 40) % 6) {
        case 0:
            (void)!pt_pin(&guest, x, PT_L1 + (seed >> 44) % 4);
            break;
        case 1:
            (void)!pt_unpin(&guest, x);
            break;
        case 2:
            (void)!pt_emulated_write(&guest, slot(x, (seed >> 48) % 512), entry, 8, NULL);
            break;
        default: {
            struct pt_batch batch;

            pt_batch_begin(&batch, &guest, &guest);
            (void)!pt_batch_update(&batch, slot(x, (seed >> 48) % 512), entry,
                                   (seed >> 60) % 3);
            pt_batch_end(&batch);
        }
        }
        if (n % 64 == 0)
            ck_assert(page_audit());
        /* The first promise: no table or descriptor page has a writable mapping. */
        ck_assert(!(rec(x)->flags & PAGE_VALIDATED) || is_table_type(rec(x)->type));
    }
    host.preempt = false;
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        pin_and_unpin, pin_refuses, roots, pin_in_parts, pin_without_interruption,
        partial_is_not_usable, refusal_in_parts, unlink_in_parts, link_in_parts, foreign_mapping,
        foreign_needs_control, foreign_of_a_dying_account, foreign_many, foreign_many_in_one_batch,
        foreign_outlives_owner, grant_map_and_unmap, grant_map_over_an_entry,
        grant_zapped_by_the_guest,
        grant_dropped_with_its_table, relinquish_in_parts, relinquish_waits_for_roots,
    };

    looped[0] = (struct looped){ given_up_half_way, 12 };
    looped[1] = (struct looped){ random_guest, 8 };
    return run("life", tests, ARRAY_SIZE(tests));
}
