/* SPDX-License-Identifier: MIT */
/*
 * memory_op and mmu_update on the real memory core: extents given and taken, exchanges at all
 * edges, and what the count, the done word and the domain numbers of a page-table batch may hold.
 * Guest memory is the memory of the test; the calling domain is dom0, a second one has number 1.
 */
#include "../suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/domain.h"
#include "hypercall/hypercall.h"
#include "hypercall_direct.h"
#include "lib/errno.h"
#include "mm/alloc.h"
#include "mm/update.h"
#include "public/memory.h"
#include "pv/guest_cpu.h"

static struct domain own, other;
static struct vcpu vcpu0;
struct vcpu *percpu_current_vcpu;

static struct {
    uint64_t args[6]; /* of the last restart */
    unsigned restarts, refs;
    uint64_t free_at_start;
} world;

/* ---- what the handlers ask of others ---- */

struct domain *domain_get(domid_t id)
{
    if (id != other.id)
        return NULL;
    world.refs++;
    return &other;
}

void domain_put(struct domain *d)
{
    ck_assert_ptr_eq(d, &other);
    world.refs--;
}

long hypercall_restart(unsigned nr, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3)
{
    const uint64_t args[] = { a0, a1, a2, a3 };

    memcpy(world.args, args, nr * sizeof(args[0]));
    world.restarts++;
    return -ERESTART;
}

long hypercall_restart_extent(uint32_t cmd, uint64_t done)
{
    return hypercall_restart(1, cmd | done << 6, 0, 0, 0);
}

long mmuext_element(struct domain *target, struct mmuext_op *op)
{
    (void)target;
    (void)op;
    return -ENOSYS;
}

int root_set_kernel(struct vcpu *v, mfn_t mfn)
{
    ck_assert_ptr_eq(v, &vcpu0);
    return mfn_x(mfn) ? 0 : -EINVAL;
}

int root_set_user(struct vcpu *v, mfn_t mfn)
{
    (void)mfn;
    ck_assert_ptr_eq(v, &vcpu0);
    return 0;
}

int ldt_set(struct vcpu *v, gva_t base, unsigned entries)
{
    ck_assert_ptr_eq(v, &vcpu0);
    ck_assert_uint_le(entries, 8192);
    ck_assert_uint_eq(base % PAGE_SIZE, 0);
    return 0;
}

/* ---- set-up ---- */

static void set_up(void)
{
    memset(&world, 0, sizeof(world));
    memset(&own, 0, sizeof(own));
    memset(&other, 0, sizeof(other));
    memset(&vcpu0, 0, sizeof(vcpu0));
    host_reset();
    frames_init(HOST_FRAMES_MAX * PAGE_SIZE, host_take);
    frames_add(16 * PAGE_SIZE, host_ram_end());
    own.is_control = own.mm.is_control = true;
    own.mm.frames_max = other.mm.frames_max = UINT64_MAX;
    own.mm.cpus = 1;
    other.id = other.mm.slot = 1;
    vcpu0.domain = &own;
    percpu_current_vcpu = &vcpu0;
    lock_init(&own.mm.lock, LOCK_MM);
    lock_init(&other.mm.lock, LOCK_MM);
    ck_assert_int_eq(mm_account_register(&own.mm), 0);
    ck_assert_int_eq(mm_account_register(&other.mm), 0);
    world.free_at_start = frames_free();
}

static void tear_down(void)
{
    ck_assert_uint_eq(world.refs, 0);
    ck_assert_uint_eq(host_locks_held(), 0);
    ck_assert(page_audit());
}

static uint64_t address(const void *p)
{
    return (uint64_t)(uintptr_t)p;
}

static struct xen_memory_reservation reservation(uint64_t *list, uint64_t nr, unsigned order)
{
    return (struct xen_memory_reservation){
        .extent_start = address(list), .nr_extents = nr, .extent_order = order, .domid = DOMID_SELF
    };
}

/* `nr` extents of the caller's in `list`, with pseudo-physical numbers from 1000 up. */
static void give(uint64_t *list, unsigned nr, unsigned order)
{
    struct xen_memory_reservation op = reservation(list, nr, order);

    for (unsigned i = 0; i < nr; i++)
        list[i] = 1000 + ((uint64_t)i << order);
    ck_assert_int_eq(hc_memory_populate_physmap(&op, 0), nr);
}

/* ---- reservations ---- */

START_TEST(test_populate_gives_and_decrease_takes)
{
    uint64_t list[8];
    struct xen_memory_reservation op = reservation(list, 8, 1);

    give(list, 8, 1);
    ck_assert_uint_eq(own.mm.nr_frames, 16);
    for (unsigned i = 0; i < 16; i++)
        ck_assert_uint_eq(m2p_get(_mfn(list[i / 2] + i % 2)), 1000 + i);
    ck_assert_int_eq(hc_memory_decrease_reservation(&op, 0), 8);
    ck_assert_uint_eq(own.mm.nr_frames, 0);
    ck_assert_uint_eq(frames_free(), world.free_at_start);
    ck_assert_uint_eq(m2p_get(_mfn(list[0])), M2P_INVALID);
}
END_TEST

