/* SPDX-License-Identifier: MIT */
/*
 * Small domains for the tests of event channels and grants, and the neighbours these modules call:
 * lists of domains, frames with counts, one L1 table a domain. The stand-ins keep to the contracts
 * of their headers and fail the test where a caller does not. Frames are those of tests/host, with
 * 512 records. Each program includes this file once: it defines what it declares.
 */
#ifndef LAMINA_TESTS_CORE_FIXTURE_H
#define LAMINA_TESTS_CORE_FIXTURE_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/domain.h"
#include "core/sched.h"
#include "core/time.h"
#include "lib/errno.h"
#include "mm/alloc.h"
#include "mm/guest.h"
#include "mm/page.h"
#include "mm/update.h"
#include "sys/log.h"

/* Everything as at start. */
void fixture_start(void);
/* Destroy all domains; then no lock is held, and every byte and frame is back. */
void fixture_end(void);

/* A domain with nr vCPUs, tables of events and grants; control: id 0. */
struct domain *domain_make(domid_t id, unsigned nr_vcpus);
/*
 * As domain_destroy() does: mappings, events, grants. The structure goes with the last reference.
 */
void domain_unmake(struct domain *d);
void run(struct vcpu *v); /* v is current */

/* A frame of d with the given type in force (PT_NONE: none). */
mfn_t frame_make(struct domain *d, enum page_type type);
/* The L1 table of d maps virtual pages 0..511. Entry of a page; its machine address. */
uint64_t *entry_of(struct domain *d, unsigned page);
maddr_t entry_maddr(struct domain *d, unsigned page);
#define PAGE_VA(page) ((gva_t)(page) << PAGE_SHIFT)

struct fixture {
    unsigned fail_alloc;  /* the n-th allocation from now on fails; 0: none */
    unsigned nr_kicks;    /* vcpu_kick() */
    struct vcpu *kicked;  /* the last one */
    unsigned nr_unblocks; /* sched_unblock() */
    int pirq_refuses;     /* pirq_bind() answers this */
    unsigned pirq_cpu;    /* last pirq_set_cpu() */
    size_t heap_bytes, nr_frames; /* allocated now */
    unsigned nr_domains;  /* that exist */
};
extern struct fixture fixture;

/* Everything that counts: references and types of all frames, heap and frames in use. */
uint64_t world_digest(void);

/* ---- state ----------------------------------------------------------------------------------- */

struct fixture fixture;
#define FRAMES 512

PER_CPU(struct vcpu *, current_vcpu);
struct domain *control_domain;

static struct page records[FRAMES];
struct page *frame_table = records;
uint64_t frames_end = FRAMES;

static struct {
    struct domain *list[8];
    mfn_t l1[8];
    uint64_t next_frame;
} world;

/* ---- life ------------------------------------------------------------------------------------ */

void fixture_start(void)
{
    memset(&fixture, 0, sizeof(fixture));
    memset(&world, 0, sizeof(world));
    memset(records, 0, sizeof(records));
    for (unsigned i = 0; i < FRAMES; i++)
        records[i].owner = OWNER_NONE;
    world.next_frame = 16;
    host_reset();
    current = NULL;
}

static struct vcpu *vcpu_make(struct domain *d, unsigned id)
{
    struct vcpu *v = calloc(1, sizeof(*v));

    v->domain = d;
    v->id = (uint16_t)id;
    v->info_mfn = MFN_INVALID;
    v->arch.info = id < XEN_LEGACY_MAX_VCPUS ? &d->shared->vcpu_info[id] : NULL;
    v->arch.cr3_kernel = d->id + 1u; /* what pt_l1_slot() below takes for a root */
    return v;
}

struct domain *domain_make(domid_t id, unsigned nr_vcpus)
{
    struct domain *d = calloc(1, sizeof(*d));

