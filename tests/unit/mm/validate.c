/* SPDX-License-Identifier: MIT */
/* Validation of each level: what is accepted, what is refused, and that refusal changes nothing. */
#include "mm/rig.h"

#define NX     PTE_NX
#define AVAILS (BIT(9) | BIT(11) | BIT(52) | BIT(58) | BIT(62))

/* Pin `mfn` as `level` must be refused and leave every count as it was. */
static void refused(mfn_t mfn, enum page_type level)
{
    struct page *before = snapshot();

    ck_assert_int_eq(pt_pin(&guest, mfn, level), -EINVAL);
    same_as(before);
    ck_assert(page_audit());
}

START_TEST(whole_tree)
{
    mfn_t l[5], data = frame(&guest);

    tree(&guest, l);
    words(l[1])[3] = pte(data, RW);
    words(l[1])[4] = pte(data, P);
    words(l[1])[5] = pte(l[1], P); /* tables may be looked at */
    words(l[1])[6] = pte(l[4], P);
    ck_assert_int_eq(pt_pin(&guest, l[4], PT_L4), 0);
    for (unsigned level = 1; level <= 4; level++) {
        ck_assert_uint_eq(rec(l[level])->type, PT_L1 + level - 1);
        ck_assert_uint_eq(rec(l[level])->type_refs, 1);
        ck_assert(rec(l[level])->flags & PAGE_VALIDATED);
    }
    ck_assert_uint_eq(rec(data)->refs, 3);
    ck_assert_uint_eq(rec(data)->type_refs, 1);
    ck_assert_uint_eq(rec(l[4])->refs, 3);
}
END_TEST

START_TEST(entries_are_adjusted)
{
    mfn_t l[5], data = frame(&guest);

    tree(&guest, l);
    words(l[1])[0] = pte(data, PTE_PRESENT | PTE_GLOBAL | PTE_PCD | PTE_PAT | AVAILS | NX);
    words(l[2])[0] = pte(l[1], PTE_PRESENT | PTE_WRITE);
    words(l[4])[0] = pte(l[3], PTE_PRESENT | AVAILS | NX);
    ck_assert_int_eq(pt_pin(&guest, l[4], PT_L4), 0);
    ck_assert_uint_eq(words(l[1])[0], pte(data, P | AVAILS | NX));
    ck_assert_uint_eq(words(l[2])[0], pte(l[1], RW));
    ck_assert_uint_eq(words(l[4])[0], pte(l[3], P | AVAILS | NX));
}
END_TEST

START_TEST(not_present_is_free)
{
    mfn_t l1 = frame(&guest);

    for (unsigned i = 0; i < 512; i++)
        words(l1)[i] = ~UINT64_C(1) * (i + 1) & ~UINT64_C(1);
    ck_assert_int_eq(pt_pin(&guest, l1, PT_L1), 0);
    ck_assert_uint_eq(words(l1)[0], ~UINT64_C(1));
}
END_TEST

START_TEST(hypervisor_slots_are_overwritten)
{
    mfn_t l4 = frame(&guest);

    for (unsigned i = 256; i < 272; i++)
        words(l4)[i] = pte(m2p_first_frame(), RW | PTE_PAT);
    ck_assert_int_eq(pt_pin(&guest, l4, PT_L4), 0);
    for (unsigned i = 256; i < 272; i++)
        ck_assert_uint_eq(words(l4)[i], HOST_L4_ENTRY(i));
    ck_assert_int_eq(pt_unpin(&guest, l4), 0);
}
END_TEST

START_TEST(l1_refuses_foreign)
{
    mfn_t l1 = frame(&guest), own = frame(&guest);

    words(l1)[0] = pte(own, RW);
    words(l1)[9] = pte(frame(&control), P);
    refused(l1, PT_L1);
}
END_TEST

START_TEST(l1_refuses_hypervisor)
{
    mfn_t l1 = frame(&guest);

    words(l1)[511] = pte(m2p_first_frame(), P);
    refused(l1, PT_L1);
}
END_TEST