START_TEST(test_reservation_edges)
{
    uint64_t list[2] = { 5, 6 };
    static const uint64_t counts[] = { UINT64_MAX, UINT64_MAX >> 5, (UINT64_MAX >> 6) + 1, 0 };
    static const uint32_t orders[] = { 10, 18, 63, 64, UINT32_MAX };
    struct xen_memory_reservation op;

    for (unsigned i = 0; i < ARRAY_SIZE(counts); i++) {
        op = reservation(list, counts[i], 0);
        ck_assert_int_eq(hc_memory_populate_physmap(&op, 0), 0);
        ck_assert_int_eq(hc_memory_decrease_reservation(&op, 0), 0);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(orders); i++) {
        op = reservation(list, 2, orders[i]);
        ck_assert_int_eq(hc_memory_populate_physmap(&op, 0), 0);
        ck_assert_int_eq(hc_memory_increase_reservation(&op, 1), 1);
        ck_assert_int_eq(hc_memory_decrease_reservation(&op, 0), 0);
    }
    op = reservation(list, 2, 0);
    ck_assert_int_eq(hc_memory_populate_physmap(&op, 2), 2);
    ck_assert_int_eq(hc_memory_populate_physmap(&op, UINT64_MAX >> 6), (long)(UINT64_MAX >> 6));
    op.domid = 77;
    ck_assert_int_eq(hc_memory_populate_physmap(&op, 0), 0);
    own.is_control = false;
    op.domid = 1;
    ck_assert_int_eq(hc_memory_populate_physmap(&op, 0), -EPERM);
    ck_assert_uint_eq(own.mm.nr_frames + other.mm.nr_frames, 0);
}
END_TEST

START_TEST(test_decrease_refuses_what_is_not_given)
{
    uint64_t list[4], theirs[1], bad[] = { 0, 1, HOST_FRAMES_MAX, UINT64_MAX, UINT64_MAX >> 12 };
    struct xen_memory_reservation op = reservation(theirs, 1, 0);

    give(list, 4, 0);
    op.domid = 1;
    theirs[0] = 3;
    ck_assert_int_eq(hc_memory_populate_physmap(&op, 0), 1);
    ck_assert_uint_eq(other.mm.nr_frames, 1);
    op.domid = DOMID_SELF;
    ck_assert_int_eq(hc_memory_decrease_reservation(&op, 0), 0);
    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        op = reservation(&bad[i], 1, i % 3);
        ck_assert_int_eq(hc_memory_decrease_reservation(&op, 0), 0);
    }
    list[2] = list[1]; /* a frame cannot be given up twice, and the last is not reached */
    op = reservation(list, 4, 0);
    ck_assert_int_eq(hc_memory_decrease_reservation(&op, 0), 2);
    ck_assert_uint_eq(own.mm.nr_frames, 2);
}
END_TEST

START_TEST(test_populate_stops_and_goes_on)
{
    static uint64_t list[200];
    struct xen_memory_reservation op = reservation(list, 200, 0);

    host.preempt = true;
    ck_assert_int_eq(hc_memory_populate_physmap(&op, 0), -ERESTART);
    ck_assert_uint_eq(world.args[0], XENMEM_populate_physmap | BATCH_PREEMPT << 6);
    ck_assert_uint_eq(own.mm.nr_frames, BATCH_PREEMPT);
    ck_assert_int_eq(hc_memory_populate_physmap(&op, BATCH_PREEMPT), -ERESTART);
    host.preempt = false;
    ck_assert_int_eq(hc_memory_populate_physmap(&op, 2 * BATCH_PREEMPT), 200);
    ck_assert_uint_eq(own.mm.nr_frames, 200);
}
END_TEST

START_TEST(test_populate_stops_at_fault_and_limit)
{
    static uint64_t list[1024] __attribute__((aligned(4096)));
    struct xen_memory_reservation op = reservation(list, 1024, 0);

    host.fault_start = address(&list[512]);
    host.fault_end = address(&list[1024]);
    ck_assert_int_eq(hc_memory_populate_physmap(&op, 0), 512);
    ck_assert_uint_eq(own.mm.nr_frames, 512);
    host.fault_start = host.fault_end = 0;
    own.mm.frames_max = 600;
    ck_assert_int_eq(hc_memory_populate_physmap(&op, 512), 600);
    ck_assert_uint_eq(own.mm.nr_frames, 600);
}
END_TEST

