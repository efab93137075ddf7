/* SPDX-License-Identifier: MIT */
/*
 * Grant tables: each operation's main path and each of its errors, hostile contents of the shared
 * table, orders of map, unmap and copy, and that everything returns to its start state.
 * b grants; a (dom0) and c map and copy.
 */
#include "../suite.h"

#include "core/fixture.h"

#include "core/grant_table.h"
#include "lib/errno.h"

static struct domain *a, *b, *c;
static mfn_t frame; /* what b grants, by reference GREF */
static uint64_t before;

#define GREF     20
#define WRITABLE GTF_permit_access
#define READONLY (GTF_permit_access | GTF_readonly)

static void start(void)
{
    fixture_start();
    a = domain_make(0, 2);
    b = domain_make(1, 1);
    c = domain_make(2, 1);
    frame = frame_make(b, PT_NONE);
    run(a->vcpu[0]);
    /* The first mapping allocates the page of handles, which then stays. */
    for (unsigned i = 0; i < 3; i++) {
        struct domain *d = (struct domain *[]){ a, b, c }[i];

        maptrack_cancel(d, maptrack_reserve(d));
    }
    before = world_digest();
}

static void end(void)
{
    fixture_end();
}

/* ---- the guests' side ------------------------------------------------------------------------ */

static struct grant_entry_v1 *entry(struct domain *d, grant_ref_t ref)
{
    return grant_entry(d, ref);
}

static void grant_to(struct domain *to, unsigned flags)
{
    *entry(b, GREF) = (struct grant_entry_v1){ .flags = (uint16_t)flags, .domid = to->id,
                                               .frame = (uint32_t)mfn_x(frame) };
}

static struct gnttab_map_grant_ref map(uint64_t where, uint32_t flags)
{
    struct gnttab_map_grant_ref op = { .host_addr = where, .flags = flags, .ref = GREF,
                                       .dom = b->id, .status = 1 };

    grant_map(current, &op);
    ck_assert_uint_eq(host_locks_held(), 0);
    return op;
}

static struct gnttab_map_grant_ref map_ok(uint64_t where, uint32_t flags)
{
    struct gnttab_map_grant_ref op = map(where, flags);

    ck_assert_int_eq(op.status, GNTST_okay);
    ck_assert(grant_check(a) && grant_check(b) && grant_check(c));
    return op;
}

/* One element of a batch, without the flush. */
static int unmap_part(uint64_t where, uint64_t device, grant_handle_t handle)
{
    struct gnttab_unmap_grant_ref op = { .host_addr = where, .dev_bus_addr = device,
                                         .handle = handle, .status = 1 };

    grant_unmap(current, &op);
    ck_assert_uint_eq(host_locks_held(), 0);
    return op.status;
}

static int unmap(uint64_t where, uint64_t device, grant_handle_t handle)
{
    int status = unmap_part(where, device, handle);

    grant_unmap_flush(current);
    ck_assert(grant_check(a) && grant_check(b) && grant_check(c));
    return status;
}

static void assert_unused(void)
{
    ck_assert_uint_eq(entry(b, GREF)->flags & (GTF_reading | GTF_writing), 0);
    ck_assert(!grant_is_pinned(grant_active(b, GREF)));
    ck_assert_uint_eq(world_digest(), before);
    ck_assert(grant_check(a) && grant_check(b) && grant_check(c));
}

/* Refused, and as if it had not been tried. */
static void assert_map_refused(int status, uint64_t where, uint32_t flags)
{
    uint64_t digest = world_digest();

    ck_assert_int_eq(map(where, flags).status, status);
    ck_assert_uint_eq(world_digest(), digest);
    ck_assert(grant_check(a) && grant_check(b));
}

static struct gnttab_copy copy_op(void)
{
    struct gnttab_copy op = { .flags = GNTCOPY_source_gref, .len = 100, .status = 1 };

    op.source.u.ref = GREF;
    op.source.domid = b->id;
    op.dest.domid = DOMID_SELF;
    return op;
}

/* ---- the table ------------------------------------------------------------------------------- */

START_TEST(starts_with_one_frame)
{
    struct gnttab_query_size q = { .dom = DOMID_SELF };

    grant_query_size(current, &q);
    ck_assert_int_eq(q.status, GNTST_okay);
    ck_assert_uint_eq(q.nr_frames, 1);
    ck_assert_uint_eq(q.max_nr_frames, GRANT_FRAMES_MAX);
    ck_assert(!mfn_eq(grant_table_frame(a, 0), MFN_INVALID));
    ck_assert(mfn_eq(grant_table_frame(a, 1), MFN_INVALID));
    for (unsigned i = 0; i < 512; i++)
        ck_assert_uint_eq(*(uint64_t *)entry(a, i), 0); /* nothing of the frame's past */
}
END_TEST

START_TEST(setup_grows_and_lists)
{
    xen_pfn_t list[6] = { [5] = 77 };
    struct gnttab_setup_table op = { .dom = DOMID_SELF, .nr_frames = 5, .status = 1,
                                     .frame_list = (uintptr_t)list };

    grant_setup_table(current, &op);
    ck_assert_int_eq(op.status, GNTST_okay);
    for (unsigned i = 0; i < 5; i++) {
        ck_assert_uint_eq(list[i], mfn_x(grant_table_frame(a, i)));
        ck_assert_uint_eq(page_of(_mfn(list[i]))->flags, PAGE_SHARED);
        ck_assert_uint_eq(page_of(_mfn(list[i]))->owner, a->id);
    }
    ck_assert_uint_eq(list[5], 77);
    op.nr_frames = 2; /* never shrinks */
    grant_setup_table(current, &op);
    ck_assert_int_eq(op.status, GNTST_okay);
    ck_assert_uint_eq(a->grants.nr_frames, 5);
}
END_TEST

START_TEST(setup_limit)
{
    static xen_pfn_t list[GRANT_FRAMES_MAX];
    struct gnttab_setup_table op = { .dom = DOMID_SELF, .nr_frames = GRANT_FRAMES_MAX + 1,
                                     .frame_list = (uintptr_t)list };

    grant_setup_table(current, &op);
    ck_assert_int_eq(op.status, GNTST_general_error);
    op.nr_frames = UINT32_MAX;
    grant_setup_table(current, &op);
    ck_assert_int_eq(op.status, GNTST_general_error);
    ck_assert_uint_eq(a->grants.nr_frames, 1);
    op.nr_frames = GRANT_FRAMES_MAX;
    grant_setup_table(current, &op);
    ck_assert_int_eq(op.status, GNTST_okay);
    ck_assert_uint_eq(a->grants.nr_frames, GRANT_FRAMES_MAX);
}
END_TEST

START_TEST(setup_of_others)
{
    xen_pfn_t list[1];
    struct gnttab_setup_table op = { .dom = b->id, .nr_frames = 1, .frame_list = (uintptr_t)list };

    grant_setup_table(current, &op); /* dom0 may */
    ck_assert_int_eq(op.status, GNTST_okay);
    run(c->vcpu[0]);
    grant_setup_table(current, &op);
    ck_assert_int_eq(op.status, GNTST_permission_denied);
    op.dom = 6;
    grant_setup_table(current, &op);
    ck_assert_int_eq(op.status, GNTST_bad_domain);
    op.dom = c->id;
    grant_setup_table(current, &op);
    ck_assert_int_eq(op.status, GNTST_okay);
}
END_TEST

