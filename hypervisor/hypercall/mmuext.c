/* SPDX-License-Identifier: MIT */
/*
 * mmuext_op: a list of operations, run in order up to the first that fails; the guest is told how
 * many succeeded. Pins and page contents may be another domain's, for a control domain; roots,
 * flushes and the LDT are the caller's own. What the table does not call itself stands here.
 *
 * A continued call has MMUEXT_CONTINUED in its count and carries what is done in the guest's `done`
 * word: a guest that forges either harms its own count only.
 */
#include "hypercall/flush.h"
#include "hypercall/hypercall.h"
#include "hypercall/target.h"
#include "hypercall_handlers.h"
#include "lib/errno.h"
#include "mm/guest.h"
#include "mm/update.h"
#include "pv/guest_cpu.h"
#include "sys/log.h"

#define MMUEXT_CONTINUED (1u << 31) /* in count */

long hc_mmuext_set_ldt(struct domain *target, struct mmuext_op *op)
{
    gva_t base = op->arg1.linear_addr;
    uint32_t entries = op->arg2.nr_ents;

    (void)target;
    if (entries > LDT_ENTRIES_MAX || (base & ~PAGE_MASK) ||
        !guest_range_ok(guest_ptr(base), entries, sizeof(uint64_t)))
        return -EINVAL;
    return ldt_set(current, base, entries);
}

long hc_mmuext_tlb_flush_multi(struct domain *target, struct mmuext_op *op)
{
    uint64_t cpus;

    if (flush_cpus_of_bitmap(target, guest_ptr(op->arg2.vcpumask), &cpus))
        return -EFAULT;
    machine_flush_cpus(cpus);
    return 0;
}

long hc_mmuext_invlpg_multi(struct domain *target, struct mmuext_op *op)
{
    uint64_t cpus;

    if (flush_cpus_of_bitmap(target, guest_ptr(op->arg2.vcpumask), &cpus))
        return -EFAULT;
    machine_flush_page_cpus(cpus, op->arg1.linear_addr);
    return 0;
}

/* Caches matter to memory that a device writes without snooping: to the owner of devices only. */
static long caches_flush(const struct domain *target, void (*flush)(void))
{
    if (!target->is_control)
        return -EACCES;
    flush();
    return 0;
}

long hc_mmuext_flush_cache(struct domain *target, struct mmuext_op *op)
{
    (void)op;
    return caches_flush(target, machine_flush_caches);
}

long hc_mmuext_flush_cache_global(struct domain *target, struct mmuext_op *op)
{
    (void)op;
    return caches_flush(target, machine_flush_caches_all);
}

/* ---- contents ---- */

long hc_mmuext_clear_page(struct domain *target, struct mmuext_op *op)
{
    mfn_t mfn = _mfn(op->arg1.mfn);

    if (frame_get(&target->mm, mfn, PT_WRITABLE))
        return -EINVAL;
    machine_clear_frame(mfn);
    frame_put(&target->mm, mfn);
    return 0;
}

/* The source may be a table: it only has to stay the domain's, for which a reference is enough. */
long hc_mmuext_copy_page(struct domain *target, struct mmuext_op *op)
{
    mfn_t to = _mfn(op->arg1.mfn), from = _mfn(op->arg2.src_mfn);
    struct mm_account *acct = &target->mm;
    bool has_source;
    long ret;

    mm_lock(acct);
    has_source = mfn_valid(from) && page_get(page_of(from), acct);
    mm_unlock(acct);
    if (!has_source)
        return -EINVAL;
    ret = frame_get(acct, to, PT_WRITABLE);
    if (!ret) {
        machine_copy_frame(to, from);
        frame_put(acct, to);
    }
    mm_lock(acct);
    page_put(page_of(from));
    mm_unlock(acct);
    return ret;
}

/* ---- the list ---- */

/* Run the list; *done counts what succeeded in this part. */
static long mmuext_run(struct domain *target, guest_ptr_t ops, uint32_t count, uint32_t *done)
{
    long ret = 0;

    for (*done = 0; *done < count && ret == 0;) {
        struct mmuext_op op;

        if (*done && preempt_pending()) /* a pin checks hundreds of entries, a flush stops CPUs */
            return -ERESTART;
        if (copy_from_guest(&op, guest_ptr_at(ops, *done, sizeof(op)), sizeof(op)))
            return -EFAULT;
        ret = mmuext_element(target, &op);
        if (ret == 0)
            ++*done;
        else if (ret != -ERESTART)
            log_guest(LOG_DEBUG, current->domain->id, "mmuext_op %u on %lx refused: %ld", op.cmd,
                      (unsigned long)op.arg1.mfn, ret);
    }
    return ret;
}

long hc_mmuext_op(guest_ptr_t ops, uint32_t count, guest_ptr_t done, uint32_t domain)
{
    uint32_t before = 0, now, total;
    struct domain *target;
    long ret;

    if ((count & MMUEXT_CONTINUED) && done.va && copy_from_guest(&before, done, sizeof(before)))
        return -EFAULT;
    count &= ~MMUEXT_CONTINUED;
    if (!guest_range_ok(ops, count, sizeof(struct mmuext_op)))
        return -EFAULT;
    if (domain > UINT16_MAX)
        return -ESRCH;
    ret = target_get((domid_t)domain, &target);
    if (ret)
        return ret;
    ret = mmuext_run(target, ops, count, &now);
    target_put(target);
    total = before + now;
    if (done.va && copy_to_guest(done, &total, sizeof(total)))
        return -EFAULT;
    if (ret == -ERESTART) {
        guest_ptr_t rest = guest_ptr_at(ops, now, sizeof(struct mmuext_op));
        return hypercall_restart(2, rest.va, (count - now) | MMUEXT_CONTINUED, 0, 0);
    }
    return ret;
}