/* ---- exchange ---- */

static struct xen_memory_exchange exchange(uint64_t *in, uint64_t nr_in, unsigned in_order,
                                           uint64_t *out, uint64_t nr_out, unsigned out_order)
{
    return (struct xen_memory_exchange){ .in = reservation(in, nr_in, in_order),
                                         .out = reservation(out, nr_out, out_order) };
}

START_TEST(test_exchange_makes_contiguous)
{
    uint64_t in[64], out[1] = { 5000 };
    struct xen_memory_exchange op = exchange(in, 64, 0, out, 1, 6);

    give(in, 64, 0);
    op.out.mem_flags = XENMEMF_address_bits(24);
    ck_assert_int_eq(on_memory_exchange(&op), 0);
    ck_assert_uint_eq(op.nr_exchanged, 64);
    ck_assert_uint_eq(own.mm.nr_frames, 64);
    ck_assert_uint_le(out[0] + 64, 1 << 12);
    for (unsigned i = 0; i < 64; i++) {
        ck_assert_uint_eq(m2p_get(_mfn(out[0] + i)), 5000 + i);
        ck_assert_uint_eq(page_of(_mfn(out[0] + i))->owner, own.mm.slot);
    }
    /* And back into single ones. */
    op = exchange(out, 1, 6, in, 64, 0);
    for (unsigned i = 0; i < 64; i++)
        in[i] = 7000 + i;
    ck_assert_int_eq(on_memory_exchange(&op), 0);
    ck_assert_uint_eq(op.nr_exchanged, 1);
    ck_assert_uint_eq(own.mm.nr_frames, 64);
    for (unsigned i = 0; i < 64; i++)
        ck_assert_uint_eq(m2p_get(_mfn(in[i])), 7000 + i);
    ck_assert_uint_eq(frames_free(), world.free_at_start - 64);
}
END_TEST

START_TEST(test_exchange_edges)
{
    uint64_t in[4], out[4] = { 1, 2, 3, 4 };
    static const uint64_t done[] = { 5, 1u << 31, UINT64_MAX, UINT64_MAX - 3, UINT64_MAX / 8 };
    struct xen_memory_exchange op;

    give(in, 4, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(done); i++) {
        op = exchange(in, 4, 0, out, 1, 2);
        op.nr_exchanged = done[i];
        ck_assert_int_eq(on_memory_exchange(&op), -EINVAL);
        ck_assert_uint_eq(op.nr_exchanged, done[i]);
    }
    op = exchange(in, 4, 0, out, 1, 2);
    op.nr_exchanged = 4; /* nothing left to do */
    ck_assert_int_eq(on_memory_exchange(&op), 0);
    op = exchange(in, 4, 0, out, 2, 2);
    ck_assert_int_eq(on_memory_exchange(&op), -EINVAL);
    op = exchange(in, UINT64_C(1) << 62, 2, out, 1, 2); /* wraps to 0 frames */
    ck_assert_int_eq(on_memory_exchange(&op), -EINVAL);
    op = exchange(in, UINT64_C(1) << 61, 0, out, UINT64_C(1) << 61, 0); /* wraps to 0 bytes */
    ck_assert_int_eq(on_memory_exchange(&op), -EFAULT);
    op = exchange(in, 4, 0, out, 4, 0);
    op.in.extent_start = HYPERVISOR_START;
    ck_assert_int_eq(on_memory_exchange(&op), -EFAULT);
    op = exchange(in, 1, 10, out, 1, 10);
    ck_assert_int_eq(on_memory_exchange(&op), -EPERM);
    op = exchange(in, 4, UINT32_MAX, out, 4, UINT32_MAX);
    ck_assert_int_eq(on_memory_exchange(&op), -EPERM);
    op = exchange(in, 4, 0, out, 1, 2);
    op.out.domid = 1;
    ck_assert_int_eq(on_memory_exchange(&op), -EINVAL);
    op.in.domid = op.out.domid = 99;
    ck_assert_int_eq(on_memory_exchange(&op), -ESRCH);
    ck_assert_uint_eq(own.mm.nr_frames, 4);
    ck_assert_uint_eq(frames_free(), world.free_at_start - 4);
}
END_TEST

/* Each refusal leaves every frame, the limit and the guest's lists as they were. */
static void refused(struct xen_memory_exchange *op, uint64_t *out, int error)
{
    uint64_t before = frames_free(), nr = own.mm.nr_frames, limit = own.mm.frames_max;
    uint64_t number = out[0];

    ck_assert_int_eq(on_memory_exchange(op), error);
    ck_assert_uint_eq(frames_free(), before);
    ck_assert_uint_eq(own.mm.nr_frames, nr);
    ck_assert_uint_eq(own.mm.frames_max, limit);
    ck_assert_uint_eq(out[0], number);
    ck_assert_uint_eq(op->nr_exchanged, 0);
}