START_TEST(setup_bad_pointer)
{
    xen_pfn_t list[4];
    struct gnttab_setup_table op = { .dom = DOMID_SELF, .nr_frames = 4,
                                     .frame_list = HYPERVISOR_START - 8 };

    grant_setup_table(current, &op);
    ck_assert_int_eq(op.status, GNTST_bad_virt_addr);
    ck_assert_uint_eq(a->grants.nr_frames, 1);
    op.frame_list = (uintptr_t)list;
    host.fault_start = (uintptr_t)&list[2];
    host.fault_end = host.fault_start + 8;
    grant_setup_table(current, &op);
    ck_assert_int_eq(op.status, GNTST_bad_virt_addr);
}
END_TEST

/* Each allocation of a growth fails in turn; nothing is left behind. */
START_TEST(growth_without_memory)
{
    unsigned n = 0;
    int rc;

    do {
        fixture.fail_alloc = ++n;
        rc = grant_table_grow(a, 4);
        ck_assert(rc == 0 || (rc == -ENOMEM && world_digest() == before));
        ck_assert(grant_check(a));
    } while (rc);
    ck_assert_uint_eq(n, 7); /* three frames, two allocations each */
    ck_assert_uint_eq(a->grants.nr_frames, 4);
}
END_TEST

START_TEST(query_errors)
{
    struct gnttab_query_size q = { .dom = b->id };

    run(c->vcpu[0]);
    grant_query_size(current, &q);
    ck_assert_int_eq(q.status, GNTST_permission_denied);
    q.dom = 7;
    grant_query_size(current, &q);
    ck_assert_int_eq(q.status, GNTST_bad_domain);
}
END_TEST

START_TEST(only_version_1)
{
    struct gnttab_set_version set = { .version = 1 };
    struct gnttab_get_version get = { .dom = DOMID_SELF };
    struct gnttab_get_status_frames frames = { .dom = DOMID_SELF, .nr_frames = 1 };

    ck_assert_int_eq(grant_set_version(current, &set), 0);
    set.version = 2;
    ck_assert_int_eq(grant_set_version(current, &set), -ENOSYS);
    ck_assert_uint_eq(set.version, 1);
    set.version = 0;
    ck_assert_int_eq(grant_set_version(current, &set), -EINVAL);
    set.version = 3;
    ck_assert_int_eq(grant_set_version(current, &set), -EINVAL);
    ck_assert_int_eq(grant_get_version(current, &get), 0);
    ck_assert_uint_eq(get.version, 1);
    get.dom = 7;
    ck_assert_int_eq(grant_get_version(current, &get), -ESRCH);
    run(c->vcpu[0]);
    get.dom = b->id;
    ck_assert_int_eq(grant_get_version(current, &get), -EPERM);
    grant_get_status_frames(current, &frames);
    ck_assert_int_eq(frames.status, GNTST_general_error);
}
END_TEST

/* ---- mapping --------------------------------------------------------------------------------- */

START_TEST(map_by_address)
{
    struct gnttab_map_grant_ref op;

    grant_to(a, WRITABLE);
    op = map_ok(PAGE_VA(3), GNTMAP_host_map);
    ck_assert_uint_eq(op.dev_bus_addr, mfn_to_maddr(frame));
    ck_assert_uint_eq(*entry_of(a, 3), mfn_to_maddr(frame) | 0x67);
    ck_assert_uint_eq(entry(b, GREF)->flags, WRITABLE | GTF_reading | GTF_writing);
    ck_assert_uint_eq(page_of(frame)->refs, 2);
    ck_assert_uint_eq(page_of(frame)->type, PT_WRITABLE);
    ck_assert_uint_eq(page_of(frame)->type_refs, 1);
    ck_assert_int_eq(unmap(PAGE_VA(3), 0, op.handle), GNTST_okay);
    ck_assert_uint_eq(*entry_of(a, 3), 0);
    assert_unused();
}
END_TEST

START_TEST(map_by_entry)
{
    struct gnttab_map_grant_ref op;
    uint32_t flags = GNTMAP_host_map | GNTMAP_application_map | GNTMAP_contains_pte | 1u << 16;

    grant_to(a, WRITABLE);
    op = map_ok(entry_maddr(a, 9), flags);
    ck_assert_uint_eq(*entry_of(a, 9), mfn_to_maddr(frame) | 0x267);
    ck_assert_int_eq(unmap(entry_maddr(a, 9), 0, op.handle), GNTST_okay);
    assert_unused();
}
END_TEST

START_TEST(map_readonly)
{
    struct gnttab_map_grant_ref op;

    grant_to(a, READONLY);
    assert_map_refused(GNTST_general_error, PAGE_VA(3), GNTMAP_host_map);
    ck_assert_uint_eq(entry(b, GREF)->flags, READONLY);
    op = map_ok(PAGE_VA(3), GNTMAP_host_map | GNTMAP_readonly);
    ck_assert_uint_eq(*entry_of(a, 3), mfn_to_maddr(frame) | 0x65);
    ck_assert_uint_eq(entry(b, GREF)->flags, READONLY | GTF_reading);
    ck_assert_uint_eq(page_of(frame)->type_refs, 0);
    ck_assert_int_eq(unmap(PAGE_VA(3), 0, op.handle), GNTST_okay);
    assert_unused();
}
END_TEST

START_TEST(map_for_a_device)
{
    struct gnttab_map_grant_ref op;

    grant_to(a, WRITABLE);
    op = map_ok(0, GNTMAP_device_map);
    ck_assert_uint_eq(op.dev_bus_addr, mfn_to_maddr(frame));
    ck_assert_uint_eq(page_of(frame)->refs, 2);
    ck_assert_uint_eq(page_of(frame)->type_refs, 1);
    ck_assert_int_eq(unmap(0, op.dev_bus_addr, op.handle), GNTST_okay);
    assert_unused();
}
END_TEST

/* Both parts of one handle: undone one by one, in either order, one type count each. */
START_TEST(map_both_parts)
{
    for (unsigned host_first = 0; host_first < 2; host_first++) {
        struct gnttab_map_grant_ref op;

        grant_to(a, WRITABLE);
        op = map_ok(PAGE_VA(3), GNTMAP_host_map | GNTMAP_device_map);
        ck_assert_uint_eq(page_of(frame)->type_refs, 2);
        ck_assert_int_eq(unmap(host_first ? PAGE_VA(3) : 0, host_first ? 0 : op.dev_bus_addr,
                               op.handle), GNTST_okay);
        ck_assert_uint_eq(page_of(frame)->type_refs, 1);
        ck_assert_uint_eq(entry(b, GREF)->flags, WRITABLE | GTF_reading | GTF_writing);
        ck_assert_int_eq(unmap(host_first ? 0 : PAGE_VA(3), host_first ? op.dev_bus_addr : 0,
                               op.handle), GNTST_okay);
        ck_assert_int_eq(unmap(PAGE_VA(3), 0, op.handle), GNTST_bad_handle);
        assert_unused();
    }
}
END_TEST

/* A reference a part, and both or none: there is room for one more. */
START_TEST(map_without_room_for_both_parts)
{
    struct page *page = page_of(frame);

    grant_to(a, WRITABLE);
    page->refs = UINT32_MAX - 1;
    assert_map_refused(GNTST_bad_page, PAGE_VA(3), GNTMAP_host_map | GNTMAP_device_map);
    ck_assert_uint_eq(page->type_refs, 0);
    page->refs = 1;
    assert_unused();
}
END_TEST

