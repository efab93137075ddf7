/* SPDX-License-Identifier: MIT */
/*
 * mmu_update: a list of page-table entries and M2P entries to write. Hot: guests set most entries
 * one per call, and tools map hundreds. Budget: 170 instructions an entry with everything below,
 * of which this file takes at most 30; so entries are read in parts by one copy, and the locks are
 * taken once for a part.
 *
 * Updates happen in order up to the first that fails; `done` tells how many succeeded. A continued
 * call has MMU_CONTINUED in its count and carries what is done in the guest's `done` word: a guest
 * that forges either harms its own count only.
 */
#include "hypercall/target.h"
#include "hypercall/hypercall.h"
#include "hypercall_handlers.h"
#include "lib/errno.h"
#include "mm/alloc.h"
#include "mm/guest.h"
#include "mm/update.h"

#define MMU_CONTINUED (1u << 31)  /* in count */
#define MMU_KIND_MASK UINT64_C(7) /* in ptr */

/* Whose tables are changed and whose frames the entries name. */
struct mmu_targets {
    struct domain *tables;
    struct domain *frames; /* NULL: device memory */
};

static int mmu_targets_get(uint32_t domids, struct mmu_targets *targets)
{
    uint32_t tables = domids >> 16;
    int ret;

    targets->tables = targets->frames = current->domain;
    if (likely(domids == DOMID_SELF))
        return 0;
    if (tables) {
        ret = target_get((domid_t)(tables - 1), &targets->tables);
        if (ret)
            return ret;
    }
    ret = target_frames_get((domid_t)domids, &targets->frames);
    if (ret)
        target_put(targets->tables);
    return ret;
}

static void mmu_targets_put(const struct mmu_targets *targets)
{
    target_put(targets->tables);
    target_put(targets->frames);
}

/* The owner of a frame says what it calls it; the value is the guest's and never trusted. */
static int machphys_set(const struct mm_account *owner, mfn_t mfn, uint64_t pfn)
{
    if (!owner || !mfn_valid(mfn) || READ_ONCE(page_of(mfn)->owner) != owner->slot)
        return -EINVAL;
    m2p_set(mfn, pfn);
    return 0;
}

static inline int mmu_apply(struct pt_batch *batch, const struct mmu_update *update)
{
    maddr_t where = update->ptr & ~MMU_KIND_MASK;

    switch (update->ptr & MMU_KIND_MASK) {
    case MMU_NORMAL_PT_UPDATE:
        return pt_batch_update(batch, where, update->val, PTE_NORMAL);
    case MMU_PT_UPDATE_PRESERVE_AD:
        return pt_batch_update(batch, where, update->val, PTE_PRESERVE_AD);
    case MMU_PT_UPDATE_NO_TRANSLATE:
        return pt_batch_update(batch, where, update->val, PTE_NO_TRANSLATE);
    case MMU_MACHPHYS_UPDATE:
        return machphys_set(batch->owner, maddr_to_mfn(where), update->val);
    default:
        return -ENOSYS;
    }
}

static long mmu_part_run(const struct mmu_targets *targets, const struct mmu_update *part,
                         uint32_t nr, uint32_t *done)
{
    struct pt_batch batch;
    uint32_t i = 0;
    long ret = 0;

    pt_batch_begin(&batch, &targets->tables->mm, targets->frames ? &targets->frames->mm : NULL);
    while (i < nr) {
        ret = mmu_apply(&batch, &part[i]);
        if (unlikely(ret))
            break;
        i++;
    }
    pt_batch_end(&batch);
    *done += i;
    return ret;
}

static long mmu_run(const struct mmu_targets *targets, guest_ptr_t updates, uint32_t count,
                    uint32_t *done)
{
    struct mmu_update part[BATCH_PREEMPT];
    long ret = 0;

    for (*done = 0; *done < count && ret == 0;) {
        uint32_t nr = MIN(count - *done, (uint32_t)BATCH_PREEMPT);

        if (*done && preempt_pending())
            return -ERESTART;
        if (copy_from_guest(part, guest_ptr_at(updates, *done, sizeof(*part)), nr * sizeof(*part)))
            return -EFAULT;
        ret = mmu_part_run(targets, part, nr, done);
    }
    return ret;
}

long hc_mmu_update(guest_ptr_t updates, uint32_t count, guest_ptr_t done, uint32_t domids)
{
    uint32_t before = 0, now = 0, total;
    struct mmu_targets targets;
    long ret;

    if ((count & MMU_CONTINUED) && done.va && copy_from_guest(&before, done, sizeof(before)))
        return -EFAULT;
    count &= ~MMU_CONTINUED;
    if (!guest_range_ok(updates, count, sizeof(struct mmu_update)))
        return -EFAULT;
    ret = mmu_targets_get(domids, &targets);
    if (ret == 0) {
        ret = mmu_run(&targets, updates, count, &now);
        mmu_targets_put(&targets);
    }
    total = before + now; /* 0 when there is no such domain: Linux relies on being told */
    if (done.va && copy_to_guest(done, &total, sizeof(total)))
        return -EFAULT;
    if (unlikely(ret == -ERESTART)) {
        guest_ptr_t rest = guest_ptr_at(updates, now, sizeof(struct mmu_update));
        return hypercall_restart(2, rest.va, (count - now) | MMU_CONTINUED, 0, 0);
    }
    return ret;
}
