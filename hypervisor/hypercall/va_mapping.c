/* SPDX-License-Identifier: MIT */
/*
 * update_va_mapping: write the L1 entry that maps an address in the caller's kernel address space,
 * then flush as the flags ask. Everything the flags name is read before the entry is written, so a
 * call that fails has changed nothing.
 */
#include "hypercall/flush.h"
#include "hypercall/target.h"
#include "hypercall_handlers.h"
#include "lib/bits.h"
#include "lib/errno.h"
#include "mm/guest.h"
#include "mm/update.h"

int flush_cpus_of_bitmap(const struct domain *d, guest_ptr_t bitmap, uint64_t *cpus)
{
    uint64_t vcpus;
    unsigned id;

    static_assert(VCPUS_MAX <= 64, "the guest's bitmap is read as one word");
    *cpus = 0;
    if (copy_from_guest(&vcpus, bitmap, sizeof(vcpus)))
        return -EFAULT;
    if (d->vcpus_max < 64)
        vcpus &= BIT(d->vcpus_max) - 1;
    /* A vCPU that moves meanwhile loads its tables anew where it arrives. */
    for_each_bit(id, vcpus) if (d->vcpu[id]) *cpus |= BIT(READ_ONCE(d->vcpu[id]->cpu));
    *cpus &= READ_ONCE(d->mm.cpus);
    return 0;
}

static int uvmf_cpus(const struct domain *d, uint64_t flags, uint64_t *cpus)
{
    uint64_t where = flags & ~(uint64_t)UVMF_FLUSHTYPE_MASK;

    if (where == UVMF_LOCAL)
        *cpus = BIT(machine_cpu_id());
    else if (where == UVMF_ALL)
        *cpus = READ_ONCE(d->mm.cpus);
    else
        return flush_cpus_of_bitmap(d, guest_ptr(where), cpus);
    return 0;
}

static long va_mapping_update(struct mm_account *owner, gva_t va, uint64_t entry, uint64_t flags)
{
    struct vcpu *v = current;
    bool flush = flags & UVMF_FLUSHTYPE_MASK;
    uint64_t cpus;
    int ret;

    if (flush && uvmf_cpus(v->domain, flags, &cpus))
        return -EFAULT;
    ret = pt_update_va(&v->domain->mm, owner, v->arch.cr3_kernel, va, entry);
    if (ret || !flush)
        return ret;
    if ((flags & UVMF_FLUSHTYPE_MASK) == UVMF_INVLPG)
        machine_flush_page_cpus(cpus, va);
    else
        machine_flush_cpus(cpus);
    return 0;
}

long hc_update_va_mapping(uint64_t va, uint64_t entry, uint64_t flags)
{
    return va_mapping_update(&current->domain->mm, va, entry, flags);
}

long hc_update_va_mapping_otherdomain(uint64_t va, uint64_t entry, uint64_t flags, domid_t domain)
{
    struct domain *d;
    long ret;

    ret = target_frames_get(domain, &d);
    if (ret)
        return ret;
    ret = va_mapping_update(d ? &d->mm : NULL, va, entry, flags);
    target_put(d);
    return ret;
}