START_TEST(unmap_both_parts_at_once)
{
    struct gnttab_map_grant_ref op;

    grant_to(a, WRITABLE);
    op = map_ok(PAGE_VA(3), GNTMAP_host_map | GNTMAP_device_map);
    ck_assert_int_eq(unmap(PAGE_VA(3), op.dev_bus_addr, op.handle), GNTST_okay);
    assert_unused();
}
END_TEST

START_TEST(map_needs_a_part)
{
    grant_to(a, WRITABLE);
    assert_map_refused(GNTST_general_error, PAGE_VA(3), 0);
    assert_map_refused(GNTST_general_error, PAGE_VA(3), GNTMAP_readonly | GNTMAP_contains_pte);
}
END_TEST

START_TEST(map_wrong_domain)
{
    struct gnttab_map_grant_ref op = { .host_addr = PAGE_VA(3), .flags = GNTMAP_host_map,
                                       .ref = GREF };
    static const domid_t wrong[] = { 5, 7, 8, DOMID_SELF, DOMID_IO, DOMID_XEN, 0xffff };

    for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
        op.dom = wrong[i];
        grant_map(current, &op);
        ck_assert_int_eq(op.status, GNTST_bad_domain);
    }
    ck_assert_uint_eq(world_digest(), before);
}
END_TEST

START_TEST(map_from_the_dying)
{
    grant_to(a, WRITABLE);
    b->is_dying = true;
    assert_map_refused(GNTST_bad_domain, PAGE_VA(3), GNTMAP_host_map);
    b->is_dying = false;
    b->mm.is_dying = true; /* a moment later */
    assert_map_refused(GNTST_bad_page, PAGE_VA(3), GNTMAP_host_map);
    b->mm.is_dying = false;
    assert_unused();
}
END_TEST

START_TEST(map_wrong_reference)
{
    struct gnttab_map_grant_ref op = { .host_addr = PAGE_VA(3), .flags = GNTMAP_host_map,
                                       .dom = b->id };
    static const grant_ref_t wrong[] = { 512, 513, 1 << 20, UINT32_MAX };

    for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
        op.ref = wrong[i];
        grant_map(current, &op);
        ck_assert_int_eq(op.status, GNTST_bad_gntref);
    }
    op.ref = 511; /* exists, grants nothing */
    grant_map(current, &op);
    ck_assert_int_eq(op.status, GNTST_general_error);
    ck_assert_uint_eq(world_digest(), before);
}
END_TEST

START_TEST(map_not_granted_to_us)
{
    grant_to(c, WRITABLE);
    assert_map_refused(GNTST_general_error, PAGE_VA(3), GNTMAP_host_map);
    ck_assert_uint_eq(entry(b, GREF)->flags, WRITABLE);
}
END_TEST

START_TEST(map_wrong_types)
{
    static const uint16_t types[] = { GTF_invalid, GTF_accept_transfer, GTF_transitive,
                                      GTF_permit_access | GTF_sub_page };

    for (unsigned i = 0; i < ARRAY_SIZE(types); i++) {
        grant_to(a, types[i]);
        assert_map_refused(GNTST_general_error, PAGE_VA(3), GNTMAP_host_map);
        ck_assert_uint_eq(entry(b, GREF)->flags, types[i]);
    }
}
END_TEST

START_TEST(map_of_frames_not_the_granters)
{
    mfn_t foreign = frame_make(c, PT_NONE);
    uint32_t frames[] = { (uint32_t)mfn_x(foreign), 0, (uint32_t)frames_end, UINT32_MAX,
                          (uint32_t)mfn_x(grant_table_frame(a, 0)) };

    before = world_digest();
    for (unsigned i = 0; i < ARRAY_SIZE(frames); i++) {
        grant_to(a, WRITABLE);
        entry(b, GREF)->frame = frames[i];
        assert_map_refused(GNTST_bad_page, PAGE_VA(3), GNTMAP_host_map);
        ck_assert_uint_eq(entry(b, GREF)->flags, WRITABLE);
    }
}
END_TEST

START_TEST(page_tables_only_readonly)
{
    struct gnttab_map_grant_ref op;

    frame = frame_make(b, PT_L1);
    before = world_digest();
    grant_to(a, WRITABLE);
    assert_map_refused(GNTST_general_error, PAGE_VA(3), GNTMAP_host_map);
    assert_map_refused(GNTST_general_error, PAGE_VA(3), GNTMAP_host_map | GNTMAP_device_map);
    op = map_ok(PAGE_VA(3), GNTMAP_host_map | GNTMAP_readonly);
    assert_map_refused(GNTST_general_error, PAGE_VA(4), GNTMAP_host_map); /* while mapped, too */
    ck_assert_uint_eq(entry(b, GREF)->flags, WRITABLE | GTF_reading);
    ck_assert_int_eq(unmap(PAGE_VA(3), 0, op.handle), GNTST_okay);
    assert_unused();
}
END_TEST

START_TEST(map_to_wrong_places)
{
    static const uint64_t wrong[] = { PAGE_VA(512), HYPERVISOR_START, HYPERVISOR_END - 4096,
                                      UINT64_C(0x0000800000000000), UINT64_C(0xffff7fffffffffff),
                                      UINT64_MAX };

    grant_to(a, WRITABLE);
    for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++)
        assert_map_refused(GNTST_general_error, wrong[i], GNTMAP_host_map);
    assert_unused();
}
END_TEST

START_TEST(map_to_wrong_entries)
{
    uint64_t wrong[] = { entry_maddr(a, 3) + 4, entry_maddr(a, 3) + 1, entry_maddr(b, 3),
                         mfn_to_maddr(frame), mfn_to_maddr(grant_table_frame(a, 0)),
                         frames_end << PAGE_SHIFT, ~UINT64_C(7), 0 };

    grant_to(a, WRITABLE);
    for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++)
        assert_map_refused(GNTST_general_error, wrong[i], GNTMAP_host_map | GNTMAP_contains_pte);
    assert_unused();
}
END_TEST

/* The entry's former references are put; the overwritten mapping's handle cannot be undone. */
START_TEST(map_over_a_mapping)
{
    struct gnttab_map_grant_ref first, second;

    grant_to(a, WRITABLE);
    first = map_ok(PAGE_VA(3), GNTMAP_host_map);
    second = map_ok(PAGE_VA(3), GNTMAP_host_map | GNTMAP_readonly);
    ck_assert_uint_eq(page_of(frame)->refs, 2);
    ck_assert_uint_eq(page_of(frame)->type_refs, 0);
    ck_assert_int_eq(unmap(PAGE_VA(3), 0, first.handle), GNTST_general_error);
    ck_assert_int_eq(unmap(PAGE_VA(3), 0, second.handle), GNTST_okay);
    ck_assert_uint_eq(page_of(frame)->refs, 1);
    ck_assert_int_eq(unmap(PAGE_VA(3), 0, first.handle), GNTST_general_error);
}
END_TEST

/*
 * The mapper gives its mapping's references up, the frame changes hands and comes to the mapper: an
 * entry for it now answers to the old handle, and its references are the new owner's.
 */
