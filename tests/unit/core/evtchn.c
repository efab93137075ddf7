/* SPDX-License-Identifier: MIT */
/*
 * Event channels: each operation's main path and each of its errors, hostile contents of the shared
 * page, and that everything returns to its start state. Domain a is dom0, b and c are guests.
 */
#include "../suite.h"

#include "core/three.h"

#include "lib/bits.h"
#include "lib/errno.h"

static evtchn_port_t port, other;

static void end(void)
{
    fixture_end();
}

/* ---- what the guest sees --------------------------------------------------------------------- */

static bool pending(struct domain *d, evtchn_port_t p)
{
    return bit_test(d->shared->evtchn_pending, p);
}

static void mask(struct domain *d, evtchn_port_t p)
{
    bit_set(d->shared->evtchn_mask, p);
}

/* All three levels, and one kick. */
static void assert_delivered(struct vcpu *v, evtchn_port_t p)
{
    ck_assert(pending(v->domain, p));
    ck_assert(v->arch.info->evtchn_pending_sel & BIT(p / 64));
    ck_assert_uint_eq(v->arch.info->evtchn_upcall_pending, 1);
    ck_assert_uint_eq(fixture.nr_kicks, 1);
    ck_assert_ptr_eq(fixture.kicked, v);
}

static void assert_quiet(struct vcpu *v)
{
    ck_assert_uint_eq(v->arch.info->evtchn_pending_sel, 0);
    ck_assert_uint_eq(v->arch.info->evtchn_upcall_pending, 0);
    ck_assert_uint_eq(fixture.nr_kicks, 0);
}

/* The guest has seen everything. */
static void guest_clears(struct domain *d)
{
    memset(d->shared->evtchn_pending, 0, sizeof(d->shared->evtchn_pending));
    for (unsigned i = 0; i < d->vcpus_max; i++) {
        d->vcpu[i]->arch.info->evtchn_pending_sel = 0;
        d->vcpu[i]->arch.info->evtchn_upcall_pending = 0;
    }
    fixture.nr_kicks = 0;
    fixture.kicked = NULL;
}

/* A pair: a's `other` and b's `port`. */
static void pair_up(void)
{
    ck_assert_int_eq(evtchn_alloc_unbound(a, b->id, &other), 0);
    ck_assert_int_eq(evtchn_bind_interdomain(b, a->id, other, &port), 0);
    guest_clears(b);
}

static struct evtchn_status status_of(struct domain *d, evtchn_port_t p)
{
    struct evtchn_status s;

    memset(&s, 0x5a, sizeof(s));
    s.dom = d->id;
    ck_assert_int_eq(evtchn_status(d, p, &s), 0);
    return s;
}

/* ---- ports ----------------------------------------------------------------------------------- */

START_TEST(first_port_is_1)
{
    ck_assert_int_eq(evtchn_alloc_unbound(b, 0, &port), 0);
    ck_assert_uint_eq(port, 1);
    ck_assert_int_eq(evtchn_alloc_unbound(b, 0, &port), 0);
    ck_assert_uint_eq(port, 2);
}
END_TEST

START_TEST(lowest_free_port_is_reused)
{
    for (unsigned i = 0; i < 5; i++)
        ck_assert_int_eq(evtchn_alloc_unbound(b, 0, &port), 0);
    ck_assert_int_eq(evtchn_close(b, 3), 0);
    ck_assert_int_eq(evtchn_alloc_unbound(b, 0, &port), 0);
    ck_assert_uint_eq(port, 3);
}
END_TEST

START_TEST(ports_end_at_4096)
{
    for (unsigned i = 1; i < 4096; i++) {
        ck_assert_int_eq(evtchn_alloc_unbound(b, 0, &port), 0);
        ck_assert_uint_eq(port, i);
    }
    ck_assert_int_eq(evtchn_send(b, 4096), -EINVAL); /* no place for a bucket */
    ck_assert_int_eq(evtchn_alloc_unbound(b, 0, &port), -ENOSPC);
    ck_assert_int_eq(evtchn_bind_ipi(b, 0, &port), -ENOSPC);
    ck_assert_int_eq(evtchn_bind_virq(b, VIRQ_TIMER, 0, &port), -ENOSPC);
    ck_assert_int_eq(evtchn_close(b, 4095), 0);
    ck_assert_int_eq(evtchn_bind_ipi(b, 0, &port), 0);
    ck_assert_uint_eq(port, 4095);
}
END_TEST

/* Each bit of the selector stands for 64 ports. */
START_TEST(selector_of_every_port)
{
    for (evtchn_port_t p = 1; p < 4096; p++) {
        ck_assert_int_eq(evtchn_bind_ipi(b, 0, &port), 0);
        ck_assert_uint_eq(port, p);
        guest_clears(b);
        ck_assert_int_eq(evtchn_send(b, p), 0);
        assert_delivered(b->vcpu[0], p);
        ck_assert_uint_eq(b->vcpu[0]->arch.info->evtchn_pending_sel, BIT(p / 64));
    }
}
END_TEST

