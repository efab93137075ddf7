/* SPDX-License-Identifier: MIT */
/*
 * The end of a domain, with the real code of core/ and mm/ on one host CPU: a domain with all that
 * one can have (vCPUs, page tables, descriptor tables, events, grants both ways, timers, pages that
 * dom0 maps) is destroyed, stopping wherever it may stop. Every frame and byte must come back, also
 * those that dom0 holds on to for a while, and dom0 must be as it was.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/domain.h"
#include "core/sched.h"
#include "core/time.h"
#include "lib/errno.h"
#include "mm/alloc.h"
#include "mm/update.h"
#include "pv/guest_cpu.h"
#include "x86/upcall.h"

/* ---- the machine that core/ sees: vCPUs are never really run -------------------------------- */

static uint32_t work;
PER_CPU(struct vcpu *, current_vcpu);
PER_CPU(uint32_t, cpu_work);
void cpu_set_work(unsigned cpu, uint32_t bits)
{
    (void)cpu;
    work |= bits;
}
uint32_t cpu_take_work(void)
{
    return 0;
}

static void none(const struct guest_cpu *g)
{
    (void)g;
}
#define machine_load_cr3(g)     none(g)
#define machine_load_gdt(g)     none(g)
#define machine_load_ldt(g)     none(g)
#define machine_guest_load(g)   none(g)
#define machine_guest_save(g)   none(g)
#define machine_guest_none()    none(NULL)
#define machine_xsave_init(g)   none(g)
#define machine_xsave_size()    ((size_t)576)
#define machine_port_is_ours(p) ((p) == 0x3f8)
#define machine_resume(g)       abort()
#define machine_idle()          abort()
#define machine_run(loop)       (loop(), abort())
#define machine_poweroff()      abort()
#define machine_reboot()        abort()
#define machine_halt()          abort()
#define machine_stop_others()   none(NULL)

#include "../../../hypervisor/sys/timer.c"
#include "../suite.h"
#include "../../../hypervisor/core/audit.c"
#include "../../../hypervisor/core/dump.c"
#include "../../../hypervisor/core/irq.c"
#include "../../../hypervisor/core/run_queue.c"
#include "../../../hypervisor/core/sched.c"
#include "../../../hypervisor/core/sched_guest.c"
#include "../../../hypervisor/core/time.c"
#include "../../../hypervisor/core/vcpu.c"
#include "../../../hypervisor/core/watchdog.c"
#include "../../../hypervisor/core/domain.c"
#include "../../../hypervisor/pv/descriptor.c"
#include "../../../hypervisor/pv/root.c"

void panic_set_dump(void (*dump)(void))
{
    (void)dump;
}

/* As pv/exit.c has it. */
void vcpu_release_context(struct vcpu *v)
{
    ck_assert_int_eq(ldt_set(v, 0, 0), 0);
    gdt_drop(v);
    root_drop(v);
}

/* ---- a domain with everything --------------------------------------------------------------- */

#define P  UINT64_C(0x25)
#define RW UINT64_C(0x27)

static struct domain *dom0;
static struct space {
    mfn_t l[5];    /* L1 to L4; page n of virtual memory is entry n of the L1 */
    mfn_t data[3]; /* pages 0 to 2, writable */
} space0, space;
static bool preempt; /* every operation stops whenever it may */

#define UNTIL_DONE(call)                                                                           \
    do {                                                                                           \
        int rc_, tries_ = 0;                                                                       \
                                                                                                   \
        while ((rc_ = (call)) == -ERESTART)                                                        \
            ck_assert_int_lt(tries_++, 100000);                                                    \
        ck_assert_int_eq(rc_, 0);                                                                  \
    } while (0)

static mfn_t frame(struct domain *d)
{
    mfn_t mfn = frames_alloc(&d->mm, 0, 0);

    ck_assert(!mfn_eq(mfn, MFN_INVALID));
    machine_clear_frame(mfn); /* a control domain gets memory as power-on left it */
    return mfn;
}

