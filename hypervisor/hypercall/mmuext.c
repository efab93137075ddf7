/* SPDX-License-Identifier: MIT */
/*
 * The operations of mmuext_op, one handler each; mmuext_list.c runs the list. Pins and page
 * contents may be another domain's, for a control domain; roots, flushes and the LDT are the
 * caller's own.
 */
#include "hypercall/flush.h"
#include "hypercall/target.h"
#include "hypercall_handlers.h"
#include "lib/errno.h"
#include "mm/guest.h"
#include "mm/update.h"
#include "pv/guest_cpu.h"
#include "sys/log.h"

static bool is_own(const struct domain *target)
{
    return likely(target == current->domain);
}

/* ---- pins ---- */

long hc_mmuext_pin_l1_table(struct domain *target, struct mmuext_op *op)
{
    return pt_pin(&target->mm, _mfn(op->arg1.mfn), PT_L1);
}

long hc_mmuext_pin_l2_table(struct domain *target, struct mmuext_op *op)
{
    return pt_pin(&target->mm, _mfn(op->arg1.mfn), PT_L2);
}

long hc_mmuext_pin_l3_table(struct domain *target, struct mmuext_op *op)
{
    return pt_pin(&target->mm, _mfn(op->arg1.mfn), PT_L3);
}

long hc_mmuext_pin_l4_table(struct domain *target, struct mmuext_op *op)
{
    return pt_pin(&target->mm, _mfn(op->arg1.mfn), PT_L4);
}

long hc_mmuext_unpin_table(struct domain *target, struct mmuext_op *op)
{
    return pt_unpin(&target->mm, _mfn(op->arg1.mfn));
}

/* ---- roots and LDT ---- */

long hc_mmuext_new_baseptr(struct domain *target, struct mmuext_op *op)
{
    return is_own(target) ? root_set_kernel(current, _mfn(op->arg1.mfn)) : -EPERM;
}

long hc_mmuext_new_user_baseptr(struct domain *target, struct mmuext_op *op)
{
    return is_own(target) ? root_set_user(current, _mfn(op->arg1.mfn)) : -EPERM;
}

long hc_mmuext_set_ldt(struct domain *target, struct mmuext_op *op)
{
    gva_t base = op->arg1.linear_addr;
    uint32_t entries = op->arg2.nr_ents;

    if (!is_own(target))
        return -EPERM;
    if (entries > LDT_ENTRIES_MAX || (base & ~PAGE_MASK) ||
        !guest_range_ok(guest_ptr(base), entries, sizeof(uint64_t)))
        return -EINVAL;
    return ldt_set(current, base, entries);
}

/* ---- flushes ---- */

long hc_mmuext_tlb_flush_local(struct domain *target, struct mmuext_op *op)
{
    (void)op;
    if (!is_own(target))
        return -EPERM;
    machine_flush_local();
    return 0;
}

long hc_mmuext_invlpg_local(struct domain *target, struct mmuext_op *op)
{
    if (!is_own(target))
        return -EPERM;
    machine_flush_page_local(op->arg1.linear_addr);
    return 0;
}

long hc_mmuext_tlb_flush_multi(struct domain *target, struct mmuext_op *op)
{
    uint64_t cpus;

    if (!is_own(target))
        return -EPERM;
    if (flush_cpus_of_bitmap(target, guest_ptr(op->arg2.vcpumask), &cpus))
        return -EFAULT;
    machine_flush_cpus(cpus);
    return 0;
}

long hc_mmuext_invlpg_multi(struct domain *target, struct mmuext_op *op)
{
    uint64_t cpus;

    if (!is_own(target))
        return -EPERM;
    if (flush_cpus_of_bitmap(target, guest_ptr(op->arg2.vcpumask), &cpus))
        return -EFAULT;
    machine_flush_page_cpus(cpus, op->arg1.linear_addr);
    return 0;
}

long hc_mmuext_tlb_flush_all(struct domain *target, struct mmuext_op *op)
{
    (void)op;
    if (!is_own(target))
        return -EPERM;
    machine_flush_cpus(READ_ONCE(target->mm.cpus));
    return 0;
}

long hc_mmuext_invlpg_all(struct domain *target, struct mmuext_op *op)
{
    if (!is_own(target))
        return -EPERM;
    machine_flush_page_cpus(READ_ONCE(target->mm.cpus), op->arg1.linear_addr);
    return 0;
}

/* Caches matter to memory that a device writes without snooping: to the owner of devices only. */
static int may_flush_caches(const struct domain *target)
{
    if (!is_own(target))
        return -EPERM;
    return target->is_control ? 0 : -EACCES;
}

long hc_mmuext_flush_cache(struct domain *target, struct mmuext_op *op)
{
    int ret = may_flush_caches(target);

    (void)op;
    if (ret == 0)
        machine_flush_caches();
    return ret;
}

long hc_mmuext_flush_cache_global(struct domain *target, struct mmuext_op *op)
{
    int ret = may_flush_caches(target);

    (void)op;
    if (ret == 0)
        machine_flush_caches_all();
    return ret;
}

/* ---- contents ---- */

/* A frame of acct that no table or descriptor check rests on, kept so until frame_write_end(). */
static struct page *frame_write_begin(struct mm_account *acct, mfn_t mfn)
{
    struct page *page = mfn_valid(mfn) ? page_of(mfn) : NULL;

    mm_lock(acct);
    if (page && page_get_and_type(page, PT_WRITABLE, acct))
        page = NULL;
    mm_unlock(acct);
    return page;
}

static void frame_write_end(struct mm_account *acct, struct page *page)
{
    int ret;

    mm_lock(acct);
    ret = page_put_and_type(page);
    mm_unlock(acct);
    BUG_ON(ret); /* only tables are released in steps */
}

long hc_mmuext_clear_page(struct domain *target, struct mmuext_op *op)
{
    mfn_t mfn = _mfn(op->arg1.mfn);
    struct page *page = frame_write_begin(&target->mm, mfn);

    if (!page)
        return -EINVAL;
    machine_clear_frame(mfn);
    frame_write_end(&target->mm, page);
    return 0;
}

static struct page *frame_read_begin(struct mm_account *acct, mfn_t mfn)
{
    struct page *page = mfn_valid(mfn) ? page_of(mfn) : NULL;

    mm_lock(acct);
    if (page && !page_get(page, acct))
        page = NULL;
    mm_unlock(acct);
    return page;
}

static void frame_read_end(struct mm_account *acct, struct page *page)
{
    mm_lock(acct);
    page_put(page);
    mm_unlock(acct);
}

long hc_mmuext_copy_page(struct domain *target, struct mmuext_op *op)
{
    mfn_t to = _mfn(op->arg1.mfn), from = _mfn(op->arg2.src_mfn);
    struct page *source = frame_read_begin(&target->mm, from), *page;

    if (!source)
        return -EINVAL;
    page = frame_write_begin(&target->mm, to);
    if (page) {
        machine_copy_frame(to, from);
        frame_write_end(&target->mm, page);
    }
    frame_read_end(&target->mm, source);
    return page ? 0 : -EINVAL;
}