START_TEST(handle_outlives_its_frame)
{
    grant_handle_t handle;
    uint64_t saved;

    grant_to(a, WRITABLE);
    handle = map_ok(PAGE_VA(3), GNTMAP_host_map).handle;
    saved = *entry_of(a, 3);
    *entry_of(a, 3) = 0;
    *page_of(frame) = (struct page){ .owner = a->id, .refs = 2, .type = PT_WRITABLE,
                                     .type_refs = 1 };
    *entry_of(a, 4) = saved;
    ck_assert_int_eq(unmap(PAGE_VA(4), 0, handle), GNTST_okay);
    ck_assert_uint_eq(page_of(frame)->refs, 1);
    ck_assert_uint_eq(page_of(frame)->type_refs, 0);
    ck_assert_int_eq(map(PAGE_VA(5), GNTMAP_host_map).status, GNTST_bad_page);
}
END_TEST

START_TEST(own_grants_may_be_mapped)
{
    struct gnttab_map_grant_ref op;

    run(b->vcpu[0]);
    grant_to(b, WRITABLE);
    op = map_ok(PAGE_VA(3), GNTMAP_host_map);
    ck_assert_uint_eq(*entry_of(b, 3), mfn_to_maddr(frame) | 0x67);
    ck_assert_int_eq(unmap(PAGE_VA(3), 0, op.handle), GNTST_okay);
    assert_unused();
}
END_TEST

START_TEST(many_mappings_of_one_grant)
{
    grant_handle_t handle[300];

    grant_to(a, WRITABLE);
    for (unsigned i = 0; i < 300; i++) {
        handle[i] = map_ok(PAGE_VA(i + 1), GNTMAP_host_map | (i & 1 ? GNTMAP_readonly : 0)).handle;
        for (unsigned k = 0; k < i; k++)
            ck_assert_uint_ne(handle[k], handle[i]);
    }
    ck_assert_uint_eq(page_of(frame)->refs, 301);
    ck_assert_uint_eq(page_of(frame)->type_refs, 150);
    for (unsigned i = 0; i < 300; i++) {
        ck_assert_int_eq(unmap(PAGE_VA(i + 1), 0, handle[i]), GNTST_okay);
        /* The last writer is number 298. */
        ck_assert_uint_eq(entry(b, GREF)->flags & GTF_writing, i < 298 ? GTF_writing : 0u);
        ck_assert_uint_eq(entry(b, GREF)->flags & GTF_reading, i < 299 ? GTF_reading : 0u);
    }
    ck_assert_uint_eq(page_of(frame)->refs, 1);
}
END_TEST

START_TEST(pins_do_not_overflow)
{
    struct grant_active *act = grant_active(b, GREF);

    grant_to(a, WRITABLE);
    act->pins[PIN_HOST_READ] = UINT16_MAX;
    act->frame = (uint32_t)mfn_x(frame);
    act->domid = a->id;
    assert_map_refused(GNTST_no_space, PAGE_VA(3), GNTMAP_host_map | GNTMAP_readonly);
    ck_assert_uint_eq(act->pins[PIN_HOST_READ], UINT16_MAX);
    act->pins[PIN_HOST_READ] = 0;
}
END_TEST

START_TEST(handles_run_out)
{
    struct gnttab_map_grant_ref op;

    grant_to(a, WRITABLE);
    a->grants.maptrack_max = MAPTRACK_PER_PAGE;
    for (unsigned i = 0; i < MAPTRACK_PER_PAGE; i++)
        op = map_ok(PAGE_VA(i), GNTMAP_host_map);
    assert_map_refused(GNTST_no_device_space, PAGE_VA(400), GNTMAP_host_map);
    ck_assert_int_eq(unmap(PAGE_VA(MAPTRACK_PER_PAGE - 1), 0, op.handle), GNTST_okay);
    ck_assert_uint_eq(map_ok(PAGE_VA(400), GNTMAP_host_map).handle, op.handle);
}
END_TEST

/* Pages of handles beyond the first go when no handle is in use; then they come again. */
START_TEST(handles_given_back)
{
    grant_handle_t handles[MAPTRACK_PER_PAGE + 1];
    struct grant_table *table = &a->grants;

    grant_to(a, WRITABLE);
    for (unsigned turn = 0; turn < 2; turn++) {
        for (unsigned i = 0; i < ARRAY_SIZE(handles); i++)
            handles[i] = map_ok(PAGE_VA(i + 1), GNTMAP_host_map).handle;
        ck_assert_uint_eq(table->nr_maptrack, 2 * MAPTRACK_PER_PAGE);
        for (unsigned i = 0; i < ARRAY_SIZE(handles); i++) {
            ck_assert_uint_eq(table->nr_maptrack, 2 * MAPTRACK_PER_PAGE);
            ck_assert_int_eq(unmap(PAGE_VA(i + 1), 0, handles[i]), GNTST_okay);
        }
        ck_assert_uint_eq(table->nr_maptrack, MAPTRACK_PER_PAGE);
        ck_assert_int_eq(unmap(PAGE_VA(1), 0, handles[ARRAY_SIZE(handles) - 1]), GNTST_bad_handle);
    }
}
END_TEST

START_TEST(handles_without_memory)
{
    struct domain *d = domain_make(3, 1);

    run(d->vcpu[0]);
    grant_to(d, WRITABLE);
    fixture.fail_alloc = 1;
    ck_assert_int_eq(map(PAGE_VA(3), GNTMAP_host_map).status, GNTST_no_device_space);
    fixture.fail_alloc = 2;
    ck_assert_int_eq(map(PAGE_VA(3), GNTMAP_host_map).status, GNTST_no_device_space);
    ck_assert_uint_eq(b->refs, 1);
    ck_assert_int_eq(map(PAGE_VA(3), GNTMAP_host_map).status, GNTST_okay);
    ck_assert_uint_eq(b->refs, 2);
}
END_TEST

/* ---- unmapping ------------------------------------------------------------------------------- */

START_TEST(unmap_wrong_handles)
{
    grant_handle_t handle;

    grant_to(a, WRITABLE);
    handle = map_ok(PAGE_VA(3), GNTMAP_host_map).handle;
    ck_assert_int_eq(unmap(PAGE_VA(3), 0, handle + 1), GNTST_bad_handle);
    ck_assert_int_eq(unmap(PAGE_VA(3), 0, MAPTRACK_PER_PAGE), GNTST_bad_handle);
    ck_assert_int_eq(unmap(PAGE_VA(3), 0, UINT32_MAX), GNTST_bad_handle);
    run(c->vcpu[0]); /* handles are one's own */
    ck_assert_int_eq(unmap(PAGE_VA(3), 0, handle), GNTST_bad_handle);
    run(a->vcpu[0]);
    ck_assert_int_eq(unmap(PAGE_VA(3), 0, handle), GNTST_okay);
    ck_assert_int_eq(unmap(PAGE_VA(3), 0, handle), GNTST_bad_handle);
    assert_unused();
}
END_TEST

START_TEST(unmap_wrong_address)
{
    grant_handle_t handle;

    grant_to(a, WRITABLE);
    handle = map_ok(PAGE_VA(3), GNTMAP_host_map).handle;
    ck_assert_int_eq(unmap(PAGE_VA(4), 0, handle), GNTST_general_error);
    ck_assert_int_eq(unmap(HYPERVISOR_START, 0, handle), GNTST_general_error);
    ck_assert_int_eq(unmap(PAGE_VA(600), 0, handle), GNTST_general_error);
    ck_assert_uint_eq(*entry_of(a, 3), mfn_to_maddr(frame) | 0x67);
    ck_assert_int_eq(unmap(PAGE_VA(3), 0, handle), GNTST_okay);
    assert_unused();
}
END_TEST