static void space_make(struct domain *d, struct space *s)
{
    for (unsigned level = 1; level <= 4; level++) {
        s->l[level] = frame(d);
        if (level > 1)
            *(uint64_t *)machine_map(s->l[level]) = mfn_to_maddr(s->l[level - 1]) | RW;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(s->data); i++) {
        s->data[i] = frame(d);
        ((uint64_t *)machine_map(s->l[1]))[i] = mfn_to_maddr(s->data[i]) | RW;
    }
    UNTIL_DONE(pt_pin(&d->mm, s->l[4], PT_L4));
    UNTIL_DONE(root_set_kernel(d->vcpu[0], s->l[4]));
}

static void grant_make(struct domain *d, grant_ref_t ref, domid_t to, mfn_t mfn)
{
    struct grant_entry_v1 *entry;

    ck_assert_int_eq(grant_table_grow(d, 1), 0);
    entry = machine_map(grant_table_frame(d, 0));
    entry[ref].frame = (uint32_t)mfn_x(mfn);
    entry[ref].domid = to;
    entry[ref].flags = GTF_permit_access;
}

static grant_handle_t grant_use(struct domain *user, domid_t of, grant_ref_t ref, unsigned page)
{
    struct gnttab_map_grant_ref op = { .host_addr = page * PAGE_SIZE, .flags = GNTMAP_host_map,
                                       .ref = ref, .dom = of };

    current = user->vcpu[0];
    grant_map(user->vcpu[0], &op);
    ck_assert_int_eq(op.status, GNTST_okay);
    current = dom0->vcpu[0];
    return op.handle;
}

static void channels_make(struct domain *d, evtchn_port_t *port0)
{
    evtchn_port_t port;

    ck_assert_int_eq(evtchn_alloc_unbound(d, 0, &port), 0);
    ck_assert_int_eq(evtchn_bind_interdomain(dom0, d->id, port, port0), 0);
    ck_assert_int_eq(evtchn_alloc_unbound(d, 0, &port), 0);
    ck_assert_int_eq(evtchn_bind_virq(d, VIRQ_TIMER, 1, &port), 0);
    ck_assert_int_eq(evtchn_bind_ipi(d, 0, &port), 0);
}

static void cpu_state_make(struct domain *d)
{
    struct vcpu *v = d->vcpu[0];
    uint64_t gdt[2];
    mfn_t user_root = frame(d), ldt = frame(d);

    for (unsigned i = 0; i < ARRAY_SIZE(gdt); i++)
        gdt[i] = mfn_x(frame(d));
    ck_assert_int_eq(gdt_set(v, gdt, 1024), 0);
    ck_assert_int_eq(pt_update_va(&d->mm, &d->mm, v->arch.cr3_kernel, 5 * PAGE_SIZE,
                                  mfn_to_maddr(ldt) | P), 0);
    ck_assert_int_eq(ldt_set(v, 5 * PAGE_SIZE, 10), 0);
    ck_assert(upcall_ldt_fault(&v->arch, 0));
    UNTIL_DONE(root_set_user(v, user_root));
    ck_assert_int_eq(vcpu_register_info(d->vcpu[1], space.data[1], 64), 0);
}

static void timers_make(struct domain *d)
{
    struct vcpu *v = d->vcpu[0];

    ck_assert_int_eq(time_set_singleshot(v, host.now_ns + 1000, true), 0);
    ck_assert_int_eq(time_set_periodic(v, 2000000), 0);
    ck_assert_int_eq(domain_watchdog(d, 0, 10), 1);
    ck_assert_int_eq(domain_watchdog(d, 0, 20), 2);
    ck_assert_int_eq(domain_watchdog(d, 0, 20), -ENOSPC);
    ck_assert_int_eq(domain_watchdog(d, 2, 0), 0);
    timer_set(&v->poll_timer, 0, host.now_ns + 5000);
}

static struct domain *whole_domain(evtchn_port_t *port0)
{
    struct domain *d;
    struct vcpu *v;

