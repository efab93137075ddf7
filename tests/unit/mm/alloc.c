/* SPDX-License-Identifier: MIT */
/* Frame allocator, heap, M2P: nothing lost, nothing shown, nothing stale. */
#include "mm/rig.h"

START_TEST(order_aligned_and_counted)
{
    for (unsigned order = 0; order <= 9; order++) {
        mfn_t mfn = frames_alloc(NULL, order, 0);

        ck_assert_uint_eq(mfn_x(mfn) & (BIT(order) - 1), 0);
        ck_assert_uint_eq(frames_free(), free_at_start - BIT(order));
        frames_release(mfn, order);
        ck_assert_uint_eq(frames_free(), free_at_start);
    }
}
END_TEST

START_TEST(order_too_large)
{
    ck_assert(mfn_eq(frames_alloc(NULL, ORDER_MAX + 1, 0), MFN_INVALID));
    ck_assert(mfn_eq(frames_alloc(&guest, 63, 0), MFN_INVALID));
    ck_assert(mfn_eq(frames_alloc(&guest, ORDER_MAX, 0), MFN_INVALID)); /* 1 GiB of 32 MiB */
    ck_assert_uint_eq(guest.nr_frames, 0);
}
END_TEST

START_TEST(high_memory_first)
{
    mfn_t a = frames_alloc(NULL, 0, 0), b = frames_alloc(NULL, 0, 20);

    ck_assert_uint_gt(mfn_x(a), HOST_FRAMES_MAX / 2);
    ck_assert_uint_lt(mfn_x(b), 256); /* below 1 MiB */
    frames_release(a, 0);
    frames_release(b, 0);
}
END_TEST

START_TEST(address_bits_exhausted)
{
    unsigned nr = 0;

    /* Frames 16..31 are below 2^17. */
    while (!mfn_eq(frames_alloc(&guest, 0, 17), MFN_INVALID))
        nr++;
    ck_assert_uint_eq(nr, 16);
    ck_assert(mfn_eq(frames_alloc(&guest, 0, 12), MFN_INVALID));
    ck_assert(mfn_eq(frames_alloc(&guest, 0, 1), MFN_INVALID));
    ck_assert(!mfn_eq(frames_alloc(&guest, 0, 18), MFN_INVALID));
}
END_TEST

START_TEST(all_memory_and_back)
{
    uint64_t nr = 0;

    while (!mfn_eq(frames_alloc(&guest, 0, 0), MFN_INVALID))
        nr++;
    ck_assert_uint_eq(nr, free_at_start);
    ck_assert_uint_eq(frames_free(), 0);
    strip(&guest);
    ck_assert_uint_eq(frames_free(), free_at_start);
    /* Joined again: the largest block is there as before. */
    ck_assert(!mfn_eq(frames_alloc(&guest, 11, 0), MFN_INVALID));
}
END_TEST

START_TEST(limit_of_account)
{
    guest.frames_max = 3;
    ck_assert(mfn_eq(frames_alloc(&guest, 2, 0), MFN_INVALID));
    ck_assert(!mfn_eq(frames_alloc(&guest, 1, 0), MFN_INVALID));
    ck_assert(!mfn_eq(frames_alloc(&guest, 0, 0), MFN_INVALID));
    ck_assert(mfn_eq(frames_alloc(&guest, 0, 0), MFN_INVALID));
    guest.frames_max = 1; /* below what it has */
    ck_assert(mfn_eq(frames_alloc(&guest, 0, 0), MFN_INVALID));
    ck_assert_uint_eq(guest.nr_frames, 3);
}
END_TEST

START_TEST(dying_account_gets_nothing)
{
    guest.is_dying = true;
    ck_assert(mfn_eq(frames_alloc(&guest, 0, 0), MFN_INVALID));
    guest.is_dying = false;
}
END_TEST

START_TEST(owner_reference_and_flags)
{
    mfn_t mfn = frame(&guest);

    ck_assert_uint_eq(rec(mfn)->refs, 1);
    ck_assert_uint_eq(rec(mfn)->type_refs, 0);
    ck_assert_uint_eq(rec(mfn)->owner, guest.slot);
    ck_assert_uint_eq(rec(mfn)->flags, PAGE_ALLOCATED);
}
END_TEST

START_TEST(first_use_is_cleared)
{
    mfn_t mfn = frame(&guest);

    for (unsigned i = 0; i < 512; i++)
        ck_assert_uint_eq(words(mfn)[i], 0);
}
END_TEST

/* A canary left by one account never shows in a frame given to another. */
START_TEST(reuse_is_cleared)
{
    const uint64_t canary = 0xdeadbeefcafe;
    mfn_t mfn = frames_alloc(&guest, 3, 0);

    for (unsigned i = 0; i < 8 * 512; i++)
        words(mfn)[i] = canary;
    strip(&guest);
    for (uint64_t n = 0; n < free_at_start; n++) {
        mfn_t other = frames_alloc(&control, 0, 0);

        bool shows = false;

        /* What was there before this boot may show, to a control domain; a guest's may not. */
        for (unsigned i = 0; i < 512; i++)
            shows |= words(other)[i] == canary;
        ck_assert(!shows);
    }
}
END_TEST