/* The entry has to be as the mapping made it. */
START_TEST(unmap_of_a_changed_entry)
{
    grant_handle_t handle;
    uint64_t entry_before;

    grant_to(a, WRITABLE);
    handle = map_ok(PAGE_VA(3), GNTMAP_host_map).handle;
    entry_before = *entry_of(a, 3);
    *entry_of(a, 3) = entry_before & ~UINT64_C(2); /* read-only now */
    ck_assert_int_eq(unmap(PAGE_VA(3), 0, handle), GNTST_general_error);
    *entry_of(a, 3) = entry_before + 4096; /* another frame */
    ck_assert_int_eq(unmap(PAGE_VA(3), 0, handle), GNTST_general_error);
    *entry_of(a, 3) = 0;
    ck_assert_int_eq(unmap(PAGE_VA(3), 0, handle), GNTST_general_error);
    *entry_of(a, 3) = entry_before;
    ck_assert_int_eq(unmap(PAGE_VA(3), 0, handle), GNTST_okay);
    assert_unused();
}
END_TEST

START_TEST(unmap_wrong_bus_address)
{
    grant_handle_t handle;

    grant_to(a, WRITABLE);
    handle = map_ok(PAGE_VA(3), GNTMAP_host_map | GNTMAP_device_map).handle;
    ck_assert_int_eq(unmap(PAGE_VA(3), 4096, handle), GNTST_general_error);
    ck_assert_uint_ne(*entry_of(a, 3), 0); /* nothing happened to the host part either */
    ck_assert_int_eq(unmap(PAGE_VA(3), mfn_to_maddr(frame), handle), GNTST_okay);
    assert_unused();
}
END_TEST

START_TEST(unmap_of_nothing)
{
    grant_handle_t handle;

    grant_to(a, WRITABLE);
    handle = map_ok(PAGE_VA(3), GNTMAP_host_map).handle;
    ck_assert_int_eq(unmap(0, 0, handle), GNTST_okay);
    ck_assert_int_eq(unmap(0, mfn_to_maddr(frame), handle), GNTST_okay); /* no device part */
    ck_assert_uint_eq(page_of(frame)->refs, 2);
    ck_assert_int_eq(unmap(PAGE_VA(3), 0, handle), GNTST_okay);
    assert_unused();
}
END_TEST

/* References and handle stay until the flush, which comes first. */
START_TEST(references_wait_for_the_flush)
{
    grant_handle_t handle;

    a->mm.cpus = 5;
    grant_to(a, WRITABLE);
    handle = map_ok(PAGE_VA(3), GNTMAP_host_map).handle;
    ck_assert_int_eq(unmap_part(PAGE_VA(3), 0, handle), GNTST_okay);
    ck_assert_uint_eq(host.nr_flushes, 0);
    ck_assert_uint_eq(page_of(frame)->type_refs, 1);
    ck_assert_uint_eq(entry(b, GREF)->flags, WRITABLE | GTF_reading | GTF_writing);
    ck_assert_uint_eq(b->refs, 2);
    ck_assert_int_eq(unmap_part(PAGE_VA(3), 0, handle), GNTST_bad_handle);
    ck_assert_uint_ne(map_ok(PAGE_VA(4), GNTMAP_host_map).handle, handle);
    grant_unmap_flush(current);
    ck_assert_uint_eq(host.nr_flushes, 1);
    ck_assert_uint_eq(host.flushed_cpus, 5);
    ck_assert_uint_eq(page_of(frame)->type_refs, 1);
    ck_assert_uint_eq(map_ok(PAGE_VA(5), GNTMAP_host_map).handle, handle);
}
END_TEST

START_TEST(one_flush_for_a_batch)
{
    grant_handle_t handle[32];

    grant_to(a, WRITABLE);
    for (unsigned i = 0; i < 32; i++)
        handle[i] = map_ok(PAGE_VA(i + 1), GNTMAP_host_map).handle;
    for (unsigned i = 0; i < 31; i++)
        ck_assert_int_eq(unmap_part(PAGE_VA(i + 1), 0, handle[i]), GNTST_okay);
    ck_assert_uint_eq(host.nr_flushes, 0);
    ck_assert_int_eq(unmap_part(PAGE_VA(32), 0, handle[31]), GNTST_okay); /* the list is full */
    ck_assert_uint_eq(host.nr_flushes, 1);
    grant_unmap_flush(current);
    ck_assert_uint_eq(host.nr_flushes, 1);
    assert_unused();
}
END_TEST

START_TEST(device_parts_need_no_flush)
{
    struct gnttab_map_grant_ref op;

    grant_to(a, WRITABLE);
    op = map_ok(0, GNTMAP_device_map);
    ck_assert_int_eq(unmap(0, op.dev_bus_addr, op.handle), GNTST_okay);
    ck_assert_uint_eq(host.nr_flushes, 0);
}
END_TEST

/* Both parts in one batch, by two elements: the handle goes with the second. */
START_TEST(both_parts_in_one_batch)
{
    struct gnttab_map_grant_ref op;

    grant_to(a, WRITABLE);
    op = map_ok(PAGE_VA(3), GNTMAP_host_map | GNTMAP_device_map);
    ck_assert_int_eq(unmap_part(PAGE_VA(3), 0, op.handle), GNTST_okay);
    ck_assert_int_eq(unmap_part(0, op.dev_bus_addr, op.handle), GNTST_okay);
    ck_assert_int_eq(unmap_part(0, op.dev_bus_addr, op.handle), GNTST_bad_handle);
    grant_unmap_flush(current);
    assert_unused();
}
END_TEST

START_TEST(unmap_and_replace_without_replacement)
{
    struct gnttab_unmap_and_replace op = { .host_addr = PAGE_VA(3), .new_addr = PAGE_VA(4) };

    grant_to(a, WRITABLE);
    op.handle = map_ok(PAGE_VA(3), GNTMAP_host_map).handle;
    grant_unmap_and_replace(current, &op);
    ck_assert_int_eq(op.status, GNTST_general_error);
    op.new_addr = 0;
    grant_unmap_and_replace(current, &op);
    grant_unmap_flush(current);
    ck_assert_int_eq(op.status, GNTST_okay);
    assert_unused();
}
END_TEST

/* ---- hostile granters ------------------------------------------------------------------------ */

/* While mapped, the entry may say anything: the mapping goes by what the first pin saw. */
START_TEST(entry_changed_while_mapped)
{
    struct gnttab_map_grant_ref first, second;
    mfn_t secret = frame_make(b, PT_NONE);

    before = world_digest();
    grant_to(a, WRITABLE);
    first = map_ok(PAGE_VA(3), GNTMAP_host_map);
    *entry(b, GREF) = (struct grant_entry_v1){ .flags = GTF_invalid, .domid = c->id,
                                               .frame = (uint32_t)mfn_x(secret) };
    second = map_ok(PAGE_VA(4), GNTMAP_host_map);
    ck_assert_uint_eq(second.dev_bus_addr, mfn_to_maddr(frame));
    run(c->vcpu[0]);
    assert_map_refused(GNTST_general_error, PAGE_VA(3), GNTMAP_host_map); /* one domain at a time */
    run(a->vcpu[0]);
    ck_assert_int_eq(unmap(PAGE_VA(4), 0, second.handle), GNTST_okay);
    ck_assert_int_eq(unmap(PAGE_VA(3), 0, first.handle), GNTST_okay);
    ck_assert_uint_eq(page_of(secret)->refs, 1);
    assert_unused();
}
END_TEST

