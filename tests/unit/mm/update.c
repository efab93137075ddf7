/* SPDX-License-Identifier: MIT */
/* Updates of tables in use: by batch, by virtual address, as a trapped write. */
#include "mm/rig.h"

#define AD (PTE_ACCESSED | PTE_DIRTY)

/* A pinned tree; frames of its levels in t[], two data frames. */
static mfn_t t[5], a, b;

static void pinned(void)
{
    tree(&guest, t);
    a = frame(&guest);
    b = frame(&guest);
    ck_assert_int_eq(pt_pin(&guest, t[4], PT_L4), 0);
}

START_TEST(l1_life)
{
    pinned();
    ck_assert_int_eq(update(slot(t[1], 5), pte(a, RW)), 0); /* none -> present */
    ck_assert_uint_eq(rec(a)->type_refs, 1);
    ck_assert_int_eq(update(slot(t[1], 5), pte(b, RW)), 0); /* present -> other */
    ck_assert_uint_eq(rec(a)->type_refs, 0);
    ck_assert_uint_eq(rec(a)->refs, 1);
    ck_assert_uint_eq(rec(b)->type_refs, 1);
    ck_assert_int_eq(update(slot(t[1], 5), pte(b, P)), 0); /* less permissive */
    ck_assert_uint_eq(rec(b)->type_refs, 0);
    ck_assert_uint_eq(rec(b)->refs, 2);
    ck_assert_int_eq(update(slot(t[1], 5), 0x123456780), 0); /* present -> none, any content */
    ck_assert_uint_eq(words(t[1])[5], 0x123456780);
    ck_assert_uint_eq(rec(b)->refs, 1);
}
END_TEST

START_TEST(l1_soft_change)
{
    pinned();
    ck_assert_int_eq(update(slot(t[1], 5), pte(a, RW)), 0);
    ck_assert_int_eq(update(slot(t[1], 5), pte(a, RW | AD | BIT(10) | BIT(58))), 0);
    ck_assert_uint_eq(words(t[1])[5], pte(a, RW | AD | BIT(10) | BIT(58)));
    ck_assert_uint_eq(rec(a)->refs, 2);
    /* The user bit is forced and the global bit dropped here as well. */
    ck_assert_int_eq(update(slot(t[1], 5), pte(a, PTE_PRESENT | PTE_WRITE | PTE_GLOBAL)), 0);
    ck_assert_uint_eq(words(t[1])[5], pte(a, RW));
}
END_TEST

/* Only RW changes: never a fast path. */
START_TEST(l1_gaining_write_is_checked)
{
    pinned();
    ck_assert_int_eq(update(slot(t[1], 5), pte(t[1], P)), 0);
    ck_assert_int_eq(update(slot(t[1], 5), pte(t[1], RW)), -EINVAL);
    ck_assert_int_eq(update(slot(t[1], 6), pte(t[4], P)), 0);
    ck_assert_int_eq(update(slot(t[1], 6), pte(t[4], RW)), -EINVAL);
    ck_assert_uint_eq(words(t[1])[5], pte(t[1], P));
    ck_assert_int_eq(update(slot(t[1], 7), pte(a, P)), 0);
    ck_assert_int_eq(update(slot(t[1], 7), pte(a, RW)), 0);
    ck_assert_uint_eq(rec(a)->type_refs, 1);
}
END_TEST

START_TEST(l1_cache_bits)
{
    pinned();
    ck_assert_int_eq(update(slot(t[1], 5), pte(a, RW)), 0);
    ck_assert_int_eq(update(slot(t[1], 5), pte(a, RW | PTE_PCD | PTE_PWT | PTE_PAT)), 0);
    ck_assert_uint_eq(words(t[1])[5], pte(a, RW));
    ck_assert_uint_eq(rec(a)->refs, 2);
}
END_TEST