START_TEST(test_exchange_refuses_frames_in_use)
{
    uint64_t in[4], out[1] = { 9 }, kept;
    struct xen_memory_exchange op = exchange(in, 4, 0, out, 1, 2);

    give(in, 4, 0);
    mm_lock(&own.mm);
    ck_assert(page_get(page_of(_mfn(in[3])), &own.mm));
    mm_unlock(&own.mm);
    refused(&op, out, -EINVAL);
    mm_lock(&own.mm);
    page_put(page_of(_mfn(in[3])));
    mm_unlock(&own.mm);
    kept = in[2];
    in[2] = in[0]; /* named twice */
    refused(&op, out, -EINVAL);
    in[2] = UINT64_MAX;
    refused(&op, out, -EINVAL);
    in[2] = 0;
    refused(&op, out, -EINVAL);
    in[2] = kept;
    host.fault_start = address(in);
    host.fault_end = address(in + 1);
    refused(&op, out, -EFAULT);
    host.fault_start = host.fault_end = 0;
    ck_assert_int_eq(on_memory_exchange(&op), 0);
    for (unsigned i = 0; i < 4; i++)
        ck_assert_uint_eq(m2p_get(_mfn(out[0] + i)), 9 + i);
}
END_TEST

START_TEST(test_exchange_at_the_limit)
{
    uint64_t in[4], out[1] = { 9 };
    struct xen_memory_exchange op = exchange(in, 4, 0, out, 1, 2);

    give(in, 4, 0);
    own.mm.frames_max = 4;
    op.out.mem_flags = XENMEMF_address_bits(13); /* no memory so low */
    refused(&op, out, -ENOMEM);
    op.out.mem_flags = 0;
    ck_assert_int_eq(on_memory_exchange(&op), 0);
    ck_assert_uint_eq(own.mm.frames_max, 4);
    ck_assert_uint_eq(own.mm.nr_frames, 4);
}
END_TEST

START_TEST(test_exchange_stops_and_goes_on)
{
    uint64_t in[12], out[3] = { 100, 200, 300 };
    struct xen_memory_exchange op = exchange(in, 12, 0, out, 3, 2);

    give(in, 12, 0);
    host.preempt = true;
    for (unsigned step = 1; step < 3; step++) {
        ck_assert_int_eq(on_memory_exchange(&op), -ERESTART);
        ck_assert_uint_eq(op.nr_exchanged, 4 * step);
        ck_assert_uint_eq(m2p_get(_mfn(out[step - 1] + 3)), 100 * step + 3);
    }
    ck_assert_uint_eq(out[2], 300);
    ck_assert_int_eq(on_memory_exchange(&op), 0);
    ck_assert_uint_eq(op.nr_exchanged, 12);
    ck_assert_uint_eq(own.mm.nr_frames, 12);
}
END_TEST

/* Of one step: 512 frames for one extent, interrupted wherever it can be. */
static unsigned exchange_all(struct xen_memory_exchange *op)
{
    unsigned parts = 1;
    long ret;

    while ((ret = on_memory_exchange(op)) == -ERESTART) {
        ck_assert_uint_eq(op->nr_exchanged, 0);
        parts++;
    }
    ck_assert_int_eq(ret, 0);
    return parts;
}

START_TEST(test_exchange_stops_in_a_step)
{
    static uint64_t in[512], out[512] = { 5000 };
    struct xen_memory_exchange op = exchange(in, 512, 0, out, 1, 9);

    give(in, 512, 0);
    own.mm.frames_max = 512;
    host.preempt = true;
    ck_assert_uint_gt(exchange_all(&op), 512 / 64);
    ck_assert_uint_eq(own.mm.nr_frames, 512);
    ck_assert_uint_eq(m2p_get(_mfn(out[0] + 511)), 5511);
    op = exchange(out, 1, 9, in, 512, 0);
    ck_assert_uint_gt(exchange_all(&op), 512 / 64);
    ck_assert_uint_eq(own.mm.nr_frames, 512);
    ck_assert_uint_eq(own.mm.frames_lent, 0);
    ck_assert_ptr_null(own.mm.exchange);
    ck_assert_uint_eq(frames_free(), world.free_at_start - 512);
}
END_TEST