START_TEST(withdrawn_write_permission)
{
    struct gnttab_map_grant_ref op;

    grant_to(a, WRITABLE);
    op = map_ok(PAGE_VA(3), GNTMAP_host_map | GNTMAP_readonly);
    entry(b, GREF)->flags |= GTF_readonly;
    assert_map_refused(GNTST_general_error, PAGE_VA(4), GNTMAP_host_map);
    ck_assert_int_eq(unmap(PAGE_VA(3), 0, op.handle), GNTST_okay);
    ck_assert_uint_eq(entry(b, GREF)->flags, READONLY);
}
END_TEST

START_TEST(bits_cleared_by_the_granter)
{
    struct gnttab_map_grant_ref op;

    grant_to(a, WRITABLE);
    op = map_ok(PAGE_VA(3), GNTMAP_host_map);
    entry(b, GREF)->flags = 0; /* pretends that nobody maps it */
    ck_assert_uint_eq(page_of(frame)->type_refs, 1); /* still no page table */
    ck_assert_int_eq(unmap(PAGE_VA(3), 0, op.handle), GNTST_okay);
    ck_assert_uint_eq(entry(b, GREF)->flags, 0);
    assert_unused();
}
END_TEST

START_TEST(other_bits_survive)
{
    struct gnttab_map_grant_ref op;
    uint16_t flags = WRITABLE | GTF_PWT | GTF_PCD | GTF_PAT | 0xf000;

    grant_to(a, flags);
    op = map_ok(PAGE_VA(3), GNTMAP_host_map);
    ck_assert_uint_eq(*entry_of(a, 3), mfn_to_maddr(frame) | 0x67); /* RAM is write-back */
    ck_assert_int_eq(unmap(PAGE_VA(3), 0, op.handle), GNTST_okay);
    ck_assert_uint_eq(entry(b, GREF)->flags, flags);
}
END_TEST

/* ---- copying --------------------------------------------------------------------------------- */

START_TEST(copy_from_a_grant)
{
    struct gnttab_copy op = copy_op();
    mfn_t own = frame_make(a, PT_NONE);

    before = world_digest();
    grant_to(a, READONLY);
    memset(machine_map(frame), 0x11, PAGE_SIZE);
    memset(machine_map(own), 0x22, PAGE_SIZE);
    op.source.offset = 3996;
    op.dest.u.gmfn = mfn_x(own);
    op.dest.offset = 50;
    grant_copy(current, &op);
    ck_assert_int_eq(op.status, GNTST_okay);
    for (unsigned i = 0; i < PAGE_SIZE; i++)
        ck_assert_uint_eq(((uint8_t *)machine_map(own))[i], i >= 50 && i < 150 ? 0x11 : 0x22);
    assert_unused();
}
END_TEST

START_TEST(copy_to_a_grant)
{
    struct gnttab_copy op = { .flags = GNTCOPY_dest_gref, .len = 4096 };
    mfn_t own = frame_make(a, PT_NONE);

    before = world_digest();
    op.source.domid = DOMID_SELF;
    op.source.u.gmfn = mfn_x(own);
    op.dest.domid = b->id;
    op.dest.u.ref = GREF;
    memset(machine_map(own), 0x33, PAGE_SIZE);
    grant_to(a, READONLY);
    grant_copy(current, &op);
    ck_assert_int_eq(op.status, GNTST_general_error);
    grant_to(a, WRITABLE);
    grant_copy(current, &op);
    ck_assert_int_eq(op.status, GNTST_okay);
    ck_assert_mem_eq(machine_map(frame), machine_map(own), PAGE_SIZE);
    assert_unused();
}
END_TEST

START_TEST(copy_between_two_grants)
{
    struct gnttab_copy op = copy_op();
    mfn_t target = frame_make(c, PT_NONE);

    before = world_digest();
    grant_to(a, WRITABLE);
    *entry(c, 0) = (struct grant_entry_v1){ .flags = WRITABLE, .domid = a->id,
                                            .frame = (uint32_t)mfn_x(target) };
    op.flags |= GNTCOPY_dest_gref;
    op.dest.domid = c->id;
    op.dest.u.ref = 0;
    memset(machine_map(frame), 0x44, PAGE_SIZE);
    grant_copy(current, &op);
    ck_assert_int_eq(op.status, GNTST_okay);
    ck_assert_uint_eq(*(uint8_t *)machine_map(target), 0x44);
    ck_assert_uint_eq(entry(c, 0)->flags, WRITABLE);
    assert_unused();
}
END_TEST

START_TEST(copy_within_one_frame)
{
    struct gnttab_copy op = { .len = 8, .status = 1 };
    mfn_t own = frame_make(a, PT_NONE);
    uint8_t *bytes = machine_map(own);

    before = world_digest();
    op.source.domid = op.dest.domid = DOMID_SELF;
    op.source.u.gmfn = op.dest.u.gmfn = mfn_x(own);
    op.dest.offset = 2; /* overlapping */
    for (unsigned i = 0; i < 16; i++)
        bytes[i] = (uint8_t)i;
    grant_copy(current, &op);
    ck_assert_int_eq(op.status, GNTST_okay);
    for (unsigned i = 0; i < 8; i++)
        ck_assert_uint_eq(bytes[i + 2], i);
    assert_unused();
}
END_TEST

START_TEST(copy_stays_within_the_frame)
{
    static const struct {
        uint16_t from, to, len;
    } wrong[] = { { 4000, 0, 100 }, { 0, 4000, 100 }, { 4096, 0, 1 }, { 0, 4097, 0 },
                  { 0xffff, 0, 0xffff }, { 0, 0, 4097 } };
    mfn_t own = frame_make(a, PT_NONE);

    before = world_digest();
    grant_to(a, WRITABLE);
    for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
        struct gnttab_copy op = copy_op();

        op.source.offset = wrong[i].from;
        op.dest.u.gmfn = mfn_x(own);
        op.dest.offset = wrong[i].to;
        op.len = wrong[i].len;
        grant_copy(current, &op);
        ck_assert_int_eq(op.status, GNTST_bad_copy_arg);
    }
    assert_unused();
}
END_TEST

START_TEST(copy_of_nothing)
{
    struct gnttab_copy op = copy_op();

    op.len = 0;
    op.source.u.ref = 99; /* not even looked at */
    grant_copy(current, &op);
    ck_assert_int_eq(op.status, GNTST_okay);
    assert_unused();
}
END_TEST