    ck_assert_uint_lt(id, ARRAY_SIZE(world.list));
    d->id = id;
    d->mm.slot = id;
    d->mm.cpus = 1;
    d->is_control = id == 0;
    d->refs = 1;
    d->vcpus_max = nr_vcpus;
    d->shared = calloc(1, PAGE_SIZE);
    lock_init(&d->mm.lock, LOCK_MM);
    for (unsigned i = 0; i < nr_vcpus; i++)
        d->vcpu[i] = vcpu_make(d, i);
    world.list[id] = d;
    fixture.nr_domains++;
    world.l1[id] = frame_make(d, PT_L1);
    memset(machine_map(world.l1[id]), 0, PAGE_SIZE);
    ck_assert_int_eq(evtchn_table_init(d, EVTCHNS_MAX), 0);
    ck_assert_int_eq(grant_table_init(d, GRANT_FRAMES_MAX, MAPTRACK_MAX), 0);
    return d;
}

/* A present entry gives its references back, to whoever owns the frame. */
static void entry_put(uint64_t entry)
{
    struct page *page = page_of(maddr_to_mfn(entry & 0xffffffffff000));
    struct domain *owner;

    if (!(entry & 1))
        return;
    owner = world.list[page->owner];
    mm_lock(&owner->mm);
    if (entry & 2)
        ck_assert_int_eq(page_put_type(page), 0);
    page_put(page);
    mm_unlock(&owner->mm);
}

/* What account_relinquish() does with a table. */
static void table_release(struct domain *d)
{
    for (unsigned i = 0; i < 512; i++) {
        uint64_t entry = *entry_of(d, i);

        *entry_of(d, i) = 0;
        entry_put(entry);
    }
}

void domain_unmake(struct domain *d)
{
    d->is_dying = true;
    if (current && current->domain == d)
        current = NULL;
    evtchn_table_destroy(d);
    table_release(d);
    while (grant_table_release_mappings(d))
        ck_assert_uint_eq(host_locks_held(), 0);
    domain_put(d);
}

void fixture_end(void)
{
    for (unsigned i = 0; i < ARRAY_SIZE(world.list); i++) {
        if (world.list[i]) {
            ck_assert(evtchn_check(world.list[i]));
            ck_assert(grant_check(world.list[i]));
        }
    }
    for (unsigned i = 0; i < ARRAY_SIZE(world.list); i++) {
        if (world.list[i] && !world.list[i]->is_dying)
            domain_unmake(world.list[i]);
    }
    ck_assert_uint_eq(host_locks_held(), 0);
    ck_assert_uint_eq(fixture.nr_domains, 0);
    ck_assert_uint_eq(fixture.heap_bytes, 0);
    ck_assert_uint_eq(fixture.nr_frames, 0);
    /* Each frame of a domain is left with its own reference and the type it was made with. */
    for (unsigned i = 0; i < FRAMES; i++)
        ck_assert(records[i].owner == OWNER_NONE ||
                  (records[i].refs == 1 && records[i].type_refs <= 1));
}

void run(struct vcpu *v)
{
    current = v;
}

/* ---- domains --------------------------------------------------------------------------------- */

struct domain *domain_get(domid_t id)
{
    struct domain *d = id < ARRAY_SIZE(world.list) ? world.list[id] : NULL;

    ck_assert_uint_eq(host_locks_held(), 0); /* the list's lock comes before all others */
    if (d)
        d->refs++;
    return d;
}

void domain_put(struct domain *d)
{
    ck_assert_uint_eq(host_locks_held(), 0);
    ck_assert_uint_gt(d->refs, 0);
    if (--d->refs)
        return;
    ck_assert_int_eq(grant_table_destroy(d), 0);
    world.list[d->id] = NULL;
    fixture.nr_domains--;
    for (unsigned i = 0; i < d->vcpus_max; i++)
        free(d->vcpu[i]);
    free(d->shared);
    free(d);
}

struct domain *domain_get_target(domid_t id)
{
    if (id == DOMID_SELF)
        id = current->domain->id;
    if (id != current->domain->id && !current->domain->is_control)
        return NULL;
    return domain_get(id);
}

struct vcpu *vcpu_by_id(struct domain *d, uint64_t id)
{
    return id < d->vcpus_max ? d->vcpu[id] : NULL;
}