    ck_assert_int_eq(domain_create(DOMID_INVALID, 2, false, &d), 0);
    d->mm.frames_max = 64;
    for (unsigned i = 0; i < 2; i++)
        ck_assert_int_eq(vcpu_create(d, i, &v), 0);
    space_make(d, &space);
    cpu_state_make(d);
    channels_make(d, port0);
    grant_make(d, 8, 0, space.data[0]);
    timers_make(d);
    vcpu_unpause(d->vcpu[0], VCPU_PAUSED_DOWN);
    ck_assert(!d->vcpu[0]->queued); /* a new domain is paused */
    domain_unpause(d);
    ck_assert(d->vcpu[0]->queued);
    return d;
}

static void destroyed(struct domain *d)
{
    host.preempt = preempt;
    UNTIL_DONE(domain_destroy(d));
    host.preempt = false;
    ck_assert_uint_eq(host_locks_held(), 0);
}

static bool exists(domid_t id)
{
    struct domain *d = domain_get(id);

    if (d)
        domain_put(d);
    return d != NULL;
}

static uint64_t refs_of(mfn_t mfn)
{
    return (uint64_t)page_of(mfn)->refs << 32 | page_of(mfn)->type_refs;
}

static void setup(void)
{
    struct vcpu *v;

    host_reset();
    memset(&list, 0, sizeof(list));
    lock_init(&list.lock, LOCK_DOMAIN_LIST);
    control_domain = NULL;
    current = NULL;
    frames_init(HOST_FRAMES_MAX * PAGE_SIZE, host_take);
    frames_add(16 * PAGE_SIZE, host_ram_end());
    sched_init();
    time_init();
    ck_assert_int_eq(domain_create(0, 1, true, &dom0), 0);
    ck_assert_int_eq(vcpu_create(dom0, 0, &v), 0);
    current = v;
    space_make(dom0, &space0);
    grant_make(dom0, 8, 1, space0.data[2]);
}

/* ---- tests ---------------------------------------------------------------------------------- */

/* Whoever finds it in the list finds it whole. */
START_TEST(is_what_was_asked_for)
{
    struct domain_config config = domain_config_default(3);
    struct domain *d;

    config.evtchns_max = 100;
    config.grant_frames_max = 2;
    config.maptrack_max = 7;
    config.msr_relaxed = true;
    memset(config.uuid, 0xab, sizeof(config.uuid));
    ck_assert_int_eq(domain_create_claimed(5, &config, false, &d), 0);
    ck_assert(d->id == 5 && d->claimed && d->vcpus_max == 3 && d->msr_relaxed);
    ck_assert(d->events.limit == 100 && d->grants.frames_max == 2 && d->grants.maptrack_max == 7);
    ck_assert_mem_eq(d->uuid, config.uuid, sizeof(config.uuid));
    domain_release(d);
    destroyed(d);
}
END_TEST

/* Nobody else holds anything: all is back at once, again and again. */
START_TEST(gives_everything_back)
{
    uint64_t free_before = 0;
    struct evtchn_status status;
    evtchn_port_t port0;

    preempt = _i;
    for (unsigned round = 0; round < 5; round++) {
        struct domain *d = whole_domain(&port0);
        domid_t id = d->id;

        ck_assert(page_audit() && evtchn_check(d) && grant_check(d));
        destroyed(d);
        ck_assert(domains_reap_wanted);
        domains_reap();
        ck_assert(!domains_reap_wanted && !exists(id));
        ck_assert(page_audit() && evtchn_check(dom0) && grant_check(dom0));
        status = (struct evtchn_status){ .dom = 0 };
        ck_assert_int_eq(evtchn_status(dom0, port0, &status), 0);
        ck_assert_uint_eq(status.status, EVTCHNSTAT_unbound);
        ck_assert_int_eq(evtchn_close(dom0, port0), 0);
        /* The heap may keep a page from the first round on, no more. */
        if (round > 0)
            ck_assert_uint_eq(frames_free(), free_before);
        free_before = frames_free();
    }
    ck_assert_ptr_null(cpu_of(0, deadlines).top);
    ck_assert_ptr_null(queue_of(0)->ready);
}
END_TEST