START_TEST(copy_wrong_domains)
{
    struct gnttab_copy op = copy_op();

    op.source.domid = 7;
    grant_copy(current, &op);
    ck_assert_int_eq(op.status, GNTST_bad_domain);
    op = copy_op();
    op.dest.domid = b->id; /* another's frame without a grant */
    grant_copy(current, &op);
    ck_assert_int_eq(op.status, GNTST_permission_denied);
    op.dest.domid = a->id; /* one's own number is not DOMID_SELF */
    grant_copy(current, &op);
    ck_assert_int_eq(op.status, GNTST_permission_denied);
    op = copy_op();
    op.flags = 0;
    grant_copy(current, &op);
    ck_assert_int_eq(op.status, GNTST_permission_denied);
    assert_unused();
    ck_assert_uint_eq(a->refs, 1);
    ck_assert_uint_eq(b->refs, 1);
}
END_TEST

START_TEST(copy_wrong_references)
{
    struct gnttab_copy op = copy_op();
    mfn_t own = frame_make(a, PT_NONE);

    before = world_digest();
    op.dest.u.gmfn = mfn_x(own);
    op.source.u.ref = 512;
    grant_copy(current, &op);
    ck_assert_int_eq(op.status, GNTST_bad_gntref);
    op.source.u.ref = GREF;
    grant_to(c, WRITABLE);
    grant_copy(current, &op);
    ck_assert_int_eq(op.status, GNTST_general_error);
    grant_to(a, GTF_transitive);
    grant_copy(current, &op);
    ck_assert_int_eq(op.status, GNTST_general_error);
    grant_to(a, WRITABLE);
    entry(b, GREF)->frame = (uint32_t)mfn_x(own); /* not the granter's */
    grant_copy(current, &op);
    ck_assert_int_eq(op.status, GNTST_bad_page);
    assert_unused();
}
END_TEST

START_TEST(copy_wrong_destinations)
{
    struct gnttab_copy op = copy_op();
    uint64_t wrong[] = { 0, mfn_x(frame), frames_end, UINT64_MAX };

    grant_to(a, WRITABLE);
    for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
        op.dest.u.gmfn = wrong[i];
        grant_copy(current, &op);
        ck_assert_int_eq(op.status, GNTST_bad_page);
    }
    op.dest.u.gmfn = mfn_x(maddr_to_mfn(entry_maddr(a, 0))); /* a page table */
    grant_copy(current, &op);
    ck_assert_int_eq(op.status, GNTST_general_error);
    assert_unused();
}
END_TEST

START_TEST(copy_beside_a_mapping)
{
    struct gnttab_map_grant_ref mapped;
    struct gnttab_copy op = copy_op();
    mfn_t own = frame_make(a, PT_NONE);

    before = world_digest();
    grant_to(a, WRITABLE);
    mapped = map_ok(PAGE_VA(3), GNTMAP_host_map);
    op.dest.u.gmfn = mfn_x(own);
    grant_copy(current, &op);
    ck_assert_int_eq(op.status, GNTST_okay);
    ck_assert_uint_eq(entry(b, GREF)->flags, WRITABLE | GTF_reading | GTF_writing);
    ck_assert_int_eq(unmap(PAGE_VA(3), 0, mapped.handle), GNTST_okay);
    assert_unused();
}
END_TEST

/* ---- swapping -------------------------------------------------------------------------------- */

START_TEST(swap_entries)
{
    struct gnttab_swap_grant_ref op = { .ref_a = GREF, .ref_b = 3 };
    struct grant_entry_v1 saved;

    grant_to(a, WRITABLE);
    saved = *entry(b, GREF);
    run(b->vcpu[0]);
    ck_assert_int_eq(grant_swap_ref(current, &op), 0);
    ck_assert_int_eq(op.status, GNTST_okay);
    ck_assert_mem_eq(entry(b, 3), &saved, sizeof(saved));
    ck_assert_uint_eq(entry(b, GREF)->flags, 0);
    op.ref_b = GREF;
    ck_assert_int_eq(grant_swap_ref(current, &op), 0);
    ck_assert_int_eq(op.status, GNTST_okay); /* with itself */
}
END_TEST

START_TEST(swap_errors)
{
    struct gnttab_swap_grant_ref op = { .ref_a = 512, .ref_b = 3 };
    grant_handle_t handle;

    run(b->vcpu[0]);
    ck_assert_int_eq(grant_swap_ref(current, &op), 0);
    ck_assert_int_eq(op.status, GNTST_bad_gntref);
    op = (struct gnttab_swap_grant_ref){ .ref_a = 3, .ref_b = UINT32_MAX };
    ck_assert_int_eq(grant_swap_ref(current, &op), 0);
    ck_assert_int_eq(op.status, GNTST_bad_gntref);
    grant_to(a, WRITABLE);
    run(a->vcpu[0]);
    handle = map_ok(PAGE_VA(3), GNTMAP_host_map).handle;
    run(b->vcpu[0]);
    op.ref_b = GREF;
    ck_assert_int_eq(grant_swap_ref(current, &op), 0);
    ck_assert_int_eq(op.status, GNTST_eagain); /* in use */
    run(a->vcpu[0]);
    ck_assert_int_eq(unmap(PAGE_VA(3), 0, handle), GNTST_okay);
}
END_TEST

/* ---- death ----------------------------------------------------------------------------------- */

START_TEST(mapper_dies)
{
    grant_to(a, WRITABLE);
    map_ok(PAGE_VA(3), GNTMAP_host_map);
    map_ok(PAGE_VA(4), GNTMAP_host_map | GNTMAP_device_map);
    map_ok(PAGE_VA(5), GNTMAP_host_map | GNTMAP_readonly);
    map_ok(0, GNTMAP_device_map | GNTMAP_readonly);
    ck_assert_uint_eq(b->refs, 5);
    domain_unmake(a);
    ck_assert_uint_eq(b->refs, 1);
    ck_assert_uint_eq(page_of(frame)->refs, 1);
    ck_assert_uint_eq(page_of(frame)->type_refs, 0);
    ck_assert_uint_eq(entry(b, GREF)->flags, WRITABLE);
}
END_TEST

START_TEST(mapper_dies_in_steps)
{
    unsigned steps = 0;

    grant_to(a, WRITABLE);
    for (unsigned i = 0; i < 3 * MAPTRACK_PER_PAGE; i++)
        map_ok(0, GNTMAP_device_map);
    host.preempt = true;
    while (grant_table_release_mappings(a) == -ERESTART) {
        ck_assert_uint_le(++steps, 3);
        ck_assert(grant_check(a) && grant_check(b));
    }
    ck_assert_uint_eq(steps, 3);
    ck_assert_uint_eq(b->refs, 1);
    ck_assert_uint_eq(page_of(frame)->refs, 1);
}
END_TEST

/* The granter goes first: what is mapped stays valid until the mapper lets go. */
START_TEST(granter_dies)
{
    grant_handle_t handle;

    grant_to(a, WRITABLE);
    handle = map_ok(PAGE_VA(3), GNTMAP_host_map).handle;
    domain_unmake(b);
    ck_assert_uint_eq(fixture.nr_domains, 3);
    ck_assert_int_eq(map(PAGE_VA(4), GNTMAP_host_map).status, GNTST_bad_domain);
    ck_assert_int_eq(unmap_part(PAGE_VA(3), 0, handle), GNTST_okay);
    ck_assert_uint_eq(fixture.nr_domains, 3);
    grant_unmap_flush(current);
    ck_assert_uint_eq(fixture.nr_domains, 2);
    ck_assert_uint_eq(page_of(frame)->refs, 1);
}
END_TEST

