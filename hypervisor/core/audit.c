/* SPDX-License-Identifier: MIT */
/*
 * The whole machine checked at once. mm/ recounts what page tables hold; here is who else holds
 * references on frames (roots, descriptor tables, vcpu_info, the page of interrupt ends, device
 * mappings of grants), and what must hold of domains beside the checks of their event channels and
 * grants. Nothing is changed but counts on the way, which come back to what they were.
 *
 * A live machine can be checked, too, but only what locks hold still: these holders may change
 * between the moment when their references are taken off and that when they are put back.
 */
#include "core/audit.h"

#include "core/grant_table.h"
#include "lib/bits.h"
#include "mm/update.h"
#include "sys/log.h"

typedef void count_fn(mfn_t mfn, bool typed);

static void count_root(uint64_t cr3, count_fn *count)
{
    if (cr3)
        count(maddr_to_mfn(cr3), true);
}

static void count_frame(mfn_t mfn, count_fn *count)
{
    if (!mfn_eq(mfn, MFN_INVALID))
        count(mfn, true);
}

static void count_vcpu(const struct vcpu *v, count_fn *count)
{
    count_root(v->arch.cr3_kernel, count);
    count_root(v->arch.cr3_user, count);
    count_root(mfn_to_maddr(v->arch.root_old), count);
    for (unsigned i = 0; i < ARRAY_SIZE(v->arch.gdt_frames); i++)
        count_frame(v->arch.gdt_frames[i], count);
    for (unsigned i = 0; i < ARRAY_SIZE(v->arch.ldt_frames); i++)
        count_frame(v->arch.ldt_frames[i], count);
    count_frame(v->info_mfn, count);
}

/* References of host mappings belong to the entries that map; those of device mappings to pins. */
static void count_grants(struct domain *d, count_fn *count)
{
    for (grant_ref_t ref = 0; ref < grant_count(&d->grants); ref++) {
        const struct grant_active *act = grant_active(d, ref);

        for (unsigned i = 0; i < act->pins[PIN_DEVICE_READ]; i++)
            count(_mfn(act->frame), false);
        for (unsigned i = 0; i < act->pins[PIN_DEVICE_WRITE]; i++)
            count(_mfn(act->frame), true);
    }
}

/* Accounts are embedded in domains. All of them are locked: nobody comes or goes. */
static void others(count_fn *count)
{
    for (uint16_t slot = 0; slot < DOMAINS_MAX; slot++) {
        struct mm_account *acct = mm_account_of_slot(slot);
        struct domain *d = container_of(acct, struct domain, mm);

        if (!acct)
            continue;
        for_each_vcpu(d, v)
            count_vcpu(v, count);
        count_frame(d->pirqs.eoi_mfn, count);
        count_grants(d, count);
    }
}

void audit_init(void)
{
    page_audit_others = others;
}

static bool vcpu_check(const struct domain *d, unsigned id, const struct vcpu *v)
{
    /* It knows where it belongs. */
    if (v->domain != d || v->id != id || v->cpu >= machine_nr_cpus())
        return false;
    /* What runs has a start state and a kernel's root; events have a place. */
    if (!v->arch.info || (v->running && !(v->initialised && v->arch.cr3_kernel)))
        return false;
    /* A descriptor table's frames are those that its size says. */
    for (unsigned i = 0; i < ARRAY_SIZE(v->arch.gdt_frames); i++)
        if ((i < DIV_ROUND_UP(v->arch.gdt_entries, 512)) ==
            mfn_eq(v->arch.gdt_frames[i], MFN_INVALID))
            return false;
    return true;
}

static bool state_check(struct domain *d)
{
    /* An account's slot is its domain's number; dom0 alone is in control. */
    if (d->mm.slot != d->id || mm_account_of_slot(d->id) != &d->mm ||
        d->is_control != (d->id == 0) || d->mm.is_control != d->is_control)
        return false;
    /* What is gone was destroyed, and dying is told to mm/. */
    if ((d->is_gone && !d->is_dying) || (d->mm.is_dying && !d->is_dying))
        return false;
    for_each_vcpu(d, v)
        if (!vcpu_check(d, v_id, v))
            return false;
    return true;
}

static bool complain_unless(bool good, const struct domain *d, const char *what)
{
    if (!good)
        log_error("audit: d%u: %s", d->id, what);
    return good;
}

bool domain_check(struct domain *d)
{
    bool ok = complain_unless(state_check(d), d, "its state contradicts itself");

    ok = complain_unless(evtchn_check(d), d, "event channels are inconsistent") && ok;
    return complain_unless(grant_check(d), d, "grants are inconsistent") && ok;
}

/* References to d: the list's, and one for each handle of a mapping of its grants. */
static uint32_t references(struct domain *d)
{
    uint32_t nr = d->is_gone ? 0 : 1;

    for_each_domain(mapper)
        for (grant_handle_t h = 0; h < mapper->grants.nr_maptrack; h++)
            nr += maptrack_at(mapper, h)->rd == d;
    return nr;
}

/* Of a live machine: what one lock guards is of one moment, the rest may be about to change. */
bool audit(void)
{
    bool ok;

    domains_hold();
    ok = page_audit_live();
    domains_let_go();

    for_each_domain(d)
        ok = complain_unless(evtchn_check(d), d, "event channels are inconsistent") && ok;
    return ok;
}

bool audit_still(void)
{
    bool ok = page_audit();

    for_each_domain(d) {
        ok = domain_check(d) && ok;
        /* Our own reference apart. */
        ok = complain_unless(atomic_read(&d->refs) - 1 == references(d), d,
                             "references to it differ from a recount") && ok;
    }
    return ok;
}