START_TEST(l1_refusal_changes_nothing)
{
    struct page *before;

    pinned();
    ck_assert_int_eq(update(slot(t[1], 5), pte(a, RW)), 0);
    before = snapshot();
    ck_assert_int_eq(update(slot(t[1], 5), pte(m2p_first_frame(), P)), -EINVAL);
    ck_assert_int_eq(update(slot(t[1], 5), pte(frame(&control), P)), -EINVAL);
    ck_assert_int_eq(update(slot(t[1], 5), pte(t[2], RW)), -EINVAL);
    ck_assert_int_eq(update(slot(t[1], 5), pte(b, P | BIT(48))), -EINVAL);
    ck_assert_int_eq(update(slot(t[1], 5), pte(_mfn(0xfee00), P)), -EPERM);
    ck_assert_uint_eq(words(t[1])[5], pte(a, RW));
    for (uint64_t i = 0; i < frames_end; i++) {
        if (frame_table[i].owner == guest.slot)
            ck_assert_uint_eq(before[i].refs, frame_table[i].refs);
    }
    free(before);
}
END_TEST

START_TEST(preserve_ad)
{
    pinned();
    ck_assert_int_eq(update(slot(t[1], 5), pte(a, RW | AD)), 0);
    ck_assert_int_eq(update_from(&guest, &guest, slot(t[1], 5), pte(a, P), PTE_PRESERVE_AD), 0);
    ck_assert_uint_eq(words(t[1])[5], pte(a, P | AD));
    ck_assert_int_eq(update_from(&guest, &guest, slot(t[1], 5), pte(a, P | BIT(9)),
                     PTE_PRESERVE_AD),
                     0);
    ck_assert_uint_eq(words(t[1])[5], pte(a, P | AD | BIT(9)));
    ck_assert_int_eq(update(slot(t[1], 5), pte(a, P)), 0);
    ck_assert_uint_eq(words(t[1])[5], pte(a, P));
    ck_assert_int_eq(update_from(&guest, &guest, slot(t[1], 5), pte(b, RW), PTE_NO_TRANSLATE), 0);
    ck_assert_uint_eq(words(t[1])[5], pte(b, RW));
}
END_TEST

START_TEST(bad_places)
{
    pinned();
    ck_assert_int_eq(update(slot(t[1], 5) + 4, 0), -EINVAL); /* not aligned */
    ck_assert_int_eq(update(slot(frame(&control), 5), 0), -EINVAL);
    ck_assert_int_eq(update(slot(m2p_first_frame(), 5), 0), -EINVAL);
    ck_assert_int_eq(update(UINT64_MAX & ~UINT64_C(7), 0), -EINVAL);
    ck_assert_int_eq(update(UINT64_C(0xfee00) << PAGE_SHIFT, 0), -EINVAL);
}
END_TEST

START_TEST(plain_word)
{
    pinned();
    ck_assert_int_eq(update(slot(a, 9), 0xabcdef), 0); /* no table */
    ck_assert_uint_eq(words(a)[9], 0xabcdef);
    ck_assert_uint_eq(rec(a)->type_refs, 0);
    ck_assert_int_eq(update(slot(t[1], 5), pte(a, RW)), 0);
    ck_assert_int_eq(update(slot(a, 9), 7), 0); /* writable anyway */
    ck_assert_uint_eq(words(a)[9], 7);
    ck_assert_int_eq(frame_get(&guest, b, PT_SEGDESC), 0);
    ck_assert_int_eq(update(slot(b, 9), 7), -EINVAL); /* descriptors are no plain words */
    frame_put(&guest, b);
}
END_TEST

/* Link and unlink a child at each level above L1. */
START_TEST(upper_levels)
{
    pinned();
    for (unsigned level = 2; level <= 4; level++) {
        mfn_t child = frame(&guest);

        ck_assert_int_eq(update(slot(t[level], 9), pte(child, PTE_PRESENT)), 0);
        ck_assert_uint_eq(words(t[level])[9], pte(child, P));
        ck_assert_uint_eq(rec(child)->type, PT_L1 + level - 2);
        ck_assert_uint_eq(rec(child)->type_refs, 1);
        ck_assert(page_audit());
        ck_assert_int_eq(update(slot(t[level], 9), pte(child, RW | PTE_ACCESSED | BIT(11))), 0);
        ck_assert_uint_eq(rec(child)->type_refs, 1);
        ck_assert_int_eq(update(slot(t[level], 9), pte(t[level - 1], RW)), 0);
        ck_assert_uint_eq(rec(child)->type_refs, 0);
        ck_assert_uint_eq(rec(t[level - 1])->type_refs, 2);
        ck_assert_int_eq(update(slot(t[level], 9), 0), 0);
        ck_assert(page_audit());
    }
}
END_TEST