START_TEST(reuse_is_flushed_once)
{
    mfn_t a = frames_alloc(&guest, 4, 0), b;
    uint64_t before;

    strip(&guest);
    host.nr_cpus = 4;
    host.flushed_cpus = 0;
    before = host.nr_flushes;
    b = frames_alloc(&control, 4, 0);
    ck_assert(mfn_eq(a, b)); /* the very frames */
    ck_assert_uint_eq(host.nr_flushes, before + 1);
    ck_assert_uint_eq(host.flushed_cpus, 0xf);
    /* All that was free then is flushed now. */
    (void)frame(&control);
    ck_assert_uint_eq(host.nr_flushes, before + 1);
}
END_TEST

START_TEST(reuse_is_flushed_on_all_cpus)
{
    static const unsigned nr[] = { 1, 62, 63, 64 };

    for (unsigned i = 0; i < ARRAY_SIZE(nr); i++) {
        (void)frame(&guest);
        strip(&guest);
        host.nr_cpus = nr[i];
        host.flushed_cpus = 0;
        (void)frame(&control);
        ck_assert_uint_eq(host.flushed_cpus, UINT64_MAX >> (64 - nr[i]));
    }
}
END_TEST

START_TEST(hypervisor_frames_need_no_flush)
{
    mfn_t mfn = frames_alloc(NULL, 0, 0);
    uint64_t before = host.nr_flushes;

    frames_release(mfn, 0);
    ck_assert(mfn_eq(frames_alloc(NULL, 0, 0), mfn));
    ck_assert_uint_eq(host.nr_flushes, before);
    frames_release(mfn, 0);
}
END_TEST

START_TEST(heap_sizes)
{
    static const size_t size[] = { 1, 16, 17, 100, 512, 1000, 1009, 2032, 2033, 2047, 2048, 4096,
                                   4097, 20000, 70000 };
    void *p[ARRAY_SIZE(size)];

    for (unsigned i = 0; i < ARRAY_SIZE(size); i++) {
        p[i] = heap_alloc(size[i]);
        ck_assert_ptr_nonnull(p[i]);
        ck_assert_uint_eq((uintptr_t)p[i] % (size[i] >= 2048 ? PAGE_SIZE : 16), 0);
        for (size_t n = 0; n < size[i]; n++)
            ck_assert_uint_eq(((uint8_t *)p[i])[n], 0);
        memset(p[i], 0x5a, size[i]);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(size); i++)
        heap_free(p[i], size[i]);
    ck_assert_uint_eq(frames_free(), free_at_start);
}
END_TEST

START_TEST(heap_objects_are_apart)
{
    void *p[400];

    for (unsigned i = 0; i < 400; i++) {
        p[i] = heap_alloc(100);
        memset(p[i], (int)i & 0xff, 100);
    }
    for (unsigned i = 0; i < 400; i++) {
        ck_assert_uint_eq(((uint8_t *)p[i])[0], i & 0xff);
        ck_assert_uint_eq(((uint8_t *)p[i])[99], i & 0xff);
    }
    for (unsigned i = 0; i < 400; i += 2)
        heap_free(p[i], 100);
    for (unsigned i = 0; i < 400; i += 2)
        p[i] = heap_alloc(128);
    for (unsigned i = 0; i < 400; i++)
        heap_free(p[i], 128);
    ck_assert_uint_eq(frames_free(), free_at_start);
}
END_TEST

/* A frame of small objects has its header and else nothing but objects. */
START_TEST(heap_fills_a_frame)
{
    void *p[255];

    for (unsigned i = 0; i < 254; i++)
        p[i] = heap_alloc(16);
    ck_assert_uint_eq(frames_free(), free_at_start - 1);
    p[254] = heap_alloc(16);
    ck_assert_uint_eq(frames_free(), free_at_start - 2);
    for (unsigned i = 0; i < 255; i++)
        heap_free(p[i], 16);
    ck_assert_uint_eq(frames_free(), free_at_start);
}
END_TEST

START_TEST(heap_shares_a_frame)
{
    static const struct {
        size_t size;
        unsigned nr;
    } fit[] = { { 17, 100 }, { 100, 30 }, { 500, 7 }, { 1000, 4 }, { 2032, 2 } };
    void *p[100];

    for (unsigned i = 0; i < ARRAY_SIZE(fit); i++) {
        for (unsigned j = 0; j < fit[i].nr; j++)
            p[j] = heap_alloc(fit[i].size);
        ck_assert_uint_eq(frames_free(), free_at_start - 1);
        for (unsigned j = 0; j < fit[i].nr; j++)
            heap_free(p[j], fit[i].size);
    }
}
END_TEST

