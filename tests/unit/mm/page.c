/* SPDX-License-Identifier: MIT */
/* References and flat types: who may take them, what excludes what, what frees a frame. */
#include "mm/rig.h"

START_TEST(get_and_put)
{
    struct page *page = page_of(frame(&guest));

    mm_lock(&guest);
    ck_assert(page_get(page, &guest));
    ck_assert_uint_eq(page->refs, 2);
    page_put(page);
    ck_assert_uint_eq(page->refs, 1);
    mm_unlock(&guest);
}
END_TEST

START_TEST(only_the_owner)
{
    struct page *page = page_of(frame(&guest));

    mm_lock(&control);
    ck_assert(!page_get(page, &control));
    ck_assert_int_eq(page_get_and_type(page, PT_WRITABLE, &control), -EINVAL);
    ck_assert_int_eq(page_get_and_type(page, PT_L1, &control), -EINVAL);
    ck_assert(!page_get(page_of(m2p_first_frame()), &control));
    ck_assert(!page_get(page_of(_mfn(20)), &control)); /* free */
    mm_unlock(&control);
}
END_TEST

START_TEST(none_of_a_dying_owner)
{
    struct page *page = page_of(frame(&guest));

    guest.is_dying = true;
    mm_lock(&guest);
    ck_assert(!page_get(page, &guest));
    ck_assert_int_eq(page_get_and_type(page, PT_L1, &guest), -EINVAL);
    mm_unlock(&guest);
    guest.is_dying = false;
}
END_TEST

START_TEST(full_count_refuses)
{
    struct page *page = page_of(frame(&guest));

    mm_lock(&guest);
    page->refs = UINT32_MAX - 1;
    ck_assert(!page_get(page, &guest));
    ck_assert_int_eq(page_get_and_type(page, PT_WRITABLE, &guest), -EINVAL);
    ck_assert_uint_eq(page->refs, UINT32_MAX - 1);
    page->refs = 1;
    mm_unlock(&guest);
}
END_TEST

START_TEST(writable_excludes_table)
{
    struct page *page = page_of(frame(&guest));

    mm_lock(&guest);
    ck_assert_int_eq(page_get_and_type(page, PT_WRITABLE, &guest), 0);
    for (unsigned type = PT_L1; type <= PT_SEGDESC; type++)
        ck_assert_int_eq(page_get_and_type(page, type, &guest), -EINVAL);
    ck_assert_uint_eq(page->type_refs, 1);
    ck_assert_int_eq(page_put_and_type(page), 0);
    mm_unlock(&guest);
}
END_TEST

START_TEST(table_excludes_writable)
{
    struct page *page = page_of(frame(&guest));

    mm_lock(&guest);
    ck_assert_int_eq(page_get_and_type(page, PT_L1, &guest), 0);
    ck_assert_int_eq(page_get_and_type(page, PT_WRITABLE, &guest), -EINVAL);
    ck_assert_int_eq(page_get_and_type(page, PT_SEGDESC, &guest), -EINVAL);
    for (unsigned type = PT_L2; type <= PT_L4; type++)
        ck_assert_int_eq(page_get_and_type(page, type, &guest), -EINVAL);
    ck_assert_int_eq(page_get_and_type(page, PT_L1, &guest), 0);
    ck_assert_uint_eq(page->type_refs, 2);
    ck_assert_int_eq(page_put_and_type(page), 0);
    ck_assert_int_eq(page_put_and_type(page), 0);
    ck_assert_int_eq(page_get_and_type(page, PT_WRITABLE, &guest), 0);
    ck_assert_int_eq(page_put_and_type(page), 0);
    mm_unlock(&guest);
}
END_TEST