/* In the middle, frames that leave can be used but not given up; the end is in the last part. */
START_TEST(test_exchange_half_way)
{
    static uint64_t in[512], out[1] = { 5000 };
    struct xen_memory_exchange op = exchange(in, 512, 0, out, 1, 9), next;
    struct xen_memory_reservation again = reservation(&in[511], 1, 0);
    uint64_t two[2] = { 8000, 8001 };

    give(in, 512, 0);
    host.preempt = true;
    ck_assert_int_eq(on_memory_exchange(&op), -ERESTART); /* the new extent is taken */
    ck_assert_uint_eq(own.mm.nr_frames, 1024);
    ck_assert_int_eq(on_memory_exchange(&op), -ERESTART); /* all are condemned, 64 are gone */
    ck_assert_uint_eq(own.mm.nr_frames, 1024 - 64);
    ck_assert_int_eq(hc_memory_decrease_reservation(&again, 0), 0);
    ck_assert(page_audit());
    /* Another exchange has this one finished first; nobody is told where the new extent is. */
    host.preempt = false;
    ck_assert_int_eq(hc_memory_populate_physmap(
                         &(struct xen_memory_reservation){ .extent_start = address(two),
                                                           .nr_extents = 2,
                                                           .domid = DOMID_SELF },
                         0),
                     2);
    next = exchange(two, 2, 0, out, 1, 1);
    out[0] = 9000;
    ck_assert_int_eq(on_memory_exchange(&next), 0);
    ck_assert_uint_eq(own.mm.nr_frames, 512 + 2);
    ck_assert_uint_eq(own.mm.frames_lent, 0);
    ck_assert_uint_eq(m2p_get(_mfn(out[0] + 1)), 9001);
    ck_assert(page_audit());
}
END_TEST

/* One that another exchange finds before it gave anything is taken back. */
START_TEST(test_exchange_given_up)
{
    static uint64_t in[512], out[512];
    struct xen_memory_exchange op, next;

    give(in, 1, 9);
    for (unsigned i = 0; i < 512; i++)
        out[i] = 5000 + i;
    op = exchange(in, 1, 9, out, 512, 0);
    host.preempt = true;
    ck_assert_int_eq(on_memory_exchange(&op), -ERESTART);
    ck_assert_uint_eq(own.mm.nr_frames, 512 + 64);
    ck_assert_int_eq(on_memory_exchange(&op), -ERESTART);
    ck_assert_uint_eq(own.mm.nr_frames, 512 + 128);
    next = op;
    next.out.mem_flags = XENMEMF_address_bits(13); /* no memory so low */
    ck_assert_int_eq(on_memory_exchange(&next), -ERESTART);
    ck_assert_uint_eq(own.mm.nr_frames, 512 + 64);
    host.preempt = false;
    ck_assert_int_eq(on_memory_exchange(&next), -ENOMEM);
    ck_assert_uint_eq(own.mm.nr_frames, 512);
    ck_assert_uint_eq(own.mm.frames_lent, 0);
    ck_assert(page_audit());
    for (unsigned i = 0; i < 512; i++)
        ck_assert_uint_eq(out[i], 5000 + i);
}
END_TEST

/* While one processor is at it, another one's call is put off. */
START_TEST(test_exchange_one_at_a_time)
{
    uint64_t in[1], out[1] = { 9 };
    struct xen_memory_exchange op = exchange(in, 1, 0, out, 1, 0);

    give(in, 1, 0);
    own.mm.is_exchanging = true;
    ck_assert_int_eq(on_memory_exchange(&op), -ERESTART);
    ck_assert_uint_eq(op.nr_exchanged, 0);
    own.mm.is_exchanging = false;
    ck_assert_int_eq(on_memory_exchange(&op), 0);
}
END_TEST

/* A domain dies in the middle: nothing is lost. */
START_TEST(test_exchange_dies)
{
    static uint64_t in[512], out[1] = { 5000 };
    struct xen_memory_exchange op = exchange(in, 512, 0, out, 1, 9);

    give(in, 512, 0);
    host.preempt = true;
    ck_assert_int_eq(on_memory_exchange(&op), -ERESTART);
    ck_assert_int_eq(on_memory_exchange(&op), -ERESTART);
    host.preempt = false;
    own.mm.is_dying = true;
    ck_assert_int_eq(account_relinquish(&own.mm), 0);
    ck_assert_uint_eq(own.mm.nr_frames, 0);
    ck_assert_uint_eq(frames_free(), world.free_at_start);
    ck_assert(page_audit());
}
END_TEST

/* ---- mmu_update ---- */

#define ENTRY(mfn) ((mfn) << PAGE_SHIFT | 0x67)

/* A pinned L1 in frame[0]; the other three are plain frames. */
static void table_make(uint64_t frame[4])
{
    give(frame, 4, 0);
    memset(machine_map(_mfn(frame[0])), 0, PAGE_SIZE);
    ck_assert_int_eq(pt_pin(&own.mm, _mfn(frame[0]), PT_L1), 0);
}

static long mmu(struct mmu_update *updates, uint32_t count, uint32_t *done, uint32_t domids)
{
    return hc_mmu_update(guest_ptr(address(updates)), count, guest_ptr(address(done)), domids);
}