START_TEST(upper_levels_refuse)
{
    pinned();
    for (unsigned level = 2; level <= 4; level++) {
        ck_assert_int_eq(update(slot(t[level], 9), pte(a, P | PTE_PAT)), -EINVAL);
        ck_assert_int_eq(update(slot(t[level], 9), pte(t[level], RW)), -EINVAL);
        ck_assert_int_eq(update(slot(t[level], 9), pte(m2p_first_frame(), P)), -EINVAL);
        ck_assert_int_eq(update(slot(t[level], 0), pte(t[level - 1], RW | PTE_PAT)), -EINVAL);
        ck_assert_uint_eq(words(t[level])[9], 0);
    }
}
END_TEST

/* A frame mapped writable cannot be linked as a table; unmapped, it can. */
START_TEST(writable_child_refused)
{
    pinned();
    ck_assert_int_eq(update(slot(t[1], 5), pte(a, RW)), 0);
    ck_assert_int_eq(update(slot(t[2], 9), pte(a, RW)), -EINVAL);
    ck_assert_int_eq(update(slot(t[1], 5), pte(a, P)), 0);
    ck_assert_int_eq(update(slot(t[2], 9), pte(a, RW)), 0);
}
END_TEST

START_TEST(hypervisor_slots)
{
    pinned();
    for (unsigned i = 256; i < 272; i++) {
        ck_assert_int_eq(update(slot(t[4], i), 0), -EINVAL);
        ck_assert_int_eq(update(slot(t[4], i), pte(t[3], P)), -EINVAL);
        ck_assert_uint_eq(words(t[4])[i], HOST_L4_ENTRY(i));
    }
    ck_assert_int_eq(update(slot(t[4], 255), pte(t[3], P)), 0);
    ck_assert_int_eq(update(slot(t[4], 272), pte(t[3], P)), 0);
}
END_TEST

START_TEST(slot_of_va)
{
    maddr_t cr3;

    pinned();
    cr3 = mfn_to_maddr(t[4]);
    ck_assert_uint_eq(pt_l1_slot(cr3, 0x5000), slot(t[1], 5));
    ck_assert_uint_eq(pt_l1_slot(cr3, 0x200000), 0);
    ck_assert_uint_eq(pt_l1_slot(cr3, UINT64_C(1) << 39), 0);
    ck_assert_uint_eq(pt_l1_slot(cr3, UINT64_C(0x800000000000)), 0);
    ck_assert_uint_eq(pt_l1_slot(cr3, HYPERVISOR_START), 0);
    ck_assert_uint_eq(pt_l1_slot(cr3, HYPERVISOR_END - 1), 0);
    ck_assert_uint_eq(pt_l1_slot(UINT64_C(0xfee00000), 0), 0);
    ck_assert_uint_eq(pt_l1_slot(mfn_to_maddr(a), 0), 0);
    /* Through the self map, a table stands where the L1 would: not taken for one. */
    ck_assert_int_eq(update(slot(t[4], 7), pte(t[4], P)), 0);
    ck_assert_int_eq(pt_update_va(&guest, &guest, cr3, UINT64_C(7) << 39, pte(a, RW)), -EINVAL);
}
END_TEST