void vcpu_kick(struct vcpu *v)
{
    fixture.nr_kicks++;
    fixture.kicked = v;
}

void sched_unblock(struct vcpu *v)
{
    fixture.nr_unblocks++;
    v->polling = false;
}

void time_update_vcpu(struct vcpu *v)
{
    v->arch.info->time.version += 2;
}

/* ---- interrupts ------------------------------------------------------------------------------ */

int pirq_bind(struct domain *d, unsigned pirq, evtchn_port_t port, bool share)
{
    (void)share;
    ck_assert(lock_is_held(&d->events.lock));
    if (fixture.pirq_refuses)
        return fixture.pirq_refuses;
    d->pirqs.pirq[pirq].bound = true;
    d->pirqs.pirq[pirq].port = port;
    return 0;
}

void pirq_unbind(struct domain *d, unsigned pirq)
{
    ck_assert(d->pirqs.pirq[pirq].bound);
    d->pirqs.pirq[pirq].bound = false;
    d->pirqs.pirq[pirq].port = 0;
}

void pirq_set_cpu(struct domain *d, unsigned pirq, unsigned cpu)
{
    ck_assert(d->pirqs.pirq[pirq].bound);
    fixture.pirq_cpu = cpu;
}

/* ---- memory ---------------------------------------------------------------------------------- */

static bool allocation_fails(void)
{
    return fixture.fail_alloc && --fixture.fail_alloc == 0;
}

void *heap_alloc(size_t bytes)
{
    if (allocation_fails())
        return NULL;
    fixture.heap_bytes += bytes;
    return calloc(1, bytes);
}

void heap_free(void *p, size_t bytes)
{
    fixture.heap_bytes -= bytes;
    free(p);
}

mfn_t frames_alloc(struct mm_account *acct, unsigned order, unsigned address_bits)
{
    mfn_t mfn = _mfn(world.next_frame);

    (void)address_bits;
    ck_assert(!acct && order == 0);
    if (allocation_fails())
        return MFN_INVALID;
    ck_assert_uint_lt(world.next_frame, FRAMES);
    world.next_frame++;
    fixture.nr_frames++;
    *page_of(mfn) = (struct page){ .owner = OWNER_HYPERVISOR, .refs = 1 };
    return mfn;
}

void frames_release(mfn_t mfn, unsigned order)
{
    (void)order;
    ck_assert_uint_eq(page_of(mfn)->owner, OWNER_HYPERVISOR);
    *page_of(mfn) = (struct page){ .owner = OWNER_NONE };
    fixture.nr_frames--;
}

mfn_t frame_make(struct domain *d, enum page_type type)
{
    mfn_t mfn = _mfn(world.next_frame++);

    ck_assert_uint_lt(world.next_frame, FRAMES);
    *page_of(mfn) = (struct page){ .owner = d->id, .refs = 1, .type = (uint8_t)type,
                                   .type_refs = type != PT_NONE };
    return mfn;
}

struct mm_account *mm_account_of_slot(uint16_t slot)
{
    return slot < ARRAY_SIZE(world.list) && world.list[slot] ? &world.list[slot]->mm : NULL;
}

void mm_lock(struct mm_account *acct)
{
    lock_take(&acct->lock);
}

void mm_unlock(struct mm_account *acct)
{
    lock_drop(&acct->lock);
}

static void owner_lock_check(const struct page *page)
{
    ck_assert(lock_is_held(&world.list[page->owner]->mm.lock));
}

bool page_get(struct page *page, const struct mm_account *owner)
{
    ck_assert(lock_is_held(&owner->lock));
    if (page->owner != owner->slot || owner->is_dying || page->refs == UINT32_MAX)
        return false;
    page->refs++;
    return true;
}

void page_put(struct page *page)
{
    owner_lock_check(page);
    ck_assert_uint_gt(page->refs, 1);
    page->refs--;
}

int page_get_type(struct page *page, enum page_type type, struct mm_account *owner)
{
    ck_assert(lock_is_held(&owner->lock));
    if (page->type_refs && page->type != type)
        return -EINVAL;
    page->type = (uint8_t)type;
    page->type_refs++;
    return 0;
}