/* dom0 maps a page of it by a grant and another one without: it stays until both are gone. */
START_TEST(waits_for_those_who_map_its_pages)
{
    struct gnttab_unmap_grant_ref unmap = { .host_addr = 6 * PAGE_SIZE };
    struct domain *d;
    evtchn_port_t port0;
    domid_t id;

    preempt = _i;
    d = whole_domain(&port0);
    id = d->id;
    unmap.handle = grant_use(dom0, id, 8, 6);
    ck_assert_int_eq(pt_update_va(&dom0->mm, &d->mm, dom0->vcpu[0]->arch.cr3_kernel,
                                  7 * PAGE_SIZE, mfn_to_maddr(space.data[2]) | RW), 0);
    destroyed(d);
    domains_reap();
    ck_assert(exists(id));
    ck_assert_uint_eq(d->mm.nr_frames, 2);
    ck_assert(page_audit());

    grant_unmap(dom0->vcpu[0], &unmap);
    grant_unmap_flush(dom0->vcpu[0]);
    ck_assert_int_eq(unmap.status, GNTST_okay);
    domains_reap();
    ck_assert(exists(id) && d->mm.nr_frames == 1);
    domains_reap();
    ck_assert(domains_reap_wanted); /* nobody will say when the page comes back */
    ck_assert_int_eq(pt_update_va(&dom0->mm, &dom0->mm, dom0->vcpu[0]->arch.cr3_kernel,
                                  7 * PAGE_SIZE, 0), 0);
    domains_reap();
    ck_assert(!exists(id) && !domains_reap_wanted);
    ck_assert(page_audit() && grant_check(dom0) && evtchn_check(dom0));
}
END_TEST

/* It mapped a page of dom0: dom0's counts are as before, and the grant is free again. */
START_TEST(lets_go_of_others_pages)
{
    struct domain *d;
    evtchn_port_t port0;
    uint64_t before = refs_of(space0.data[2]);
    uint32_t refs = dom0->refs;
    const struct grant_entry_v1 *entry = machine_map(grant_table_frame(dom0, 0));

    preempt = _i;
    d = whole_domain(&port0);
    ck_assert_uint_eq(d->id, 1);
    (void)grant_use(d, 0, 8, 6);
    ck_assert_uint_ne(refs_of(space0.data[2]), before);
    ck_assert_uint_ne(entry[8].flags, GTF_permit_access);
    destroyed(d);
    domains_reap();
    ck_assert(!exists(1));
    ck_assert_uint_eq(refs_of(space0.data[2]), before);
    ck_assert_uint_eq(dom0->refs, refs);
    ck_assert_uint_eq(entry[8].flags, GTF_permit_access);
    ck_assert(page_audit() && grant_check(dom0) && evtchn_check(dom0));
}
END_TEST

/* A reference that somebody holds keeps the structure, though nothing else is left. */
START_TEST(lives_as_long_as_a_reference)
{
    struct domain *d, *mine;
    evtchn_port_t port0;

    d = whole_domain(&port0);
    mine = domain_get(d->id);
    ck_assert_ptr_eq(mine, d);
    destroyed(d);
    domains_reap();
    ck_assert_uint_eq(mine->mm.nr_frames, 0);
    ck_assert(mine->is_gone && !domains_reap_wanted);
    ck_assert_int_eq(domain_destroy(mine), 0); /* done: nothing happens */
    domain_put(mine);
    ck_assert(domains_reap_wanted);
    domains_reap();
    ck_assert(!exists(1));
}
END_TEST

START_TEST(control_domain_stays)
{
    ck_assert_int_eq(domain_destroy(dom0), -EINVAL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core/domain");
    TCase *tests = tcase_create("domain");

    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_test(tests, is_what_was_asked_for);
    tcase_add_loop_test(tests, gives_everything_back, 0, 2);
    tcase_add_loop_test(tests, waits_for_those_who_map_its_pages, 0, 2);
    tcase_add_loop_test(tests, lets_go_of_others_pages, 0, 2);
    tcase_add_test(tests, lives_as_long_as_a_reference);
    tcase_add_test(tests, control_domain_stays);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