START_TEST(limit_of_the_domain)
{
    b->events.limit = 4;
    for (unsigned i = 1; i < 4; i++)
        ck_assert_int_eq(evtchn_alloc_unbound(b, 0, &port), 0);
    ck_assert_int_eq(evtchn_alloc_unbound(b, 0, &port), -ENOSPC);
}
END_TEST

START_TEST(no_memory_for_a_bucket)
{
    for (unsigned i = 1; i < 128; i++)
        ck_assert_int_eq(evtchn_alloc_unbound(b, 0, &port), 0);
    fixture.fail_alloc = 1;
    ck_assert_int_eq(evtchn_alloc_unbound(b, 0, &port), -ENOMEM);
    ck_assert(evtchn_check(b));
    ck_assert_int_eq(evtchn_alloc_unbound(b, 0, &port), 0);
    ck_assert_uint_eq(port, 128);
}
END_TEST

/* Port 0, ports that never were, ports that are free: refused by every operation. */
START_TEST(wrong_ports)
{
    static const evtchn_port_t wrong[] = { 0, 1, 127, 128, 4095, 4096, UINT32_MAX };

    for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
        ck_assert_int_eq(evtchn_send(b, wrong[i]), -EINVAL);
        ck_assert_int_eq(evtchn_close(b, wrong[i]), -EINVAL);
        ck_assert_int_eq(evtchn_bind_vcpu(b, wrong[i], 0), -EINVAL);
        ck_assert_int_eq(evtchn_bind_interdomain(b, 0, wrong[i], &port), -EINVAL);
    }
    for (unsigned i = 3; i < ARRAY_SIZE(wrong); i++) {
        struct evtchn_status s = { .dom = 1 };

        ck_assert_int_eq(evtchn_status(b, wrong[i], &s), -EINVAL);
        ck_assert_int_eq(evtchn_unmask(b, wrong[i]), -EINVAL);
        ck_assert_int_eq(evtchn_is_pending(b, wrong[i]), -EINVAL);
    }
}
END_TEST

START_TEST(no_port_for_the_dying)
{
    lock_take(&b->events.lock);
    b->events.limit = 0;
    lock_drop(&b->events.lock);
    ck_assert_int_eq(evtchn_alloc_unbound(b, 0, &port), -EINVAL);
    ck_assert_int_eq(evtchn_bind_ipi(b, 0, &port), -EINVAL);
}
END_TEST

/* ---- unbound and interdomain ----------------------------------------------------------------- */

START_TEST(unbound_names_the_peer)
{
    ck_assert_int_eq(evtchn_alloc_unbound(b, 2, &port), 0);
    ck_assert_uint_eq(status_of(b, port).status, EVTCHNSTAT_unbound);
    ck_assert_uint_eq(status_of(b, port).u.unbound.dom, 2);
}
END_TEST

START_TEST(unbound_self_is_the_caller)
{
    ck_assert_int_eq(evtchn_alloc_unbound(b, DOMID_SELF, &port), 0);
    ck_assert_uint_eq(status_of(b, port).u.unbound.dom, b->id);
    run(a->vcpu[0]); /* dom0 allocates for b: it means itself */
    ck_assert_int_eq(evtchn_alloc_unbound(b, DOMID_SELF, &port), 0);
    ck_assert_uint_eq(status_of(b, port).u.unbound.dom, a->id);
}
END_TEST

START_TEST(send_to_unbound_is_dropped)
{
    ck_assert_int_eq(evtchn_alloc_unbound(b, 0, &port), 0);
    ck_assert_int_eq(evtchn_send(b, port), 0);
    ck_assert(!pending(b, port));
    assert_quiet(b->vcpu[0]);
}
END_TEST

START_TEST(bind_interdomain_links_both)
{
    struct evtchn_status s;

    pair_up();
    s = status_of(a, other);
    ck_assert_uint_eq(s.status, EVTCHNSTAT_interdomain);
    ck_assert_uint_eq(s.u.interdomain.dom, b->id);
    ck_assert_uint_eq(s.u.interdomain.port, port);
    s = status_of(b, port);
    ck_assert_uint_eq(s.status, EVTCHNSTAT_interdomain);
    ck_assert_uint_eq(s.u.interdomain.dom, a->id);
    ck_assert_uint_eq(s.u.interdomain.port, other);
    ck_assert(evtchn_check(a) && evtchn_check(b));
}
END_TEST

