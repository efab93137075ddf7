/* SPDX-License-Identifier: MIT */
/*
 * evtchn_check() and grant_check() bite: each clause is broken alone, in a world that is sound
 * before and after. What every other test trusts is tested here.
 */
#include "../suite.h"

#include "core/three.h"

#include "core/grant_table.h"
#include "lib/errno.h"

#include "core/evtchn_table.h"

/* With `place` as it is not: the check of d says no; and yes again with what was there. */
#define BREACH(check, d, place, wrong)                                                             \
    do {                                                                                           \
        __typeof__(place) was_ = (place);                                                          \
        ck_assert(check(d));                                                                       \
        (place) = (wrong);                                                                         \
        ck_assert(!check(d));                                                                      \
        (place) = was_;                                                                            \
    } while (0)
/* The same of what is unusual, but no breach. */
#define HARMLESS(check, d, place, other)                                                           \
    do {                                                                                           \
        __typeof__(place) was_ = (place);                                                          \
        (place) = (other);                                                                         \
        ck_assert(check(d));                                                                       \
        (place) = was_;                                                                            \
    } while (0)

/* ---- event channels ---- */

START_TEST(pairs)
{
    evtchn_port_t ours, theirs, unbound;
    struct evtchn *here, *there;

    ck_assert_int_eq(evtchn_alloc_unbound(a, b->id, &theirs), 0);
    ck_assert_int_eq(evtchn_bind_interdomain(b, a->id, theirs, &ours), 0);
    ck_assert_int_eq(evtchn_alloc_unbound(a, b->id, &unbound), 0);
    here = evtchn_lookup(b, ours);
    there = evtchn_lookup(a, theirs);
    BREACH(evtchn_check, b, here->vcpu, 3);
    BREACH(evtchn_check, b, here->state, 99);
    BREACH(evtchn_check, b, here->interdomain.port, unbound);
    BREACH(evtchn_check, b, here->interdomain.port, EVTCHNS_MAX);
    BREACH(evtchn_check, b, here->interdomain.remote, c);
    BREACH(evtchn_check, b, there->state, EVTCHN_UNBOUND);
    BREACH(evtchn_check, b, there->interdomain.remote, c);
    BREACH(evtchn_check, b, there->interdomain.port, ours + 1);
}
END_TEST

START_TEST(tables)
{
    BREACH(evtchn_check, b, evtchn_lookup(b, 0)->state, EVTCHN_FREE);
    BREACH(evtchn_check, b, evtchn_lookup(b, 0)->state, EVTCHN_IPI);
    BREACH(evtchn_check, b, evtchn_lookup(b, 1)->state, EVTCHN_RESERVED);
    BREACH(evtchn_check, b, evtchn_lookup(b, 1)->state, EVTCHN_PIRQ);
    BREACH(evtchn_check, b, b->events.valid, b->events.valid - 1);
    BREACH(evtchn_check, b, b->events.valid, EVTCHNS_MAX + 128);
}
END_TEST

START_TEST(virqs)
{
    evtchn_port_t timer, console, ipi;

    ck_assert_int_eq(evtchn_bind_virq(b, VIRQ_TIMER, 1, &timer), 0); /* number 0 */
    ck_assert_int_eq(evtchn_bind_virq(b, VIRQ_DEBUG, 1, &console), 0);
    ck_assert_int_eq(evtchn_bind_ipi(b, 2, &ipi), 0);
    BREACH(evtchn_check, b, evtchn_lookup(b, timer)->virq, NR_VIRQS);
    BREACH(evtchn_check, b, evtchn_lookup(b, timer)->virq, VIRQ_DEBUG);
    BREACH(evtchn_check, b, b->vcpu[1]->virq_port[VIRQ_TIMER], 0);
    BREACH(evtchn_check, b, b->vcpu[2]->virq_port[VIRQ_TIMER], timer);
    BREACH(evtchn_check, b, b->vcpu[0]->virq_port[VIRQ_TIMER], ipi);
    BREACH(evtchn_check, b, b->vcpu[0]->virq_port[VIRQ_TIMER], EVTCHNS_MAX);
    BREACH(evtchn_check, b, b->vcpu[0]->virq_port[NR_VIRQS - 1], ipi);
    BREACH(evtchn_check, b, b->vcpu[0]->virq_port[VIRQ_TIMER], console);
}
END_TEST

START_TEST(device_interrupts)
{
    evtchn_port_t port;

    ck_assert_int_eq(evtchn_bind_pirq(a, 9, 0, &port), 0);
    BREACH(evtchn_check, a, pirqs[9].port, port + 1);
    BREACH(evtchn_check, a, evtchn_lookup(a, port)->pirq, 10);
    BREACH(evtchn_check, a, evtchn_lookup(a, port)->pirq, PIRQS_MAX);
    BREACH(evtchn_check, a, a->pirqs.pirq, NULL);
}
END_TEST

/* ---- grants ---- */

#define GREF 20

static mfn_t frame;

/* b's frame, granted by GREF; c maps it so. The handle. */
static grant_handle_t map_by(struct domain *d, uint32_t flags)
{
    struct gnttab_map_grant_ref op = {
        .host_addr = PAGE_VA(3), .flags = flags, .ref = GREF, .dom = b->id
    };

    run(d->vcpu[0]);
    grant_map(current, &op);
    ck_assert_int_eq(op.status, GNTST_okay);
    return op.handle;
}

static void unmap(uint64_t where, uint64_t device, grant_handle_t handle)
{
    struct gnttab_unmap_grant_ref op = { .host_addr = where,
                                         .dev_bus_addr = device,
                                         .handle = handle };

    grant_unmap(current, &op);
    grant_unmap_flush(current);
    ck_assert_int_eq(op.status, GNTST_okay);
}