START_TEST(heap_odd_sizes_waste_no_frames)
{
    void *p = heap_alloc(5 * PAGE_SIZE);

    ck_assert_uint_eq(frames_free(), free_at_start - 5);
    heap_free(p, 5 * PAGE_SIZE);
    ck_assert_uint_eq(frames_free(), free_at_start);
}
END_TEST

START_TEST(heap_refuses)
{
    ck_assert_ptr_null(heap_alloc(0));
    ck_assert_ptr_null(heap_alloc(SIZE_MAX));
    ck_assert_ptr_null(heap_alloc(UINT64_C(1) << 40));
    heap_free(NULL, 10);
}
END_TEST

START_TEST(heap_out_of_memory)
{
    while (!mfn_eq(frames_alloc(&guest, 0, 0), MFN_INVALID))
        ;
    ck_assert_ptr_null(heap_alloc(64));
    ck_assert_ptr_null(heap_alloc(8192));
}
END_TEST

START_TEST(m2p_words)
{
    mfn_t mfn = frame(&guest);

    ck_assert_uint_eq(m2p_get(mfn), M2P_INVALID);
    m2p_set(mfn, 77);
    ck_assert_uint_eq(m2p_get(mfn), 77);
    ck_assert_uint_eq(m2p_get(MFN_INVALID), M2P_INVALID);
    strip(&guest);
    ck_assert_uint_eq(m2p_get(mfn), M2P_INVALID);
    ck_assert_uint_eq(m2p_nr_frames(), HOST_FRAMES_MAX * 8 / PAGE_SIZE);
    ck_assert_uint_eq(rec(m2p_first_frame())->owner, OWNER_HYPERVISOR);
}
END_TEST

START_TEST(slot_table)
{
    struct mm_account other = { .slot = 1 };

    ck_assert_int_eq(mm_account_register(&other), -EBUSY);
    ck_assert_ptr_eq(mm_account_of_slot(1), &guest);
    ck_assert_ptr_null(mm_account_of_slot(7));
    ck_assert_ptr_null(mm_account_of_slot(OWNER_NONE));
    ck_assert_ptr_null(mm_account_of_slot(OWNER_HYPERVISOR));
}
END_TEST

START_TEST(guest_ranges)
{
    ck_assert(guest_range_ok(guest_ptr(0x1000), 16, 8));
    ck_assert(guest_range_ok(guest_ptr(UINT64_C(0x7ffffffff000)), 1, 4096));
    ck_assert(!guest_range_ok(guest_ptr(UINT64_C(0x7ffffffff000)), 1, 4097));
    ck_assert(!guest_range_ok(guest_ptr(HYPERVISOR_START), 1, 1));
    ck_assert(!guest_range_ok(guest_ptr(HYPERVISOR_END - 1), 1, 1));
    ck_assert(guest_range_ok(guest_ptr(HYPERVISOR_END), 1, 8));
    ck_assert(!guest_range_ok(guest_ptr(UINT64_C(0xfffffffffffffff8)), 2, 8));
    ck_assert(!guest_range_ok(guest_ptr(0x1000), UINT64_C(1) << 61, 8));
    ck_assert(!guest_range_ok(guest_ptr(0x1000), UINT64_MAX, UINT64_MAX));
    /* From user space over the hole and the hypervisor up to the kernel. */
    ck_assert(!guest_range_ok(guest_ptr(0x1000), HYPERVISOR_END, 1));
}
END_TEST

START_TEST(guest_copies)
{
    char word[8] = "abcdefg", copy[8] = "";
    guest_ptr_t at = guest_ptr((uintptr_t)word);

    ck_assert_int_eq(copy_from_guest(copy, at, 8), 0);
    ck_assert_str_eq(copy, "abcdefg");
    ck_assert_int_eq(copy_to_guest(at, "1234567", 8), 0);
    ck_assert_str_eq(word, "1234567");
    ck_assert_int_eq(clear_guest(at, 8), 0);
    ck_assert_int_eq(word[0], 0);
    host.fault_start = (uintptr_t)word + 4;
    host.fault_end = host.fault_start + 1;
    ck_assert_int_eq(copy_from_guest(copy, at, 8), -EFAULT);
    ck_assert_int_eq(copy_to_guest(guest_ptr(HYPERVISOR_START), word, 8), -EFAULT);
    ck_assert_int_eq(clear_guest(guest_ptr(HYPERVISOR_START), 8), -EFAULT);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        order_aligned_and_counted, order_too_large, high_memory_first, address_bits_exhausted,
        all_memory_and_back, limit_of_account, dying_account_gets_nothing,
        owner_reference_and_flags, first_use_is_cleared, reuse_is_cleared, reuse_is_flushed_once,
        reuse_is_flushed_on_all_cpus, hypervisor_frames_need_no_flush, heap_sizes,
        heap_objects_are_apart, heap_fills_a_frame, heap_shares_a_frame,
        heap_odd_sizes_waste_no_frames, heap_refuses, heap_out_of_memory, m2p_words, slot_table,
        guest_ranges, guest_copies,
    };

    return run("alloc", tests, ARRAY_SIZE(tests));
}