START_TEST(l1_refuses_free)
{
    mfn_t l1 = frame(&guest);

    words(l1)[511] = pte(_mfn(20), P);
    refused(l1, PT_L1);
}
END_TEST

START_TEST(l1_refuses_writable_table)
{
    mfn_t l1 = frame(&guest), other = frame(&guest);

    ck_assert_int_eq(pt_pin(&guest, other, PT_L1), 0);
    words(l1)[1] = pte(other, RW);
    refused(l1, PT_L1);
}
END_TEST

START_TEST(l1_refuses_itself_writable)
{
    mfn_t l1 = frame(&guest);

    words(l1)[1] = pte(l1, RW);
    refused(l1, PT_L1);
}
END_TEST

START_TEST(l1_refuses_reserved_bits)
{
    mfn_t l1 = frame(&guest);

    words(l1)[1] = pte(frame(&guest), P | BIT(46)); /* beyond the processor's addresses */
    refused(l1, PT_L1);
    words(l1)[1] = pte(frame(&guest), P | BIT(51));
    refused(l1, PT_L1);
}
END_TEST

START_TEST(device_memory)
{
    mfn_t l1 = frame(&control), mine = frame(&guest);

    words(l1)[0] = pte(_mfn(0xfee00), RW | PTE_PCD | PTE_PWT);
    ck_assert_int_eq(pt_pin(&control, l1, PT_L1), 0);
    ck_assert_uint_eq(words(l1)[0], pte(_mfn(0xfee00), RW | PTE_PCD | PTE_PWT));
    words(mine)[0] = pte(_mfn(0xfee00), P);
    ck_assert_int_eq(pt_pin(&guest, mine, PT_L1), -EINVAL);
    words(mine)[0] = 0;
}
END_TEST

START_TEST(device_memory_refused)
{
    mfn_t l1 = frame(&control);

    ck_assert_int_eq(pt_pin(&control, l1, PT_L1), 0);
    ck_assert_int_eq(update_from(&control, &control, slot(l1, 0), pte(_mfn(0xfffff), P),
                     PTE_NORMAL),
                     -EPERM);
    ck_assert_int_eq(update(slot(l1, 0), pte(_mfn(0xffffe), P)), -EINVAL);
    /* The hypervisor's own: to look at only. */
    host.ours = _mfn(0xfec00);
    ck_assert_int_eq(update_from(&control, NULL, slot(l1, 1), pte(_mfn(0xfec00), RW), PTE_NORMAL),
                     0);
    ck_assert_uint_eq(words(l1)[1], pte(_mfn(0xfec00), P));
    /* DOMID_IO names no RAM. */
    ck_assert_int_eq(update_from(&control, NULL, slot(l1, 2), pte(frame(&control), P), PTE_NORMAL),
                     -EPERM);
}
END_TEST

START_TEST(device_range_below_ram_end)
{
    mfn_t l1 = frame(&control);

    frames_add_device(3 * PAGE_SIZE, 4 * PAGE_SIZE + 1);
    ck_assert_int_eq(pt_pin(&control, l1, PT_L1), 0);
    ck_assert_int_eq(update_from(&control, &control, slot(l1, 0), pte(_mfn(4), RW), PTE_NORMAL), 0);
    ck_assert_int_eq(update_from(&control, &control, slot(l1, 1), pte(_mfn(5), P), PTE_NORMAL),
                     -EINVAL); /* the hypervisor's */
    ck_assert_int_eq(update_from(&control, &control, slot(l1, 0), 0, PTE_NORMAL), 0);
}
END_TEST

/* Page size, global and cache bits above L1; the loop index is the level of the table. */
START_TEST(upper_levels_refuse_flags)
{
    static const uint64_t bad[] = { PTE_PAT, PTE_GLOBAL, PTE_PCD, PTE_PWT, BIT(46), BIT(50) };

    for (unsigned level = 2; level <= 4; level++) {
        for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
            mfn_t l[5];

            tree(&guest, l);
            words(l[level])[0] |= bad[i];
            refused(l[level], PT_L1 + level - 1);
        }
    }
}
END_TEST