START_TEST(bind_interdomain_raises_the_new_end)
{
    ck_assert_int_eq(evtchn_alloc_unbound(a, b->id, &other), 0);
    ck_assert_int_eq(evtchn_bind_interdomain(b, a->id, other, &port), 0);
    assert_delivered(b->vcpu[0], port);
    ck_assert(!pending(a, other));
}
END_TEST

START_TEST(bind_interdomain_errors)
{
    ck_assert_int_eq(evtchn_alloc_unbound(a, c->id, &other), 0);
    /* It waits for c, not for b. */
    ck_assert_int_eq(evtchn_bind_interdomain(b, a->id, other, &port), -EINVAL);
    ck_assert_int_eq(evtchn_bind_interdomain(b, 7, other, &port), -ESRCH);
    ck_assert_int_eq(evtchn_bind_interdomain(b, DOMID_IO, other, &port), -ESRCH);
    ck_assert_int_eq(evtchn_bind_interdomain(c, a->id, other, &port), 0);
    /* Taken. */
    ck_assert_int_eq(evtchn_bind_interdomain(c, a->id, other, &port), -EINVAL);
    ck_assert(evtchn_check(a) && evtchn_check(c));
}
END_TEST

START_TEST(bind_interdomain_failure_changes_nothing)
{
    struct evtchn_status s;

    ck_assert_int_eq(evtchn_alloc_unbound(a, b->id, &other), 0);
    b->events.limit = 1;
    ck_assert_int_eq(evtchn_bind_interdomain(b, a->id, other, &port), -ENOSPC);
    s = status_of(a, other);
    ck_assert_uint_eq(s.status, EVTCHNSTAT_unbound);
    ck_assert_uint_eq(s.u.unbound.dom, b->id);
}
END_TEST

START_TEST(loop_back_within_a_domain)
{
    ck_assert_int_eq(evtchn_alloc_unbound(b, DOMID_SELF, &other), 0);
    ck_assert_int_eq(evtchn_bind_interdomain(b, DOMID_SELF, other, &port), 0);
    ck_assert_uint_ne(other, port);
    guest_clears(b);
    ck_assert_int_eq(evtchn_send(b, port), 0);
    assert_delivered(b->vcpu[0], other);
    ck_assert(evtchn_check(b));
    ck_assert_int_eq(evtchn_close(b, other), 0);
    ck_assert_uint_eq(status_of(b, port).status, EVTCHNSTAT_unbound);
    ck_assert_int_eq(evtchn_close(b, port), 0);
}
END_TEST

START_TEST(send_reaches_the_peer)
{
    pair_up();
    ck_assert_int_eq(evtchn_send(a, other), 0);
    assert_delivered(b->vcpu[0], port);
    guest_clears(a);
    ck_assert_int_eq(evtchn_send(b, port), 0);
    assert_delivered(a->vcpu[0], other);
}
END_TEST

START_TEST(second_send_adds_nothing)
{
    pair_up();
    ck_assert_int_eq(evtchn_send(a, other), 0);
    ck_assert_int_eq(evtchn_send(a, other), 0);
    assert_delivered(b->vcpu[0], port);
}
END_TEST

START_TEST(send_to_masked_sets_one_bit)
{
    pair_up();
    mask(b, port);
    ck_assert_int_eq(evtchn_send(a, other), 0);
    ck_assert(pending(b, port));
    assert_quiet(b->vcpu[0]);
}
END_TEST

START_TEST(send_with_upcall_pending_needs_no_kick)
{
    pair_up();
    b->vcpu[0]->arch.info->evtchn_upcall_pending = 1;
    ck_assert_int_eq(evtchn_send(a, other), 0);
    ck_assert(b->vcpu[0]->arch.info->evtchn_pending_sel & 1);
    ck_assert_uint_eq(fixture.nr_kicks, 0);
}
END_TEST

START_TEST(close_leaves_the_peer_waiting)
{
    pair_up();
    ck_assert_int_eq(evtchn_close(b, port), 0);
    ck_assert_uint_eq(status_of(b, port).status, EVTCHNSTAT_closed);
    ck_assert_uint_eq(status_of(a, other).status, EVTCHNSTAT_unbound);
    ck_assert_uint_eq(status_of(a, other).u.unbound.dom, b->id);
    ck_assert_int_eq(evtchn_send(a, other), 0);
    ck_assert(!pending(b, port));
    /* b may come back, c may not. */
    ck_assert_int_eq(evtchn_bind_interdomain(c, a->id, other, &port), -EINVAL);
    ck_assert_int_eq(evtchn_bind_interdomain(b, a->id, other, &port), 0);
}
END_TEST

/* The end in the domain of lower number closes too: the locks are taken the other way round. */
START_TEST(close_from_either_end)
{
    pair_up();
    ck_assert_int_eq(evtchn_close(a, other), 0);
    ck_assert_uint_eq(status_of(b, port).status, EVTCHNSTAT_unbound);
    ck_assert_uint_eq(status_of(b, port).u.unbound.dom, a->id);
    ck_assert_int_eq(evtchn_close(b, port), 0);
    ck_assert_int_eq(evtchn_close(b, port), -EINVAL);
}
END_TEST

