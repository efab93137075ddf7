/* SPDX-License-Identifier: MIT */
/*
 * Life of a domain. It is made whole or not at all, known by its id from then on, and ends in two
 * parts. domain_destroy() stops it and takes its things away, one step after the other, each of
 * which may ask to be called again. What is left is freed by domains_reap() when the last reference
 * is put and the last of its frames has come back: another domain may still map some.
 *
 * Lists and ids are under the list lock, pauses under the domain's own.
 */
#include "core/domain.h"

#include "core/audit.h"
#include "core/dump.h"
#include "core/sched.h"
#include "core/time.h"
#include "lib/bits.h"
#include "lib/errno.h"
#include "mm/alloc.h"
#include "mm/guest.h"
#include "mm/update.h"
#include "public/sched.h"
#include "sys/log.h"

#define WEIGHT_DEFAULT 256

static struct {
    spinlock_t lock;
    struct domain *first; /* by rising id */
    domid_t last_id;      /* given most recently: ids come round late, not at once */
} list = { .lock = SPINLOCK_INIT(LOCK_DOMAIN_LIST) };

struct domain *control_domain;
bool domains_reap_wanted;

/* ---- the list: its lock held --------------------------------------------------------------- */

/* Where the domain with this id stands, or would. */
static struct domain **list_link(domid_t id)
{
    struct domain **link = &list.first;

    while (*link && (*link)->id < id)
        link = &(*link)->next;
    return link;
}

static bool id_is_free(domid_t id)
{
    struct domain *d = *list_link(id);

    return !d || d->id != id;
}

/* The id to use: the one asked for, or the next free one. */
static int id_choose(domid_t wanted, bool is_control, domid_t *id)
{
    /* Slots of accounts are ids, and slot 0 is the control domain's. */
    if (wanted != DOMID_INVALID) {
        *id = wanted;
        if (wanted >= DOMAINS_MAX || is_control != (wanted == 0))
            return -EINVAL;
        return id_is_free(wanted) ? 0 : -EEXIST;
    }
    for (unsigned i = 1; i < DOMAINS_MAX; i++) {
        *id = (domid_t)((list.last_id + i) % DOMAINS_MAX);
        if (*id != 0 && id_is_free(*id))
            return 0;
    }
    return -ENOMEM;
}

/* ---- making -------------------------------------------------------------------------------- */

/* All of it: AML reads even the timers that are ours, and mm/ maps those read-only. */
static bool may_map_device(const struct mm_account *acct, mfn_t mfn)
{
    (void)mfn;
    return acct->is_control;
}

static int shared_page_init(struct domain *d)
{
    mfn_t mfn = frames_alloc(NULL, 0, 0);

    if (mfn_eq(mfn, MFN_INVALID))
        return -ENOMEM;
    machine_clear_frame(mfn);
    d->shared = shared_map(mfn);
    mm_lock(&d->mm);
    page_share(page_of(mfn), &d->mm);
    mm_unlock(&d->mm);
    return 0;
}

/* 0, or -EBUSY while somebody still maps the page. */
static int shared_page_free(struct domain *d)
{
    mfn_t mfn = shared_frame(d->shared);
    int rc;

    mm_lock(&d->mm);
    rc = page_unshare(page_of(mfn));
    mm_unlock(&d->mm);
    if (!rc)
        frames_release(mfn, 0);
    return rc;
}

static int tables_init(struct domain *d, const struct domain_config *config)
{
    int rc = evtchn_table_init(d, config->evtchns_max);

    if (rc)
        return rc;
    rc = grant_table_init(d, config->grant_frames_max, config->maptrack_max);
    if (rc) {
        evtchn_table_destroy(d);
        return rc;
    }
    rc = pirq_table_init(d);
    if (rc) {
        BUG_ON(grant_table_destroy(d)); /* nobody knows the frames yet */
        evtchn_table_destroy(d);
    }
    return rc;
}

struct domain_config domain_config_default(unsigned vcpus_max)
{
    return (struct domain_config){
        .vcpus_max = vcpus_max,
        .evtchns_max = EVTCHNS_MAX,
        .grant_frames_max = GRANT_FRAMES_MAX,
        .maptrack_max = MAPTRACK_MAX,
    };
}

static void fields_init(struct domain *d, domid_t id, const struct domain_config *config,
                        bool is_control)
{
    d->id = id;
    d->is_control = is_control;
    d->vcpus_max = config->vcpus_max;
    d->msr_relaxed = config->msr_relaxed;
    __builtin_memcpy(d->uuid, config->uuid, sizeof(d->uuid));
    d->refs = 1; /* the list's, put by domain_destroy() */
    d->pause_count = !is_control;
    d->weight = WEIGHT_DEFAULT;
    lock_init(&d->lock, LOCK_DOMAIN);
    lock_init(&d->mm.lock, LOCK_MM);
    d->mm.slot = id;
    d->mm.is_control = is_control;
    d->mm.frames_max = is_control ? UINT64_MAX : 0;
    d->mm.may_map_device = may_map_device;
    domain_watchdog_init(d);
    for (unsigned port = 0; is_control && port < 65536; port++)
        if (!machine_port_is_ours((uint16_t)port))
            bit_set(d->io_ports, port);
}