START_TEST(upper_levels_refuse_frames)
{
    for (unsigned level = 2; level <= 4; level++) {
        mfn_t l[5];

        tree(&guest, l);
        words(l[level])[100] = pte(_mfn(HOST_FRAMES_MAX), P); /* not RAM */
        refused(l[level], PT_L1 + level - 1);
        words(l[level])[100] = pte(frame(&control), P);
        refused(l[level], PT_L1 + level - 1);
        words(l[level])[100] = pte(m2p_first_frame(), P);
        refused(l[level], PT_L1 + level - 1);
    }
}
END_TEST

START_TEST(wrong_level_child)
{
    mfn_t l[5], l2 = frame(&guest);

    tree(&guest, l);
    ck_assert_int_eq(pt_pin(&guest, l[3], PT_L3), 0);
    words(l2)[7] = pte(l[2], P); /* an L2 below an L2 */
    refused(l2, PT_L2);
    words(l2)[7] = pte(l[3], P);
    refused(l2, PT_L2);
}
END_TEST

START_TEST(same_level_loop)
{
    mfn_t a = frame(&guest), b = frame(&guest);

    words(a)[0] = pte(b, P);
    words(b)[0] = pte(a, P);
    refused(a, PT_L3);
    refused(a, PT_L4);
    ck_assert_int_eq(pt_pin(&guest, a, PT_L2), 0); /* b is an L1 then, and only looks at a */
    ck_assert_uint_eq(rec(b)->type, PT_L1);
}
END_TEST

START_TEST(deep_refusal)
{
    mfn_t l[5];

    tree(&guest, l);
    words(l[2])[3] = pte(frame(&guest), P);
    words(l[1])[511] = pte(m2p_first_frame(), RW); /* the last entry looked at spoils it all */
    words(l[1])[510] = pte(frame(&guest), RW);
    refused(l[4], PT_L4);
}
END_TEST

START_TEST(self_map)
{
    mfn_t l4 = frame(&guest);

    words(l4)[100] = pte(l4, P);
    ck_assert_int_eq(pt_pin(&guest, l4, PT_L4), 0);
    ck_assert_uint_eq(rec(l4)->type_refs, 1);
    ck_assert_uint_eq(rec(l4)->refs, 2);
    ck_assert_int_eq(update(slot(l4, 101), pte(l4, P)), 0);
    ck_assert_int_eq(update(slot(l4, 100), 0), 0);
    ck_assert_int_eq(update(slot(l4, 101), pte(l4, RW)), -EINVAL);
    ck_assert(page_audit());
    ck_assert_int_eq(pt_unpin(&guest, l4), 0);
    ck_assert_uint_eq(rec(l4)->refs, 1);
    words(l4)[101] = pte(l4, RW);
    refused(l4, PT_L4);
}
END_TEST

START_TEST(shared_tables_count)
{
    mfn_t l[5], m[5];

    tree(&guest, l);
    tree(&guest, m);
    words(m[4])[0] = pte(l[3], RW);
    words(l[2])[1] = words(l[2])[2] = pte(l[1], RW);
    ck_assert_int_eq(pt_pin(&guest, l[4], PT_L4), 0);
    ck_assert_int_eq(pt_pin(&guest, m[4], PT_L4), 0);
    ck_assert_uint_eq(rec(l[3])->type_refs, 2);
    ck_assert_uint_eq(rec(l[1])->type_refs, 3);
    ck_assert(page_audit());
    ck_assert_int_eq(pt_unpin(&guest, l[4]), 0);
    ck_assert_uint_eq(rec(l[3])->type_refs, 1);
    ck_assert(page_audit());
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        whole_tree, entries_are_adjusted, not_present_is_free, hypervisor_slots_are_overwritten,
        l1_refuses_foreign, l1_refuses_hypervisor, l1_refuses_free, l1_refuses_writable_table,
        l1_refuses_itself_writable, l1_refuses_reserved_bits, device_memory, device_memory_refused,
        device_range_below_ram_end, upper_levels_refuse_flags, upper_levels_refuse_frames,
        wrong_level_child, same_level_loop, deep_refusal, self_map, shared_tables_count,
    };

    return run("validate", tests, ARRAY_SIZE(tests));
}