START_TEST(separate_type_reference)
{
    struct page *page = page_of(frame(&guest));

    mm_lock(&guest);
    ck_assert(page_get(page, &guest));
    ck_assert_int_eq(page_get_type(page, PT_WRITABLE, &guest), 0);
    ck_assert_uint_eq(page->refs, 2);
    ck_assert_uint_eq(page->type_refs, 1);
    ck_assert_int_eq(page_put_type(page), 0);
    ck_assert_uint_eq(page->refs, 2);
    ck_assert_int_eq(page_get_type(page, PT_L1, &guest), -EINVAL);
    ck_assert_int_eq(page_get_type(page, PT_NONE, &guest), -EINVAL);
    page_put(page);
    mm_unlock(&guest);
}
END_TEST

/* Dropped as writable, the frame may still be in a TLB: it is flushed before it becomes a table. */
START_TEST(type_change_flushes)
{
    struct page *page = page_of(frame(&guest)), *other = page_of(frame(&guest));
    uint64_t before;

    mm_lock(&guest);
    ck_assert_int_eq(page_get_and_type(page, PT_WRITABLE, &guest), 0);
    ck_assert_int_eq(page_get_and_type(other, PT_WRITABLE, &guest), 0);
    ck_assert_int_eq(page_put_and_type(page), 0);
    ck_assert_int_eq(page_put_and_type(other), 0);
    before = host.nr_flushes;
    host.flushed_cpus = 0;
    ck_assert_int_eq(page_get_and_type(page, PT_L1, &guest), 0);
    ck_assert_uint_eq(host.nr_flushes, before + 1);
    ck_assert_uint_eq(host.flushed_cpus, guest.cpus);
    /* The one flush was good for both. */
    ck_assert_int_eq(page_get_and_type(other, PT_L1, &guest), 0);
    ck_assert_uint_eq(host.nr_flushes, before + 1);
    mm_unlock(&guest); /* a new allowance of work */
    mm_lock(&guest);
    /* And back: walks through the old table may be cached. */
    ck_assert_int_eq(page_put_and_type(page), 0);
    ck_assert_int_eq(page_get_and_type(page, PT_WRITABLE, &guest), 0);
    ck_assert_uint_eq(host.nr_flushes, before + 2);
    ck_assert_int_eq(page_put_and_type(page), 0);
    ck_assert_int_eq(page_get_and_type(page, PT_WRITABLE, &guest), 0); /* same type: none */
    ck_assert_uint_eq(host.nr_flushes, before + 2);
    ck_assert_int_eq(page_put_and_type(page), 0);
    mm_unlock(&guest);
    mm_lock(&guest);
    ck_assert_int_eq(page_put_and_type(other), 0);
    mm_unlock(&guest);
}
END_TEST

START_TEST(last_put_frees)
{
    struct page *page = page_of(frame(&guest));

    mm_lock(&guest);
    ck_assert(page_get(page, &guest));
    ck_assert(page_give_back(page, &guest));
    ck_assert(!page_give_back(page, &guest));
    ck_assert_uint_eq(guest.nr_frames, 1);
    page_put(page);
    ck_assert_uint_eq(guest.nr_frames, 0);
    ck_assert_uint_eq(page->owner, OWNER_NONE);
    mm_unlock(&guest);
    ck_assert_uint_eq(frames_free(), free_at_start);
}
END_TEST

START_TEST(frame_shared)
{
    mfn_t mfn = frames_alloc(NULL, 0, 0);
    struct page *page = page_of(mfn);
    uint64_t before;

    mm_lock(&guest);
    page_share(page, &guest);
    ck_assert_int_eq(page_get_and_type(page, PT_WRITABLE, &guest), 0);
    ck_assert_int_eq(page_get_and_type(page, PT_L1, &guest), -EINVAL);
    ck_assert(!page_give_back(page, &guest)); /* the owner cannot free it */
    ck_assert_int_eq(page_unshare(page), -EBUSY);
    ck_assert_int_eq(page_put_and_type(page), 0);
    ck_assert_uint_eq(guest.nr_frames, 0);
    mm_unlock(&guest);
    ck_assert(page_audit());
    mm_lock(&guest);
    before = host.nr_flushes;
    ck_assert_int_eq(page_unshare(page), 0);
    ck_assert_uint_eq(host.nr_flushes, before + 1);
    mm_unlock(&guest);
    frames_release(mfn, 0);
    ck_assert_uint_eq(frames_free(), free_at_start);
}
END_TEST