START_TEST(close_clears_pending)
{
    pair_up();
    ck_assert_int_eq(evtchn_send(a, other), 0);
    ck_assert_int_eq(evtchn_close(b, port), 0);
    ck_assert(!pending(b, port));
}
END_TEST

/* ---- virtual interrupts ---------------------------------------------------------------------- */

START_TEST(virq_per_vcpu)
{
    evtchn_port_t ports[3];

    for (unsigned i = 0; i < 3; i++) {
        ck_assert_int_eq(evtchn_bind_virq(b, VIRQ_TIMER, i, &ports[i]), 0);
        ck_assert_uint_eq(status_of(b, ports[i]).status, EVTCHNSTAT_virq);
        ck_assert_uint_eq(status_of(b, ports[i]).u.virq, VIRQ_TIMER);
        ck_assert_uint_eq(status_of(b, ports[i]).vcpu, i);
    }
    evtchn_send_virq(b->vcpu[2], VIRQ_TIMER);
    assert_delivered(b->vcpu[2], ports[2]);
    ck_assert(!pending(b, ports[0]) && !pending(b, ports[1]));
    ck_assert(evtchn_check(b));
}
END_TEST

START_TEST(virq_twice_is_refused)
{
    ck_assert_int_eq(evtchn_bind_virq(b, VIRQ_TIMER, 1, &port), 0);
    ck_assert_int_eq(evtchn_bind_virq(b, VIRQ_TIMER, 1, &other), -EEXIST);
    ck_assert_int_eq(evtchn_close(b, port), 0);
    ck_assert_int_eq(evtchn_bind_virq(b, VIRQ_TIMER, 1, &other), 0);
}
END_TEST

START_TEST(virq_errors)
{
    ck_assert_int_eq(evtchn_bind_virq(b, NR_VIRQS, 0, &port), -EINVAL);
    ck_assert_int_eq(evtchn_bind_virq(b, UINT32_MAX, 0, &port), -EINVAL);
    ck_assert_int_eq(evtchn_bind_virq(b, VIRQ_TIMER, 3, &port), -ENOENT);
    ck_assert_int_eq(evtchn_bind_virq(b, VIRQ_TIMER, UINT32_MAX, &port), -ENOENT);
    ck_assert_int_eq(evtchn_bind_virq(b, VIRQ_DOM_EXC, 0, &port), -EPERM);
    ck_assert_int_eq(evtchn_bind_virq(b, VIRQ_CONSOLE, 0, &port), -EPERM);
    ck_assert_int_eq(evtchn_bind_virq(a, VIRQ_CONSOLE, 1, &port), -EINVAL);
    ck_assert_int_eq(evtchn_bind_virq(b, VIRQ_ARGO, 0, &port), 0);
}
END_TEST

START_TEST(global_virq_moves)
{
    ck_assert_int_eq(evtchn_bind_virq(a, VIRQ_CONSOLE, 0, &port), 0);
    ck_assert_int_eq(evtchn_bind_vcpu(a, port, 1), 0);
    evtchn_send_global_virq(a, VIRQ_CONSOLE);
    assert_delivered(a->vcpu[1], port);
    ck_assert_uint_eq(status_of(a, port).vcpu, 1);
    ck_assert_int_eq(evtchn_close(a, port), 0);
    evtchn_send_global_virq(a, VIRQ_CONSOLE);
    ck_assert(!pending(a, port));
    ck_assert(evtchn_check(a));
}
END_TEST

START_TEST(unbound_virqs_are_harmless)
{
    evtchn_send_virq(b->vcpu[1], VIRQ_TIMER);
    evtchn_send_global_virq(a, VIRQ_DOM_EXC);
    evtchn_send_global_virq(NULL, VIRQ_DOM_EXC);
    assert_quiet(b->vcpu[1]);
    ck_assert(!pending(b, 0) && !pending(a, 0));
}
END_TEST

START_TEST(send_on_a_virq_port_is_refused)
{
    ck_assert_int_eq(evtchn_bind_virq(b, VIRQ_TIMER, 0, &port), 0);
    ck_assert_int_eq(evtchn_send(b, port), -EINVAL);
    ck_assert(!pending(b, port));
}
END_TEST

/* ---- between vCPUs, from devices ------------------------------------------------------------- */