/* List lock held. */
static int domain_make(domid_t id, const struct domain_config *config, bool is_control,
                       struct domain **out)
{
    struct domain *d = heap_alloc(sizeof(*d));
    int rc;

    if (!d)
        return -ENOMEM;
    fields_init(d, id, config, is_control);
    rc = mm_account_register(&d->mm);
    if (!rc) {
        rc = shared_page_init(d);
        if (!rc) {
            rc = tables_init(d, config);
            if (rc)
                BUG_ON(shared_page_free(d));
        }
        if (rc)
            mm_account_unregister(&d->mm);
    }
    if (rc) {
        heap_free(d, sizeof(*d));
        return rc;
    }
    *out = d;
    return 0;
}

int domain_create_claimed(domid_t id, const struct domain_config *config, bool is_control,
                          struct domain **out)
{
    struct domain *d;
    int rc;

    if (config->vcpus_max < 1 || config->vcpus_max > VCPUS_MAX || (is_control && control_domain))
        return -EINVAL;
    domains_reap();
    lock_take(&list.lock);
    rc = id_choose(id, is_control, &id);
    if (!rc)
        rc = domain_make(id, config, is_control, &d);
    if (!rc) {
        struct domain **link = list_link(id);

        d->refs++;
        d->claimed = 1;
        d->next = *link;
        *link = d;
        list.last_id = id;
        if (is_control)
            control_domain = d;
        *out = d;
    }
    lock_drop(&list.lock);
    if (!rc)
        time_update_wallclock(d);
    return rc;
}

void domains_hold(void)
{
    lock_take(&list.lock);
}

void domains_let_go(void)
{
    lock_drop(&list.lock);
}

int domain_create(domid_t id, unsigned vcpus_max, bool is_control, struct domain **out)
{
    const struct domain_config config = domain_config_default(vcpus_max);
    int rc = domain_create_claimed(id, &config, is_control, out);

    if (!rc)
        domain_release(*out);
    return rc;
}

/* ---- references ---------------------------------------------------------------------------- */

static struct domain *reference(struct domain *d)
{
    if (d)
        atomic_add(&d->refs, 1u);
    return d;
}

struct domain *domain_get(domid_t id)
{
    struct domain *d;

    lock_take(&list.lock);
    d = *list_link(id);
    d = reference(d && d->id == id ? d : NULL);
    lock_drop(&list.lock);
    return d;
}

struct domain *domain_next(domid_t after)
{
    struct domain *d;

    lock_take(&list.lock);
    d = reference(after >= DOMID_FIRST_RESERVED ? list.first : *list_link((domid_t)(after + 1)));
    lock_drop(&list.lock);
    return d;
}

struct domain *domain_after(struct domain *d)
{
    struct domain *next = domain_next(d->id);

    domain_put(d);
    return next;
}

void domain_put(struct domain *d)
{
    if (atomic_sub(&d->refs, 1u) != 1)
        return;
    WRITE_ONCE(domains_reap_wanted, true);
    cpu_set_work(machine_cpu_id(), WORK_SCHEDULE);
}

struct domain *domain_get_target(domid_t id)
{
    struct domain *self = current->domain;

    if (id == DOMID_SELF || id == self->id)
        return reference(self);
    return self->is_control ? domain_get(id) : NULL;
}

/* ---- pausing and shutting down ------------------------------------------------------------- */

void domain_pause(struct domain *d)
{
    lock_take(&d->lock);
    if (d->pause_count++ == 0)
        for_each_vcpu(d, v)
            vcpu_pause_nosync(v, VCPU_PAUSED_DOMAIN);
    lock_drop(&d->lock);
    /* Waiting goes without the lock: a vCPU of d may need it before it can stop. */
    for_each_vcpu(d, v)
        sched_sleep(v, true);
}

void domain_unpause(struct domain *d)
{
    lock_take(&d->lock);
    if (d->pause_count > 0 && --d->pause_count == 0)
        for_each_vcpu(d, v)
            vcpu_unpause(v, VCPU_PAUSED_DOMAIN);
    lock_drop(&d->lock);
}

/* The machine has no use without its control domain. */
static void control_shutdown(uint8_t code) noreturn;
static void control_shutdown(uint8_t code)
{
    switch (code) {
    case SHUTDOWN_poweroff:
        log_info("dom0 powers the machine off");
        machine_poweroff();
    case SHUTDOWN_reboot:
        log_info("dom0 reboots the machine");
        machine_reboot();
    case SHUTDOWN_crash:
    case SHUTDOWN_watchdog:
        log_error("dom0 %s", code == SHUTDOWN_crash ? "crashed" : "missed its watchdog");
        if (current)
            vcpu_print(current);
        domain_print(control_domain);
        if (!panic_noreboot) {
            log_error("rebooting");
            machine_reboot();
        }
        break;
    default:
        break;
    }
    log_error("dom0 shut down with code %u: halted; reset the machine by hand", code);
    machine_stop_others();
    machine_halt();
}