START_TEST(descriptor_kinds)
{
    uint64_t d = UINT64_C(0x00cf92000000ffff); /* data, DPL 0 */

    ck_assert(segdesc_fix(&d));
    ck_assert_uint_eq(d, UINT64_C(0x00cff3000000ffff)); /* DPL 3, accessed */
    d = 0;
    ck_assert(segdesc_fix(&d));
    d = UINT64_C(0x00000b0000000000); /* not present */
    ck_assert(segdesc_fix(&d));
    d = UINT64_C(0x0000890000000067); /* TSS */
    ck_assert(!segdesc_fix(&d));
    d = UINT64_C(0x0000820000000067); /* LDT */
    ck_assert(!segdesc_fix(&d));
    d = UINT64_C(0x0000ec0000080000); /* call gate */
    ck_assert(!segdesc_fix(&d));
}
END_TEST

START_TEST(descriptor_page)
{
    mfn_t mfn = frame(&guest);

    words(mfn)[1] = UINT64_C(0x00cf92000000ffff);
    ck_assert_int_eq(frame_get(&guest, mfn, PT_SEGDESC), 0);
    ck_assert_uint_eq(words(mfn)[1], UINT64_C(0x00cff3000000ffff));
    mm_lock(&guest);
    ck_assert_int_eq(page_get_and_type(page_of(mfn), PT_WRITABLE, &guest), -EINVAL);
    mm_unlock(&guest);
    hold(mfn, true);
    ck_assert(page_audit());
    unhold();
    frame_put(&guest, mfn);
    /* Nobody wrote it: it still is one, and is not looked at again. Once writable, it is. */
    words(mfn)[511] = UINT64_C(0x0000890000000067);
    ck_assert_int_eq(frame_get(&guest, mfn, PT_SEGDESC), 0);
    frame_put(&guest, mfn);
    ck_assert_int_eq(frame_get(&guest, mfn, PT_WRITABLE), 0);
    frame_put(&guest, mfn);
    words(mfn)[1] = UINT64_C(0x00cf92000000ffff);
    ck_assert_int_eq(frame_get(&guest, mfn, PT_SEGDESC), -EINVAL);
    ck_assert_uint_eq(words(mfn)[1], UINT64_C(0x00cf92000000ffff)); /* refused: nothing touched */
    ck_assert_int_eq(frame_get(&control, mfn, PT_SEGDESC), -EINVAL);
    ck_assert_int_eq(frame_get(&guest, MFN_INVALID, PT_SEGDESC), -EINVAL);
}
END_TEST

/* The recount notices each kind of wrong count. */
START_TEST(audit_finds_errors)
{
    mfn_t l[5];
    struct page *page;

    tree(&guest, l);
    ck_assert_int_eq(pt_pin(&guest, l[4], PT_L4), 0);
    ck_assert(page_audit());
    page = page_of(l[1]);
    page->refs++;
    ck_assert(!page_audit());
    page->refs--;
    ck_assert(page_audit());
    page->type_refs++;
    page->refs++;
    ck_assert(!page_audit());
    page->type_refs--;
    page->refs--;
    guest.nr_frames++;
    ck_assert(!page_audit());
    guest.nr_frames--;
    page->flags &= (uint8_t)~PAGE_VALIDATED;
    ck_assert(!page_audit());
    page->flags |= PAGE_VALIDATED;
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        get_and_put, only_the_owner, none_of_a_dying_owner, full_count_refuses,
        writable_excludes_table, table_excludes_writable, separate_type_reference,
        type_change_flushes, last_put_frees, frame_shared, descriptor_kinds, descriptor_page,
        audit_finds_errors,
    };

    return run("page", tests, ARRAY_SIZE(tests));
}