START_TEST(ipi_goes_to_its_vcpu)
{
    ck_assert_int_eq(evtchn_bind_ipi(b, 1, &port), 0);
    ck_assert_uint_eq(status_of(b, port).status, EVTCHNSTAT_ipi);
    ck_assert_int_eq(evtchn_send(b, port), 0);
    assert_delivered(b->vcpu[1], port);
    ck_assert_int_eq(evtchn_bind_ipi(b, 3, &port), -ENOENT);
    ck_assert_int_eq(evtchn_bind_vcpu(b, port, 0), -EINVAL);
}
END_TEST

START_TEST(pirq_path)
{
    ck_assert_int_eq(evtchn_bind_pirq(a, 9, BIND_PIRQ__WILL_SHARE, &port), 0);
    ck_assert_uint_eq(status_of(a, port).status, EVTCHNSTAT_pirq);
    ck_assert_uint_eq(status_of(a, port).u.pirq, 9);
    ck_assert(evtchn_send_pirq(a, 9));
    assert_delivered(a->vcpu[0], port);
    ck_assert_int_eq(evtchn_bind_pirq(a, 9, 0, &other), -EEXIST);
    ck_assert_int_eq(evtchn_close(a, port), 0);
    ck_assert(!pirqs[9].bound);
    ck_assert(!evtchn_send_pirq(a, 9));
    ck_assert(!pending(a, port));
}
END_TEST

START_TEST(pirq_errors)
{
    ck_assert_int_eq(evtchn_bind_pirq(a, PIRQS_MAX, 0, &port), -EINVAL);
    ck_assert_int_eq(evtchn_bind_pirq(a, UINT32_MAX, 0, &port), -EINVAL);
    ck_assert_int_eq(evtchn_bind_pirq(b, 9, 0, &port), -EPERM);
    ck_assert(!evtchn_send_pirq(b, 9));
    ck_assert(!evtchn_send_pirq(a, PIRQS_MAX));
    fixture.pirq_refuses = -EBUSY;
    ck_assert_int_eq(evtchn_bind_pirq(a, 9, 0, &port), -EBUSY);
    ck_assert_uint_eq(status_of(a, 1).status, EVTCHNSTAT_closed);
    ck_assert(evtchn_check(a));
}
END_TEST

START_TEST(pirq_follows_its_vcpu)
{
    a->vcpu[1]->cpu = 5;
    ck_assert_int_eq(evtchn_bind_pirq(a, 9, 0, &port), 0);
    ck_assert_int_eq(evtchn_bind_vcpu(a, port, 1), 0);
    ck_assert_uint_eq(fixture.pirq_cpu, 5);
    ck_assert(evtchn_send_pirq(a, 9));
    assert_delivered(a->vcpu[1], port);
}
END_TEST

START_TEST(bind_vcpu_rules)
{
    pair_up();
    ck_assert_int_eq(evtchn_bind_vcpu(b, port, 2), 0);
    ck_assert_int_eq(evtchn_send(a, other), 0);
    assert_delivered(b->vcpu[2], port);
    ck_assert_int_eq(evtchn_bind_vcpu(b, port, 3), -ENOENT);
    ck_assert_int_eq(evtchn_bind_virq(b, VIRQ_TIMER, 0, &port), 0);
    ck_assert_int_eq(evtchn_bind_vcpu(b, port, 1), -EINVAL);
    ck_assert_int_eq(evtchn_alloc_unbound(b, 0, &port), 0);
    ck_assert_int_eq(evtchn_bind_vcpu(b, port, 1), 0);
    ck_assert_uint_eq(status_of(b, port).vcpu, 1);
}
END_TEST

/* ---- masks and polls ------------------------------------------------------------------------- */

START_TEST(unmask_redelivers)
{
    pair_up();
    ck_assert_int_eq(evtchn_bind_vcpu(b, port, 1), 0);
    mask(b, port);
    ck_assert_int_eq(evtchn_send(a, other), 0);
    ck_assert_int_eq(evtchn_unmask(b, port), 0);
    assert_delivered(b->vcpu[1], port);
    ck_assert(!bit_test(b->shared->evtchn_mask, port));
}
END_TEST

START_TEST(unmask_of_unmasked_does_nothing)
{
    pair_up();
    bit_set(b->shared->evtchn_pending, port);
    ck_assert_int_eq(evtchn_unmask(b, port), 0);
    assert_quiet(b->vcpu[0]);
}
END_TEST

START_TEST(unmask_without_event)
{
    pair_up();
    mask(b, port);
    ck_assert_int_eq(evtchn_unmask(b, port), 0);
    ck_assert(!bit_test(b->shared->evtchn_mask, port));
    assert_quiet(b->vcpu[0]);
}
END_TEST

START_TEST(unmask_of_a_free_port)
{
    ck_assert_int_eq(evtchn_bind_ipi(b, 0, &port), 0);
    ck_assert_int_eq(evtchn_close(b, port), 0);
    mask(b, port);
    bit_set(b->shared->evtchn_pending, port);
    ck_assert_int_eq(evtchn_unmask(b, port), 0);
    assert_quiet(b->vcpu[0]);
}
END_TEST