START_TEST(test_mmu_update_counts_what_succeeded)
{
    uint64_t frame[4], *table;
    struct mmu_update u[4];
    uint32_t done = 77;

    table_make(frame);
    table = machine_map(_mfn(frame[0]));
    for (unsigned i = 0; i < 4; i++)
        u[i] = (struct mmu_update){ (frame[0] << PAGE_SHIFT) + i * 8, ENTRY(frame[1]) };
    u[2].val = ENTRY(frame[0]); /* a table, writable */
    ck_assert_int_eq(mmu(u, 4, &done, DOMID_SELF), -EINVAL);
    ck_assert_uint_eq(done, 2);
    ck_assert_uint_eq(table[1] >> PAGE_SHIFT, frame[1]);
    ck_assert_uint_eq(table[2] | table[3], 0);
    ck_assert_int_eq(mmu(u, 2, NULL, DOMID_SELF), 0);
    ck_assert_int_eq(mmu(u, 0, &done, DOMID_SELF), 0);
    ck_assert_uint_eq(done, 0);
    ck_assert_int_eq(mmu(u, 0x7fffffff, &done, DOMID_SELF), -EFAULT);
    ck_assert_int_eq(hc_mmu_update(guest_ptr(HYPERVISOR_START), 1, guest_ptr(0), DOMID_SELF),
                     -EFAULT);
}
END_TEST

START_TEST(test_mmu_update_carries_the_count_over)
{
    static struct mmu_update u[150];
    uint64_t frame[4];
    uint32_t done = 5;

    table_make(frame);
    for (unsigned i = 0; i < 150; i++)
        u[i] = (struct mmu_update){ (frame[0] << PAGE_SHIFT) + i * 8, ENTRY(frame[1]) };
    host.preempt = true;
    ck_assert_int_eq(mmu(u, 150, &done, DOMID_SELF), -ERESTART);
    ck_assert_uint_eq(done, BATCH_PREEMPT);
    ck_assert_uint_eq(world.args[0], address(u + BATCH_PREEMPT));
    ck_assert_uint_eq(world.args[1], (150 - BATCH_PREEMPT) | 1u << 31);
    host.preempt = false;
    ck_assert_int_eq(hc_mmu_update(guest_ptr(world.args[0]), (uint32_t)world.args[1],
                                   guest_ptr(address(&done)), DOMID_SELF),
                     0);
    ck_assert_uint_eq(done, 150);
    /* A forged word harms the forger's count only. */
    done = UINT32_MAX;
    ck_assert_int_eq(mmu(u, 2 | 1u << 31, &done, DOMID_SELF), 0);
    ck_assert_uint_eq(done, 1);
    ck_assert_int_eq(mmu(u, 1u << 31, NULL, DOMID_SELF), 0);
}
END_TEST

START_TEST(test_machphys_is_the_owners)
{
    uint64_t frame[4], theirs[1] = { 5 };
    struct mmu_update u = { 0, 4711 };
    static const uint64_t bad[] = { 0, 15, HOST_FRAMES_MAX, UINT64_MAX >> 12 };
    struct xen_memory_reservation op = reservation(theirs, 1, 0);

    give(frame, 4, 0);
    op.domid = 1;
    ck_assert_int_eq(hc_memory_populate_physmap(&op, 0), 1);
    u.ptr = frame[0] << PAGE_SHIFT | MMU_MACHPHYS_UPDATE;
    ck_assert_int_eq(mmu(&u, 1, NULL, DOMID_SELF), 0);
    ck_assert_uint_eq(m2p_get(_mfn(frame[0])), 4711);
    u.ptr = theirs[0] << PAGE_SHIFT | MMU_MACHPHYS_UPDATE;
    ck_assert_int_eq(mmu(&u, 1, NULL, DOMID_SELF), -EINVAL);
    ck_assert_int_eq(mmu(&u, 1, NULL, DOMID_IO), -EINVAL);
    ck_assert_uint_eq(m2p_get(_mfn(theirs[0])), 5);
    ck_assert_int_eq(mmu(&u, 1, NULL, 1), 0);
    ck_assert_uint_eq(m2p_get(_mfn(theirs[0])), 4711);
    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        u.ptr = bad[i] << PAGE_SHIFT | MMU_MACHPHYS_UPDATE;
        ck_assert_int_eq(mmu(&u, 1, NULL, DOMID_SELF), -EINVAL);
    }
    u.ptr = frame[0] << PAGE_SHIFT | 4;
    ck_assert_int_eq(mmu(&u, 1, NULL, DOMID_SELF), -ENOSYS);
}
END_TEST