START_TEST(by_va)
{
    maddr_t cr3;

    pinned();
    cr3 = mfn_to_maddr(t[4]);
    ck_assert_int_eq(pt_update_va(&guest, &guest, cr3, 0x7123, pte(a, RW)), 0);
    ck_assert_uint_eq(words(t[1])[7], pte(a, RW));
    ck_assert_int_eq(pt_update_va(&guest, &guest, cr3, 0x7000, pte(t[1], RW)), -EINVAL);
    ck_assert_int_eq(pt_update_va(&guest, &guest, cr3, 0x200000, pte(a, RW)), -EINVAL);
    ck_assert_int_eq(pt_update_va(&guest, &guest, cr3, UINT64_C(1) << 47, 0), -EINVAL);
    ck_assert_int_eq(pt_update_va(&guest, &guest, cr3, HYPERVISOR_START, 0), -EINVAL);
    ck_assert_int_eq(pt_update_va(&guest, &guest, cr3, 0x7000, 0), 0);
    ck_assert_uint_eq(rec(a)->refs, 1);
}
END_TEST

START_TEST(trapped_write)
{
    pinned();
    ck_assert_int_eq(pt_emulated_write(&guest, slot(t[1], 5), pte(a, RW), 8, NULL), 0);
    ck_assert_uint_eq(rec(a)->type_refs, 1);
    /* The low byte alone: loses RW. */
    ck_assert_int_eq(pt_emulated_write(&guest, slot(t[1], 5), P, 1, NULL), 0);
    ck_assert_uint_eq(words(t[1])[5], pte(a, P));
    ck_assert_uint_eq(rec(a)->type_refs, 0);
    /* The upper half: NX. */
    ck_assert_int_eq(pt_emulated_write(&guest, slot(t[1], 5) + 4,
                                       (pte(a, 0) >> 32) | (PTE_NX >> 32), 4, NULL), 0);
    ck_assert_uint_eq(words(t[1])[5], pte(a, P | PTE_NX));
    ck_assert_int_eq(pt_emulated_write(&guest, slot(t[1], 5), 0, 2, NULL), 0);
    ck_assert_uint_eq(rec(a)->refs, 1);
}
END_TEST

/* Whatever the width, not a bit beside it changes; an entry that is not present holds anything. */
START_TEST(trapped_write_narrow)
{
    const uint64_t all = ~(uint64_t)P;

    pinned();
    for (unsigned bytes = 1; bytes < 8; bytes *= 2) {
        uint64_t width = (UINT64_C(1) << bytes * 8) - 1;

        for (unsigned at = 0; at < 8; at += bytes) {
            ck_assert_int_eq(pt_emulated_write(&guest, slot(t[1], 5), all, 8, NULL), 0);
            ck_assert_int_eq(pt_emulated_write(&guest, slot(t[1], 5) + at, 0, bytes, NULL), 0);
            ck_assert_uint_eq(words(t[1])[5], all & ~(width << at * 8));
        }
    }
}
END_TEST

START_TEST(trapped_write_refused)
{
    pinned();
    ck_assert_int_eq(pt_emulated_write(&guest, slot(t[1], 5), pte(t[1], RW), 8, NULL), -EINVAL);
    ck_assert_int_eq(pt_emulated_write(&guest, slot(t[2], 5), 0, 8, NULL), -EINVAL); /* L1 only */
    ck_assert_int_eq(pt_emulated_write(&guest, slot(a, 5), 0, 8, NULL), -EINVAL);
    ck_assert_int_eq(pt_emulated_write(&guest, slot(t[1], 5) + 4, 0, 8, NULL), -EINVAL);
    ck_assert_int_eq(pt_emulated_write(&guest, slot(t[1], 5), 0, 3, NULL), -EINVAL);
    ck_assert_int_eq(pt_emulated_write(&guest, slot(t[1], 5), 0, 16, NULL), -EINVAL);
    ck_assert_int_eq(pt_emulated_write(&control, slot(t[1], 5), 0, 8, NULL), -EINVAL);
    ck_assert_uint_eq(words(t[1])[5], 0);
}
END_TEST