START_TEST(pollers_wake_even_if_masked)
{
    pair_up();
    mask(b, port);
    b->vcpu[2]->polling = true;
    ck_assert_int_eq(evtchn_is_pending(b, port), 0);
    ck_assert_int_eq(evtchn_send(a, other), 0);
    ck_assert_uint_eq(fixture.nr_unblocks, 1);
    ck_assert(!b->vcpu[2]->polling);
    ck_assert_int_eq(evtchn_is_pending(b, port), 1);
}
END_TEST

/* ---- hostile contents ------------------------------------------------------------------------ */

START_TEST(shared_page_full_of_ones)
{
    pair_up();
    memset(b->shared, 0xff, sizeof(*b->shared));
    ck_assert_int_eq(evtchn_send(a, other), 0);
    ck_assert_int_eq(evtchn_unmask(b, port), 0);
    ck_assert_int_eq(evtchn_close(b, port), 0);
    ck_assert(!pending(b, port));
    ck_assert_uint_eq(fixture.nr_kicks, 0);
    ck_assert(evtchn_check(a) && evtchn_check(b));
    ck_assert_uint_eq(b->shared->evtchn_mask[63], UINT64_MAX);
}
END_TEST

START_TEST(odd_upcall_pending_byte)
{
    pair_up();
    b->vcpu[0]->arch.info->evtchn_upcall_pending = 0x80;
    ck_assert_int_eq(evtchn_send(a, other), 0);
    ck_assert_uint_eq(b->vcpu[0]->arch.info->evtchn_upcall_pending, 1);
    ck_assert_uint_eq(fixture.nr_kicks, 0);
}
END_TEST

START_TEST(status_hides_the_stack)
{
    struct evtchn_status s, zero;

    ck_assert_int_eq(evtchn_bind_ipi(b, 0, &port), 0);
    s = status_of(b, port);
    memset(&zero, 0, sizeof(zero));
    zero.dom = b->id;
    zero.port = port;
    zero.status = EVTCHNSTAT_ipi;
    ck_assert_mem_eq(&s, &zero, sizeof(s));
    ck_assert_uint_eq(status_of(b, 0).status, EVTCHNSTAT_closed);
}
END_TEST

/* ---- vcpu_info ------------------------------------------------------------------------------- */

START_TEST(register_info_moves_and_marks)
{
    mfn_t mfn = frame_make(b, PT_NONE);
    struct vcpu *v = b->vcpu[0];
    struct vcpu_info *old = v->arch.info;

    old->evtchn_upcall_mask = 1;
    old->arch.cr2 = 0x1234;
    ck_assert_int_eq(vcpu_register_info(v, mfn, 4096 - sizeof(struct vcpu_info)), 0);
    ck_assert_ptr_eq(v->arch.info, (char *)machine_map(mfn) + 4096 - sizeof(struct vcpu_info));
    ck_assert_uint_eq(v->arch.info->evtchn_upcall_mask, 1);
    ck_assert_uint_eq(v->arch.info->arch.cr2, 0x1234);
    ck_assert_uint_eq(v->arch.info->evtchn_pending_sel, UINT64_MAX);
    ck_assert_uint_eq(v->arch.info->evtchn_upcall_pending, 1);
    ck_assert_uint_eq(page_of(mfn)->type, PT_WRITABLE);
    ck_assert_uint_eq(page_of(mfn)->refs, 2);
    ck_assert_uint_eq(v->arch.info->time.version, 2);
}
END_TEST

START_TEST(register_info_errors)
{
    mfn_t mfn = frame_make(b, PT_NONE), table = frame_make(b, PT_L2), foreign = frame_make(c, 0);
    struct vcpu *v = b->vcpu[0];
    uint64_t before = world_digest();

    ck_assert_int_eq(vcpu_register_info(v, mfn, 4096 - sizeof(struct vcpu_info) + 8), -EINVAL);
    ck_assert_int_eq(vcpu_register_info(v, mfn, UINT32_MAX), -EINVAL);
    ck_assert_int_eq(vcpu_register_info(v, mfn, 4), -EINVAL);
    ck_assert_int_eq(vcpu_register_info(v, table, 0), -EINVAL);
    ck_assert_int_eq(vcpu_register_info(v, foreign, 0), -EINVAL);
    ck_assert_int_eq(vcpu_register_info(v, MFN_INVALID, 0), -EINVAL);
    ck_assert_int_eq(vcpu_register_info(v, _mfn(frames_end), 0), -EINVAL);
    ck_assert_uint_eq(world_digest(), before);
    ck_assert_int_eq(vcpu_register_info(v, mfn, 0), 0);
    ck_assert_int_eq(vcpu_register_info(v, mfn, 64), -EINVAL); /* once only */
}
END_TEST