START_TEST(test_mmu_update_names_domains)
{
    uint64_t frame[4];
    struct mmu_update u;
    static const uint32_t absent[] = { 2,
                                       DOMID_INVALID,
                                       0xffff,
                                       3u << 16 | DOMID_SELF,
                                       0xffff0000u | DOMID_SELF,
                                       (DOMID_IO + 1u) << 16 };

    table_make(frame);
    u = (struct mmu_update){ frame[0] << PAGE_SHIFT, ENTRY(frame[1]) };
    for (unsigned i = 0; i < ARRAY_SIZE(absent); i++)
        ck_assert_int_eq(mmu(&u, 1, NULL, absent[i]), -ESRCH);
    ck_assert_int_eq(mmu(&u, 1, NULL, DOMID_XEN), -EINVAL); /* no frames of its own to map */
    ck_assert_int_eq(mmu(&u, 1, NULL, 0), 0);                           /* itself by number */
    ck_assert_int_eq(mmu(&u, 1, NULL, 1u << 16 | DOMID_SELF), 0);       /* tables, too */
    ck_assert_int_eq(mmu(&u, 1, NULL, 2u << 16 | DOMID_SELF), -EINVAL); /* not a table of 1 */
    own.is_control = false;
    ck_assert_int_eq(mmu(&u, 1, NULL, 1), -EPERM);
    ck_assert_int_eq(mmu(&u, 1, NULL, 2u << 16 | DOMID_SELF), -EPERM);
    ck_assert_uint_eq(world.refs, 0);
}
END_TEST

START_TEST(test_clear_and_copy)
{
    uint64_t frame[4];
    struct mmuext_op op = { .cmd = MMUEXT_COPY_PAGE };

    table_make(frame);
    memset(machine_map(_mfn(frame[1])), 0x11, PAGE_SIZE);
    op.arg1.mfn = frame[2];
    op.arg2.src_mfn = frame[1];
    ck_assert_int_eq(hc_mmuext_copy_page(&own, &op), 0);
    ck_assert_mem_eq(machine_map(_mfn(frame[1])), machine_map(_mfn(frame[2])), PAGE_SIZE);
    ck_assert_int_eq(hc_mmuext_clear_page(&own, &op), 0);
    ck_assert_uint_eq(*(uint64_t *)machine_map(_mfn(frame[2])), 0);
    op.arg1.mfn = frame[0]; /* a page table */
    ck_assert_int_eq(hc_mmuext_clear_page(&own, &op), -EINVAL);
    ck_assert_int_eq(hc_mmuext_copy_page(&own, &op), -EINVAL);
    op.arg1.mfn = frame[3];
    op.arg2.src_mfn = UINT64_MAX;
    ck_assert_int_eq(hc_mmuext_copy_page(&own, &op), -EINVAL);
    op.arg1.mfn = UINT64_MAX;
    ck_assert_int_eq(hc_mmuext_clear_page(&own, &op), -EINVAL);
    ck_assert_int_eq(hc_mmuext_clear_page(&other, &op), -EINVAL);
}
END_TEST

static long set_ldt(struct domain *target, uint64_t base, uint32_t entries)
{
    struct mmuext_op op = { .arg1.linear_addr = base, .arg2.nr_ents = entries };

    return hc_mmuext_set_ldt(target, &op);
}

START_TEST(test_mmuext_arguments)
{
    uint64_t vcpus[1] = { UINT64_MAX };
    struct mmuext_op op = { .arg1.mfn = 0, .arg2.vcpumask = address(vcpus) };

    ck_assert_int_eq(hc_mmuext_new_baseptr(&own, &op), -EINVAL);
    ck_assert_int_eq(hc_mmuext_new_user_baseptr(&own, &op), 0);
    ck_assert_int_eq(set_ldt(&own, 0, 0), 0);
    ck_assert_int_eq(set_ldt(&own, 0x1000, 8192), 0);
    ck_assert_int_eq(set_ldt(&own, 0x1000, 8193), -EINVAL);
    ck_assert_int_eq(set_ldt(&own, 0x1008, 1), -EINVAL);
    ck_assert_int_eq(set_ldt(&own, HYPERVISOR_START - PAGE_SIZE, 8192), -EINVAL);
    ck_assert_int_eq(set_ldt(&own, 0 - PAGE_SIZE, 8192), -EINVAL);
    ck_assert_uint_eq(host.nr_flushes, 0);
    /* Bits without a vCPU name nothing; a vCPU names the processor it last ran on. */
    own.vcpus_max = VCPUS_MAX;
    own.vcpu[63] = &vcpu0;
    vcpu0.cpu = 2;
    own.mm.cpus = 7;
    ck_assert_int_eq(hc_mmuext_tlb_flush_multi(&own, &op), 0);
    ck_assert_uint_eq(host.flushed_cpus, 4);
    ck_assert_int_eq(hc_mmuext_invlpg_multi(&own, &op), 0);
    op.arg2.vcpumask = HYPERVISOR_START;
    ck_assert_int_eq(hc_mmuext_tlb_flush_multi(&own, &op), -EFAULT);
    ck_assert_int_eq(hc_mmuext_tlb_flush_all(&own, &op), 0);
    ck_assert_uint_eq(host.flushed_cpus, 7);
    own.is_control = false;
    ck_assert_int_eq(hc_mmuext_flush_cache(&own, &op), -EACCES);
    ck_assert_int_eq(hc_mmuext_flush_cache_global(&own, &op), -EACCES);
}
END_TEST