/* A tool of dom0 still shows a frame of the dead domain's table: its domain waits for that. */
START_TEST(table_frame_mapped_at_the_end)
{
    struct page *page = page_of(grant_table_frame(c, 0));

    ck_assert_int_eq(grant_table_grow(c, 3), 0);
    page->refs++;
    ck_assert_int_eq(grant_table_release_mappings(c), 0);
    ck_assert_int_eq(grant_table_destroy(c), -EBUSY);
    page->refs--;
    ck_assert_int_eq(grant_table_destroy(c), 0);
    ck_assert_int_eq(grant_table_destroy(c), 0);
}
END_TEST

START_TEST(self_mapper_dies)
{
    run(b->vcpu[0]);
    grant_to(b, WRITABLE);
    map_ok(PAGE_VA(3), GNTMAP_host_map | GNTMAP_device_map);
    domain_unmake(b);
    ck_assert_uint_eq(fixture.nr_domains, 2);
    ck_assert_uint_eq(page_of(frame)->refs, 1);
}
END_TEST

/* The mapper overwrote its entry: that dropped the entry's references, the pin is left. */
START_TEST(mapper_dies_without_the_entry)
{
    grant_to(a, WRITABLE);
    map_ok(PAGE_VA(3), GNTMAP_host_map);
    *entry_of(a, 3) = 0;
    mm_lock(&b->mm);
    ck_assert_int_eq(page_put_and_type(page_of(frame)), 0);
    mm_unlock(&b->mm);
    page_of(frame)->owner = OWNER_NONE; /* and b may have given the frame away */
    domain_unmake(a);
    page_of(frame)->owner = b->mm.slot;
    ck_assert_uint_eq(page_of(frame)->refs, 1);
    ck_assert_uint_eq(entry(b, GREF)->flags, WRITABLE);
}
END_TEST

/* ---- interleavings --------------------------------------------------------------------------- */

struct held {
    grant_handle_t handle;
    uint32_t flags;
    unsigned page;
};

/* Random maps, partial unmaps, flushes and copies while b scribbles over its table: the invariants
 * hold after each step, and at the end everything is as at the start. */
START_TEST(random_operations)
{
    uint64_t seed = 362436069123456789u + (uint64_t)_i * 97;
    struct held held[40];
    unsigned nr = 0;
    mfn_t own = frame_make(a, PT_NONE);

    before = world_digest();
    grant_to(a, WRITABLE);
    for (unsigned step = 0; step < 3000; step++) {
        seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
        switch (seed % 8) {
        case 0: case 1: case 2: {
            unsigned page = (unsigned)(seed >> 8) % 512;
            uint32_t flags = (uint32_t)(seed >> 20) & 7;
            struct gnttab_map_grant_ref op;

            if (nr == ARRAY_SIZE(held) || (*entry_of(a, page) & 1))
                break;
            op = map(PAGE_VA(page), flags);
            if (op.status == GNTST_okay)
                held[nr++] = (struct held){ op.handle, flags, page };
            break;
        }
        case 3: case 4: {
            struct held *h = nr ? &held[(seed >> 8) % nr] : NULL;
            unsigned parts = (seed >> 20) & 3;
            uint64_t bus = mfn_to_maddr(_mfn(grant_active(b, GREF)->frame));

            if (!h)
                break;
            ck_assert_int_eq(unmap_part(parts & GNTMAP_host_map && h->page ? PAGE_VA(h->page) : 0,
                                        parts & GNTMAP_device_map ? bus : 0, h->handle),
                             GNTST_okay);
            if (parts & GNTMAP_host_map && h->page)
                h->flags &= ~(uint32_t)GNTMAP_host_map;
            if (parts & GNTMAP_device_map)
                h->flags &= ~(uint32_t)GNTMAP_device_map;
            if (!(h->flags & MAPTRACK_PARTS))
                *h = held[--nr];
            break;
        }
        case 5: {
            struct gnttab_copy op = copy_op();

            op.dest.u.gmfn = mfn_x(own);
            grant_copy(current, &op);
            break;
        }
        case 6: /* b tries what it can */
            *(uint32_t *)(void *)entry(b, GREF) = (uint32_t)(seed >> 16) & 0x0001ffff;
            break;
        default:
            grant_to(a, seed >> 40 & 1 ? READONLY : WRITABLE);
            grant_unmap_flush(current);
        }
        ck_assert_uint_eq(host_locks_held(), 0);
        ck_assert(grant_check(a) && grant_check(b));
    }
    grant_unmap_flush(current);
    for (unsigned i = 0; i < nr; i++) {
        /* A host mapping of page 0 has address 0, which means none: by its entry's death below. */
        if (held[i].flags & GNTMAP_host_map && held[i].page == 0)
            continue;
        ck_assert_int_eq(unmap(held[i].flags & GNTMAP_host_map ? PAGE_VA(held[i].page) : 0,
                               held[i].flags & GNTMAP_device_map ? mfn_to_maddr(frame) : 0,
                               held[i].handle), GNTST_okay);
    }
    domain_unmake(a);
    ck_assert(grant_check(b));
    ck_assert_uint_eq(page_of(frame)->refs, 1);
    ck_assert_uint_eq(page_of(frame)->type_refs, 0);
    ck_assert(!grant_is_pinned(grant_active(b, GREF)));
    ck_assert_uint_eq(b->refs, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core/grant");
    TCase *tc = tcase_create("all");

    const TTest *const tests[] = {
        starts_with_one_frame, setup_grows_and_lists, setup_limit, setup_of_others,
        setup_bad_pointer, growth_without_memory, query_errors, only_version_1, map_by_address,
        map_by_entry, map_readonly, map_for_a_device, map_both_parts,
        map_without_room_for_both_parts, unmap_both_parts_at_once,
        map_needs_a_part, map_wrong_domain, map_from_the_dying, map_wrong_reference,
        map_not_granted_to_us, map_wrong_types, map_of_frames_not_the_granters,
        page_tables_only_readonly, map_to_wrong_places, map_to_wrong_entries, map_over_a_mapping,
        handle_outlives_its_frame,
        own_grants_may_be_mapped, many_mappings_of_one_grant, pins_do_not_overflow,
        handles_run_out, handles_given_back, handles_without_memory, unmap_wrong_handles,
        unmap_wrong_address,
        unmap_of_a_changed_entry, unmap_wrong_bus_address, unmap_of_nothing,
        references_wait_for_the_flush, one_flush_for_a_batch, device_parts_need_no_flush,
        both_parts_in_one_batch, unmap_and_replace_without_replacement, entry_changed_while_mapped,
        withdrawn_write_permission, bits_cleared_by_the_granter, other_bits_survive,
        copy_from_a_grant, copy_to_a_grant, copy_between_two_grants, copy_within_one_frame,
        copy_stays_within_the_frame, copy_of_nothing, copy_wrong_domains, copy_wrong_references,
        copy_wrong_destinations, copy_beside_a_mapping, swap_entries, swap_errors, mapper_dies,
        mapper_dies_in_steps, granter_dies,
        table_frame_mapped_at_the_end, self_mapper_dies, mapper_dies_without_the_entry,
    };

    tcase_add_checked_fixture(tc, start, end);
    for (unsigned i = 0; i < ARRAY_SIZE(tests); i++)
        tcase_add_test(tc, tests[i]);
    tcase_add_loop_test(tc, random_operations, 0, 8);
    suite_add_tcase(suite, tc);
    return suite_run(suite);
}