START_TEST(register_info_of_another_vcpu)
{
    mfn_t mfn = frame_make(b, PT_NONE);

    ck_assert_int_eq(vcpu_register_info(b->vcpu[1], mfn, 0), -EINVAL); /* it may run */
    b->vcpu[1]->paused = VCPU_PAUSED_DOWN;
    ck_assert_int_eq(vcpu_register_info(b->vcpu[1], mfn, 0), 0);
}
END_TEST

/* vCPUs above 31 have a stand-in until they register: events are not lost with it. */
START_TEST(register_info_moves_from_a_stand_in)
{
    mfn_t mfn = frame_make(b, PT_NONE);
    struct vcpu_info stand_in = { .evtchn_upcall_mask = 1 };

    ck_assert_int_eq(evtchn_bind_ipi(b, 1, &port), 0);
    b->vcpu[1]->info_own = b->vcpu[1]->arch.info = &stand_in;
    b->vcpu[1]->paused = VCPU_PAUSED_DOWN;
    ck_assert_int_eq(evtchn_send(b, port), 0);
    ck_assert_int_eq(vcpu_register_info(b->vcpu[1], mfn, 128), 0);
    ck_assert_uint_eq(b->vcpu[1]->arch.info->evtchn_upcall_mask, 1);
    ck_assert_uint_eq(b->vcpu[1]->arch.info->evtchn_pending_sel, UINT64_MAX);
    domain_unmake(b);
    ck_assert_uint_eq(page_of(mfn)->refs, 1);
}
END_TEST

START_TEST(events_use_the_registered_place)
{
    mfn_t mfn = frame_make(b, PT_NONE);

    pair_up();
    ck_assert_int_eq(vcpu_register_info(b->vcpu[0], mfn, 0), 0);
    guest_clears(b);
    ck_assert_int_eq(evtchn_send(a, other), 0);
    assert_delivered(b->vcpu[0], port);
    ck_assert_uint_eq(b->shared->vcpu_info[0].evtchn_upcall_pending, 0);
}
END_TEST

/* ---- reset and death ------------------------------------------------------------------------- */

START_TEST(reset_closes_all)
{
    pair_up();
    ck_assert_int_eq(evtchn_bind_virq(b, VIRQ_TIMER, 0, &port), 0);
    ck_assert_int_eq(evtchn_bind_ipi(b, 0, &port), 0);
    ck_assert_int_eq(evtchn_reset(b), 0);
    for (evtchn_port_t p = 1; p < b->events.valid; p++)
        ck_assert_uint_eq(status_of(b, p).status, EVTCHNSTAT_closed);
    ck_assert_uint_eq(status_of(a, other).status, EVTCHNSTAT_unbound);
    ck_assert_int_eq(evtchn_bind_virq(b, VIRQ_TIMER, 0, &port), 0);
    ck_assert_uint_eq(port, 1);
}
END_TEST

START_TEST(reset_of_a_running_domain)
{
    ck_assert_int_eq(evtchn_reset(c), -EINVAL);
    c->pause_count = 1;
    ck_assert_int_eq(evtchn_reset(c), 0);
}
END_TEST

START_TEST(reset_goes_on_where_it_stopped)
{
    unsigned calls = 0;
    int rc;

    for (unsigned i = 0; i < 600; i++)
        ck_assert_int_eq(evtchn_alloc_unbound(b, 0, &port), 0);
    host.preempt = true;
    do {
        rc = evtchn_reset(b);
        ck_assert_uint_le(++calls, 100);
    } while (rc == -ERESTART);
    ck_assert_int_eq(rc, 0);
    ck_assert_uint_gt(calls, 1);
    ck_assert_int_eq(evtchn_close(b, 600), -EINVAL);
}
END_TEST

START_TEST(death_frees_the_peers)
{
    pair_up();
    ck_assert_int_eq(evtchn_bind_virq(b, VIRQ_TIMER, 2, &port), 0);
    domain_unmake(b);
    ck_assert_uint_eq(status_of(a, other).status, EVTCHNSTAT_unbound);
    ck_assert_int_eq(evtchn_send(a, other), 0);
    ck_assert_uint_eq(fixture.nr_domains, 2);
}
END_TEST

START_TEST(death_gives_the_info_frame_back)
{
    mfn_t mfn = frame_make(b, PT_NONE);

    ck_assert_int_eq(vcpu_register_info(b->vcpu[0], mfn, 0), 0);
    domain_unmake(b);
    ck_assert_uint_eq(page_of(mfn)->refs, 1);
    ck_assert_uint_eq(page_of(mfn)->type_refs, 0);
}
END_TEST