int page_put_type(struct page *page)
{
    owner_lock_check(page);
    ck_assert_uint_gt(page->type_refs, 0);
    page->type_refs--;
    return 0;
}

int page_get_and_type(struct page *page, enum page_type type, struct mm_account *owner)
{
    int rc;

    if (!page_get(page, owner))
        return -EINVAL;
    rc = page_get_type(page, type, owner);
    if (rc)
        page_put(page);
    return rc;
}

int page_put_and_type(struct page *page)
{
    int rc = page_put_type(page);

    page_put(page);
    return rc;
}

void page_share(struct page *page, struct mm_account *owner)
{
    ck_assert(lock_is_held(&owner->lock));
    ck_assert_uint_eq(page->owner, OWNER_HYPERVISOR);
    page->owner = owner->slot;
    page->flags |= PAGE_SHARED;
}

int page_unshare(struct page *page)
{
    owner_lock_check(page);
    if (page->refs > 1)
        return -EBUSY;
    page->owner = OWNER_HYPERVISOR;
    page->flags = 0;
    return 0;
}

bool guest_range_ok(guest_ptr_t p, uint64_t count, uint64_t size)
{
    uint64_t bytes;

    return !__builtin_mul_overflow(count, size, &bytes) && p.va + bytes >= p.va &&
           p.va + bytes <= HYPERVISOR_START;
}

int copy_to_guest(guest_ptr_t dst, const void *src, size_t bytes)
{
    return machine_copy_to_guest(dst.va, src, bytes) ? -EFAULT : 0;
}

/* ---- page tables ----------------------------------------------------------------------------- */

maddr_t entry_maddr(struct domain *d, unsigned page)
{
    return mfn_to_maddr(world.l1[d->id]) + page * 8;
}

uint64_t *entry_of(struct domain *d, unsigned page)
{
    return machine_map_maddr(entry_maddr(d, page));
}

maddr_t pt_l1_slot(maddr_t cr3, gva_t va)
{
    ck_assert(va < HYPERVISOR_START || va >= HYPERVISOR_END);
    if (va >> PAGE_SHIFT >= 512)
        return 0;
    return entry_maddr(world.list[cr3 - 1], (unsigned)(va >> PAGE_SHIFT));
}

static uint64_t *slot_of(struct mm_account *acct, maddr_t slot)
{
    mfn_t mfn = maddr_to_mfn(slot);

    ck_assert_uint_eq(slot % 8, 0);
    if (!mfn_valid(mfn) || page_of(mfn)->owner != acct->slot || page_of(mfn)->type != PT_L1)
        return NULL;
    return machine_map_maddr(slot);
}

int pt_grant_map(struct mm_account *acct, maddr_t slot, uint64_t entry)
{
    uint64_t *e = slot_of(acct, slot), old;

    ck_assert_uint_eq(host_locks_held(), 0);
    if (!e)
        return -EINVAL;
    old = *e;
    *e = entry;
    entry_put(old);
    return 0;
}

int pt_grant_unmap(struct mm_account *acct, maddr_t slot, mfn_t mfn, bool readonly)
{
    uint64_t *e = slot_of(acct, slot);

    ck_assert_uint_eq(host_locks_held(), 0);
    if (!e || !(*e & 1) || (*e & 0xffffffffff000) != mfn_to_maddr(mfn) || !(*e & 2) != readonly)
        return -EINVAL;
    *e = 0;
    return 0;
}

uint64_t world_digest(void)
{
    uint64_t digest = 0xcbf29ce484222325;

    for (unsigned i = 0; i < FRAMES; i++) {
        digest = (digest ^ records[i].refs) * 0x100000001b3;
        digest = (digest ^ records[i].type_refs) * 0x100000001b3;
        digest = (digest ^ records[i].owner) * 0x100000001b3;
    }
    return digest ^ fixture.heap_bytes << 20 ^ fixture.nr_frames;
}

#endif