void domain_shutdown(struct domain *d, uint8_t code)
{
    if (READ_ONCE(d->shutdown_code_chosen))
        code = READ_ONCE(d->shutdown_code);
    if (d->is_control)
        control_shutdown(code);
    /* No lock: a crash may be found with locks of d held. The first one says why. */
    if (__atomic_exchange_n(&d->is_shut_down, true, __ATOMIC_SEQ_CST))
        return;
    WRITE_ONCE(d->shutdown_code, code);
    for_each_vcpu(d, v)
        vcpu_pause_nosync(v, VCPU_PAUSED_SHUTDOWN);
    evtchn_send_global_virq(control_domain, VIRQ_DOM_EXC);
}

void domain_crash(struct domain *d, const char *why)
{
    log_error("d%u crashed: %s", d->id, why);
    if (!d->is_control && current && current->domain == d)
        vcpu_print(current);
    domain_shutdown(d, SHUTDOWN_crash);
}

/* ---- the end ------------------------------------------------------------------------------- */

static int destroy_stop(struct domain *d)
{
    lock_take(&d->lock);
    WRITE_ONCE(d->is_dying, true);
    lock_drop(&d->lock);
    mm_lock(&d->mm);
    WRITE_ONCE(d->mm.is_dying, true);
    mm_unlock(&d->mm);
    for_each_vcpu(d, v)
        vcpu_pause(v, VCPU_PAUSED_DYING);
    /* Nobody sets them any more. */
    for_each_vcpu(d, v)
        time_vcpu_stop(v);
    domain_watchdog_stop(d);
    return 0;
}

static int destroy_channels(struct domain *d)
{
    int rc = evtchn_close_all(d); /* unbinds pirqs */

    if (rc)
        return rc;
    evtchn_table_destroy(d);
    pirq_table_destroy(d);
    return 0;
}

static int destroy_vcpu_state(struct domain *d)
{
    for_each_vcpu(d, v)
        vcpu_release_context(v);
    return 0;
}

static int destroy_memory(struct domain *d)
{
    int rc = account_relinquish(&d->mm);

    /* What others still hold goes when they let go; reaping waits for that, the caller need not. */
    return rc == -EBUSY ? 0 : rc;
}

static int (*const destroy_steps[])(struct domain *d) = {
    destroy_stop,       destroy_channels, grant_table_release_mappings,
    destroy_vcpu_state, destroy_memory,
};

static int destroy_continue(struct domain *d)
{
    while (d->destroy_step < ARRAY_SIZE(destroy_steps)) {
        int rc = destroy_steps[d->destroy_step](d);

        if (rc)
            return rc;
        d->destroy_step++;
        if (preempt_pending())
            return -ERESTART;
    }
    return 0;
}

int domain_destroy(struct domain *d)
{
    int rc;

    if (d->is_control)
        return -EINVAL;
    rc = destroy_continue(d);
    if (!rc && !d->is_gone) {
        ASSERT(audit());
        WRITE_ONCE(d->is_gone, true); /* domains_reap() looks, under the list's lock only */
        evtchn_send_global_virq(control_domain, VIRQ_DOM_EXC);
        domain_put(d);
    }
    return rc;
}

/* List lock held: nobody finds d any more if this succeeds. */
static bool unlink_if_unused(struct domain *d)
{
    if (!READ_ONCE(d->is_gone) || atomic_read(&d->refs) || READ_ONCE(d->mm.nr_frames))
        return false;
    /* dom0 may still have pages of ours mapped that are not the account's frames. */
    if (grant_table_destroy(d) || (d->shared && shared_page_free(d)))
        return false;
    d->shared = NULL;
    *list_link(d->id) = d->next;
    mm_account_unregister(&d->mm);
    return true;
}

static void domain_free(struct domain *d)
{
    for_each_vcpu(d, v)
        vcpu_destroy(v);
    if (d->memory_map)
        heap_free(d->memory_map, d->nr_memory_map * sizeof(*d->memory_map));
    heap_free(d, sizeof(*d));
}

void domains_reap(void)
{
    struct domain *unused = NULL;

    WRITE_ONCE(domains_reap_wanted, false);
    lock_take(&list.lock);
    for (struct domain *d = list.first, *next; d; d = next) {
        next = d->next;
        if (unlink_if_unused(d)) {
            d->next = unused;
            unused = d;
        } else if (READ_ONCE(d->is_gone) && !atomic_read(&d->refs)) {
            /* Nobody tells when the last page comes back: look again on the next exits. */
            WRITE_ONCE(domains_reap_wanted, true);
        }
    }
    lock_drop(&list.lock);
    while (unused) {
        struct domain *d = unused;

        unused = d->next;
        domain_free(d);
        evtchn_send_global_virq(control_domain, VIRQ_DOM_EXC);
    }
}