/* No walk over a domain's vCPUs goes past the last there can be. */
START_TEST(as_many_vcpus_as_can_be)
{
    struct domain *d = domain_make(4, VCPUS_MAX);
    evtchn_port_t ipi;

    ck_assert_int_eq(evtchn_bind_virq(d, VIRQ_TIMER, VCPUS_MAX - 1, &port), 0);
    ck_assert_int_eq(evtchn_bind_virq(d, VIRQ_TIMER, VCPUS_MAX, &ipi), -ENOENT);
    ck_assert_int_eq(evtchn_bind_ipi(d, 0, &ipi), 0);
    ck_assert_int_eq(evtchn_send(d, ipi), 0);
    ck_assert(evtchn_check(d));
    ck_assert_int_eq(evtchn_close(d, port), 0);
    ck_assert_uint_eq(d->vcpu[VCPUS_MAX - 1]->virq_port[VIRQ_TIMER], 0);
    domain_unmake(d);
}
END_TEST

/* Any order of operations with any ports leaves a table that holds its invariants. */
START_TEST(random_operations)
{
    struct domain *all[] = { a, b, c };
    uint64_t seed = 88172645463325252u + (uint64_t)_i;

    for (unsigned step = 0; step < 4000; step++) {
        struct domain *d, *rd;
        evtchn_port_t p, q;
        int rc = 0;

        seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
        d = all[seed % 3], rd = all[seed / 3 % 3];
        p = (evtchn_port_t)(seed >> 8) % 12;
        run(d->vcpu[0]);
        switch (seed >> 32 & 15) {
        case 0: case 1: case 2:
            rc = evtchn_alloc_unbound(d, rd->id, &q);
            break;
        case 3: case 4: case 5:
            rc = evtchn_bind_interdomain(d, rd->id, p, &q);
            break;
        case 6:
            rc = evtchn_bind_virq(d, (uint32_t)(seed >> 40) % 30, p % 4, &q);
            break;
        case 7:
            rc = evtchn_bind_ipi(d, p % 4, &q);
            break;
        case 8:
            rc = evtchn_bind_pirq(d, p, 0, &q);
            break;
        case 9:
            rc = evtchn_bind_vcpu(d, p, (uint32_t)(seed >> 40) % 4);
            break;
        case 10:
            rc = evtchn_unmask(d, p);
            break;
        case 11:
            if (seed >> 60 == 0)
                rc = evtchn_reset(d);
            break;
        case 12: case 13:
            rc = evtchn_close(d, p);
            break;
        default:
            rc = evtchn_send(d, p);
        }
        ck_assert_int_le(rc, 0);
        ck_assert_uint_eq(host_locks_held(), 0);
        ck_assert(evtchn_check(a) && evtchn_check(b) && evtchn_check(c));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core/evtchn");
    TCase *tc = tcase_create("all");

    const TTest *const tests[] = {
        first_port_is_1, lowest_free_port_is_reused, ports_end_at_4096,
        selector_of_every_port, limit_of_the_domain,
        no_memory_for_a_bucket, wrong_ports, no_port_for_the_dying, unbound_names_the_peer,
        unbound_self_is_the_caller, send_to_unbound_is_dropped, bind_interdomain_links_both,
        bind_interdomain_raises_the_new_end, bind_interdomain_errors,
        bind_interdomain_failure_changes_nothing, loop_back_within_a_domain, send_reaches_the_peer,
        second_send_adds_nothing, send_to_masked_sets_one_bit,
        send_with_upcall_pending_needs_no_kick, close_leaves_the_peer_waiting,
        close_from_either_end, close_clears_pending, virq_per_vcpu, virq_twice_is_refused,
        virq_errors, global_virq_moves, unbound_virqs_are_harmless, send_on_a_virq_port_is_refused,
        ipi_goes_to_its_vcpu, pirq_path, pirq_errors, pirq_follows_its_vcpu, bind_vcpu_rules,
        unmask_redelivers, unmask_of_unmasked_does_nothing, unmask_without_event,
        unmask_of_a_free_port, pollers_wake_even_if_masked, shared_page_full_of_ones,
        odd_upcall_pending_byte, status_hides_the_stack, register_info_moves_and_marks,
        register_info_errors, register_info_of_another_vcpu, register_info_moves_from_a_stand_in,
        events_use_the_registered_place, reset_closes_all, reset_of_a_running_domain,
        reset_goes_on_where_it_stopped, death_frees_the_peers, death_gives_the_info_frame_back,
        as_many_vcpus_as_can_be,
    };

    tcase_add_checked_fixture(tc, three_start, end);
    for (unsigned i = 0; i < ARRAY_SIZE(tests); i++)
        tcase_add_test(tc, tests[i]);
    tcase_add_loop_test(tc, random_operations, 0, 8);
    suite_add_tcase(suite, tc);
    return suite_run(suite);
}
