/* SPDX-License-Identifier: MIT */
/*
 * mmuext_op: the list round the operations. It runs them in order up to the first that fails and
 * tells the guest how many succeeded. The operations themselves are rows, one handler each.
 *
 * A continued call has MMUEXT_CONTINUED in its count and carries what is done in the guest's `done`
 * word: a guest that forges either harms its own count only.
 */
#include "hypercall/hypercall.h"
#include "hypercall/target.h"
#include "hypercall_handlers.h"
#include "lib/errno.h"
#include "mm/guest.h"
#include "sys/log.h"

#define MMUEXT_CONTINUED (1u << 31) /* in count */
#define MMUEXT_PREEMPT   16         /* operations between two looks: a flush reaches all CPUs */

/* Run the list; *done counts what succeeded in this part. */
static long mmuext_run(struct domain *target, guest_ptr_t ops, uint32_t count, uint32_t *done)
{
    long ret = 0;

    for (*done = 0; *done < count && ret == 0;) {
        struct mmuext_op op;

        if (*done && *done % MMUEXT_PREEMPT == 0 && preempt_pending())
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
        return hypercall_restart(rest.va, (count - now) | MMUEXT_CONTINUED, done.va, domain, 0, 0);
    }
    return ret;
}