static void granted(void)
{
    three_start();
    frame = frame_make(b, PT_NONE);
    *grant_entry(b, GREF) = (struct grant_entry_v1){ .flags = GTF_permit_access,
                                                     .domid = c->id,
                                                     .frame = (uint32_t)mfn_x(frame) };
}

START_TEST(pinned_frames)
{
    struct page *page = page_of(frame);
    grant_handle_t handle = map_by(c, GNTMAP_device_map | GNTMAP_readonly);
    struct grant_active *act = grant_active(b, GREF);

    BREACH(grant_check, b, act->frame, UINT32_MAX);
    BREACH(grant_check, b, act->frame, (uint32_t)frames_end);
    BREACH(grant_check, b, page->owner, a->mm.slot);
    BREACH(grant_check, b, page->refs, 0);
    HARMLESS(grant_check, b, page->refs, 1);
    HARMLESS(grant_check, b, page->type, PT_L1); /* only read */
    act->pins[PIN_DEVICE_WRITE] = 1;             /* each pin has a reference, a write pin a type */
    page->type = PT_WRITABLE;
    page->refs = 2;
    BREACH(grant_check, b, page->refs, 1);
    BREACH(grant_check, b, page->type, PT_L1);
    act->pins[PIN_DEVICE_READ] = 0;
    BREACH(grant_check, b, page->owner, a->mm.slot);
    act->pins[PIN_DEVICE_READ] = 1;
    act->pins[PIN_DEVICE_WRITE] = 0;
    page->type = PT_NONE;
    unmap(0, mfn_to_maddr(frame), handle);
    HARMLESS(grant_check, b, act->frame, UINT32_MAX); /* nobody pins it */
}
END_TEST

/* The mapper may have overwritten its entry: then the frame may be anybody's. */
START_TEST(frames_of_host_mappings)
{
    grant_handle_t handle = map_by(c, GNTMAP_host_map);
    struct page *page = page_of(frame);

    ck_assert(grant_is_pinned(grant_active(b, GREF)));
    HARMLESS(grant_check, b, page->owner, a->mm.slot);
    HARMLESS(grant_check, b, page->refs, 0);
    HARMLESS(grant_check, b, page->type, PT_L1);
    unmap(PAGE_VA(3), 0, handle);
}
END_TEST

START_TEST(limits)
{
    BREACH(grant_check, b, b->grants.frames_max, 0);
    BREACH(grant_check, b, b->grants.frames_max, GRANT_FRAMES_MAX + 1);
    HARMLESS(grant_check, b, b->grants.frames_max, GRANT_FRAMES_MAX);
    HARMLESS(grant_check, b, b->grants.frames_max, b->grants.nr_frames);
}
END_TEST

START_TEST(handles)
{
    grant_handle_t handle = map_by(c, GNTMAP_host_map);
    struct grant_active *act = grant_active(b, GREF);
    struct maptrack *m = &c->grants.maptrack[0][handle], *unused = &c->grants.maptrack[0][77];

    BREACH(grant_check, c, m->ref, grant_count(&b->grants));
    BREACH(grant_check, c, m->ref, GREF + 1); /* not pinned */
    BREACH(grant_check, c, act->domid, a->id);
    BREACH(grant_check, c, m->flags, 0);
    BREACH(grant_check, c, m->rd, NULL);
    m->unmapping = 1;
    HARMLESS(grant_check, c, m->flags, 0);
    m->unmapping = 0;
    BREACH(grant_check, c, unused->rd, b);
    BREACH(grant_check, c, unused->flags, GNTMAP_device_map);
    BREACH(grant_check, c, unused->unmapping, 1);
    BREACH(grant_check, c, c->grants.nr_maptrack_used, 0);
    unmap(PAGE_VA(3), 0, handle);
}
END_TEST

START_TEST(free_handles)
{
    grant_handle_t handle = map_by(c, GNTMAP_host_map), first = c->grants.maptrack_free;
    struct maptrack *m = c->grants.maptrack[0];

    BREACH(grant_check, c, m[first].next_free, first); /* round and round */
    BREACH(grant_check, c, m[first].next_free, MAPTRACK_PER_PAGE);
    BREACH(grant_check, c, m[first].next_free, MAPTRACK_NONE);
    BREACH(grant_check, c, c->grants.maptrack_free, handle);
    BREACH(grant_check, c, c->grants.maptrack_free, MAPTRACK_NONE);
    c->grants.maptrack_max = 0; /* at the domain's end the list is given up */
    HARMLESS(grant_check, c, c->grants.maptrack_free, MAPTRACK_NONE);
    c->grants.maptrack_max = MAPTRACK_MAX;
    unmap(PAGE_VA(3), 0, handle);
}
END_TEST

int main(void)
{
    const TTest *const events[] = { pairs, tables, virqs, device_interrupts };
    const TTest *const grants[] = { pinned_frames, frames_of_host_mappings, limits, handles,
                                    free_handles };
    Suite *suite = suite_create("core/invariants");
    TCase *of_events = tcase_create("events"), *of_grants = tcase_create("grants");

    tcase_add_checked_fixture(of_events, three_start, fixture_end);
    tcase_add_checked_fixture(of_grants, granted, fixture_end);
    for (unsigned i = 0; i < ARRAY_SIZE(events); i++)
        tcase_add_test(of_events, events[i]);
    for (unsigned i = 0; i < ARRAY_SIZE(grants); i++)
        tcase_add_test(of_grants, grants[i]);
    suite_add_tcase(suite, of_events);
    suite_add_tcase(suite, of_grants);
    return suite_run(suite);
}