START_TEST(trapped_compare_exchange)
{
    uint64_t expect = 0;

    pinned();
    ck_assert_int_eq(pt_emulated_write(&guest, slot(t[1], 5), pte(a, RW), 8, &expect), 0);
    ck_assert_uint_eq(expect, 0);
    ck_assert_uint_eq(words(t[1])[5], pte(a, RW));
    expect = 0;
    ck_assert_int_eq(pt_emulated_write(&guest, slot(t[1], 5), pte(b, RW), 8, &expect), 0);
    ck_assert_uint_eq(expect, pte(a, RW)); /* found, not written */
    ck_assert_uint_eq(words(t[1])[5], pte(a, RW));
    ck_assert_uint_eq(rec(b)->refs, 1);
    expect = (pte(a, RW) & 0xffff);
    ck_assert_int_eq(pt_emulated_write(&guest, slot(t[1], 5), pte(a, P) & 0xffff, 2, &expect), 0);
    ck_assert_uint_eq(words(t[1])[5], pte(a, P));
    expect = pte(a, P);
    ck_assert_int_eq(pt_emulated_write(&guest, slot(t[1], 5), pte(t[1], RW), 8, &expect), -EINVAL);
}
END_TEST

/* The frame stays when its owner's reference goes while it is mapped, and goes with the mapping. */
START_TEST(given_back_while_mapped)
{
    uint64_t had;

    pinned();
    ck_assert_int_eq(update(slot(t[1], 5), pte(a, RW)), 0);
    mm_lock(&guest);
    ck_assert(page_give_back(page_of(a), &guest));
    mm_unlock(&guest);
    ck_assert_uint_eq(rec(a)->owner, guest.slot);
    had = frames_free();
    ck_assert_int_eq(update(slot(t[1], 5), 0), 0);
    ck_assert_uint_eq(rec(a)->owner, OWNER_NONE);
    ck_assert_uint_eq(frames_free(), had + 1);
}
END_TEST

/*
 * The release of a table is interrupted, and the table is all that is left of its frame. The next
 * update names an entry of it: finishing the release first frees the frame, which is nobody's then.
 * Its record, on a free list of order 3, must not pass for that of a table.
 */
START_TEST(frame_gone_with_its_release)
{
    mfn_t block, neighbour;
    struct pt_batch batch;
    int ret;

    pinned();
    /* A flush clock that is not at its start. */
    block = frames_alloc(&guest, 0, 0);
    mm_lock(&guest);
    ck_assert(page_give_back(page_of(block), &guest));
    mm_unlock(&guest);
    (void)frame(&guest);
    /* Two blocks that may not join, of which the first is freed but for the table. */
    block = frames_alloc(&guest, 4, 0);
    neighbour = _mfn(mfn_x(block) + 8);
    ck_assert_int_eq(update(slot(t[2], 9), pte(block, RW)), 0);
    mm_lock(&guest);
    for (unsigned i = 0; i < 8; i++)
        ck_assert(page_give_back(page_of(_mfn(mfn_x(block) + i)), &guest));
    mm_unlock(&guest);

    pt_batch_begin(&batch, &guest, &guest);
    this_cpu(mm_cpu).work_left = 0;
    ret = pt_batch_update(&batch, slot(t[2], 9), 0, PTE_NORMAL);
    pt_batch_end(&batch);
    ck_assert_int_eq(ret, 0);
    ck_assert_uint_eq(rec(block)->owner, guest.slot);
    ck_assert(rec(block)->flags & PAGE_RELEASING);

    ck_assert_int_eq(update(slot(block, 3), pte(t[1], RW)), -EINVAL);
    ck_assert_uint_eq(rec(block)->owner, OWNER_NONE);
    ck_assert_uint_eq(rec(block)->type, 3);
    ck_assert_uint_eq(words(block)[3], 0);
    ck_assert_uint_eq(rec(neighbour)->owner, guest.slot);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        l1_life, l1_soft_change, l1_gaining_write_is_checked, l1_cache_bits,
        l1_refusal_changes_nothing, preserve_ad, bad_places, plain_word, upper_levels,
        upper_levels_refuse, writable_child_refused, hypervisor_slots, slot_of_va, by_va,
        trapped_write, trapped_write_narrow, trapped_write_refused, trapped_compare_exchange,
        given_back_while_mapped,
        frame_gone_with_its_release,
    };

    return run("update", tests, ARRAY_SIZE(tests));
}
