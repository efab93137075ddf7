/* SPDX-License-Identifier: MIT */
/*
 * Page-table roots of a vCPU. Each root it holds is a typed reference. The new root is taken before
 * anything changes; dropping the old one may release a whole tree and is preemptible: what is left
 * of it waits in root_old, and the same hypercall, made again, finishes it first.
 */
#include "mm/update.h"
#include "lib/errno.h"
#include "pv/guest_cpu.h"
#include "sys/percpu.h"

static mfn_t root_of(uint64_t cr3)
{
    return maddr_to_mfn(cr3 & PAGE_MASK);
}

/* Finish a release that was preempted: 0 or -ERESTART. */
static int old_root_put(struct vcpu *v)
{
    int rc;

    if (mfn_x(v->arch.root_old) == 0)
        return 0;
    rc = pt_root_put(&v->domain->mm, v->arch.root_old);
    if (rc == 0)
        v->arch.root_old = _mfn(0);
    return rc;
}

/* `active`: the guest's mode uses this root. A CR3 write flushes, whatever the value. */
static int root_set(struct vcpu *v, uint64_t *cr3, mfn_t mfn, bool active)
{
    mfn_t old = root_of(*cr3);
    int rc = old_root_put(v);

    if (rc != 0)
        return rc;
    if (!mfn_eq(mfn, old)) {
        rc = mfn_x(mfn) != 0 ? pt_root_get(&v->domain->mm, mfn) : 0;
        if (rc != 0)
            return rc;
        *cr3 = mfn_to_maddr(mfn);
        v->arch.root_old = old;
    }
    if (v == current && active)
        machine_load_cr3(&v->arch);
    return old_root_put(v);
}

int root_set_kernel(struct vcpu *v, mfn_t mfn)
{
    if (mfn_x(mfn) == 0)
        return -EINVAL;
    return root_set(v, &v->arch.cr3_kernel, mfn, v->arch.in_kernel);
}

int root_set_user(struct vcpu *v, mfn_t mfn)
{
    return root_set(v, &v->arch.cr3_user, mfn, !v->arch.in_kernel);
}

void root_put(struct vcpu *v, mfn_t mfn)
{
    while (mfn_x(mfn) != 0 && pt_root_put(&v->domain->mm, mfn) == -ERESTART)
        (void)preempt_pending(); /* opens an interrupt window */
}

void root_drop(struct vcpu *v)
{
    struct guest_cpu *g = &v->arch;
    mfn_t kernel = root_of(g->cr3_kernel), user = root_of(g->cr3_user), old = g->root_old;

    g->cr3_kernel = g->cr3_user = 0;
    g->root_old = _mfn(0);
    root_put(v, old);
    root_put(v, user);
    root_put(v, kernel);
}