/* ---- update_va_mapping ---- */

START_TEST(test_va_mapping_flushes_as_asked)
{
    uint64_t f[8], va = 0x5000, vcpus = 1;
    uint64_t bitmap = address(&vcpus);

    give(f, 8, 0);
    own.vcpu[0] = &vcpu0;
    own.vcpus_max = 1;
    own.mm.cpus = 7;
    vcpu0.cpu = 1;
    for (unsigned level = 0; level < 4; level++)
        memset(machine_map(_mfn(f[level])), 0, PAGE_SIZE);
    for (unsigned level = 0; level < 3; level++)
        *(uint64_t *)machine_map(_mfn(f[level])) = ENTRY(f[level + 1]);
    ck_assert_int_eq(pt_pin(&own.mm, _mfn(f[0]), PT_L4), 0);
    vcpu0.arch.cr3_kernel = f[0] << PAGE_SHIFT;
    host.nr_flushes = host.flushed_cpus = 0;
    ck_assert_int_eq(hc_update_va_mapping(va, ENTRY(f[5]), UVMF_NONE), 0);
    ck_assert_int_eq(hc_update_va_mapping(0x40000000, 0, UVMF_TLB_FLUSH | UVMF_ALL), -EINVAL);
    ck_assert_int_eq(hc_update_va_mapping(HYPERVISOR_START, 0, UVMF_INVLPG), -EINVAL);
    ck_assert_int_eq(hc_update_va_mapping(UINT64_C(1) << 47, 0, UVMF_INVLPG), -EINVAL);
    ck_assert_int_eq(hc_update_va_mapping(va, 0, UVMF_INVLPG | HYPERVISOR_START), -EFAULT);
    ck_assert_uint_eq(host.nr_flushes, 0);
    ck_assert_uint_ne(((uint64_t *)machine_map(_mfn(f[3])))[5],
                      0); /* a call that failed did nothing */
    ck_assert_int_eq(hc_update_va_mapping(va, ENTRY(f[6]), UVMF_INVLPG | bitmap), 0);
    ck_assert_uint_eq(host.flushed_cpus, 2);
    ck_assert_int_eq(hc_update_va_mapping(va, 0, UVMF_TLB_FLUSH | UVMF_ALL), 0);
    ck_assert_uint_eq(host.flushed_cpus, 7);
    ck_assert_int_eq(hc_update_va_mapping_otherdomain(va, ENTRY(f[6]), 0, 2), -ESRCH);
    ck_assert_int_eq(hc_update_va_mapping_otherdomain(va, ENTRY(f[6]), 0, 1), -EINVAL);
    ck_assert_int_eq(hc_update_va_mapping_otherdomain(va, ENTRY(f[6]), 0, 0), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hypercall/memory");
    TCase *tests = tcase_create("memory");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, test_populate_gives_and_decrease_takes);
    tcase_add_test(tests, test_reservation_edges);
    tcase_add_test(tests, test_decrease_refuses_what_is_not_given);
    tcase_add_test(tests, test_populate_stops_and_goes_on);
    tcase_add_test(tests, test_populate_stops_at_fault_and_limit);
    tcase_add_test(tests, test_exchange_makes_contiguous);
    tcase_add_test(tests, test_exchange_edges);
    tcase_add_test(tests, test_exchange_refuses_frames_in_use);
    tcase_add_test(tests, test_exchange_at_the_limit);
    tcase_add_test(tests, test_exchange_stops_and_goes_on);
    tcase_add_test(tests, test_exchange_stops_in_a_step);
    tcase_add_test(tests, test_exchange_half_way);
    tcase_add_test(tests, test_exchange_given_up);
    tcase_add_test(tests, test_exchange_one_at_a_time);
    tcase_add_test(tests, test_exchange_dies);
    tcase_add_test(tests, test_mmu_update_counts_what_succeeded);
    tcase_add_test(tests, test_mmu_update_carries_the_count_over);
    tcase_add_test(tests, test_machphys_is_the_owners);
    tcase_add_test(tests, test_mmu_update_names_domains);
    tcase_add_test(tests, test_clear_and_copy);
    tcase_add_test(tests, test_mmuext_arguments);
    tcase_add_test(tests, test_va_mapping_flushes_as_asked);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
