/* SPDX-License-Identifier: MIT */
/*
 * memory_op beside reservations, exchange and memory maps: where the M2P table is, and the frames
 * of the hypervisor that a domain may see (shared info, grant table).
 */
#include "hypercall/target.h"
#include "hypercall_handlers.h"
#include "lib/errno.h"
#include "mm/alloc.h"
#include "mm/guest.h"

#define M2P_EXTENT_FRAMES 512 /* the list of the M2P's frames names one for each 2 MiB */

long hc_memory_machphys_mapping(struct xen_machphys_mapping *op)
{
    op->v_start = MACH2PHYS_VIRT_START;
    op->v_end = MACH2PHYS_VIRT_END;
    op->max_mfn = MACH2PHYS_NR_ENTRIES - 1;
    return 0;
}

/* Bounded by the table itself: 16 entries on a machine of 16 GiB. */
long hc_memory_machphys_mfn_list(struct xen_machphys_mfn_list *op)
{
    uint64_t extents = DIV_ROUND_UP(m2p_nr_frames(), M2P_EXTENT_FRAMES);
    uint32_t nr = (uint32_t)MIN(extents, op->max_extents);

    for (uint32_t i = 0; i < nr; i++) {
        uint64_t frame = mfn_x(m2p_first_frame()) + (uint64_t)i * M2P_EXTENT_FRAMES;

        if (copy_to_guest(guest_ptr_at(guest_ptr(op->extent_start), i, sizeof(frame)), &frame,
                          sizeof(frame)))
            return -EFAULT;
    }
    op->nr_extents = nr;
    return 0;
}

/* A number that the guest wrote into its shared info: passed on, not used. */
long hc_memory_maximum_gpfn(struct domain *d, struct xen_memory_domain *op)
{
    uint64_t entries = READ_ONCE(d->shared->arch.max_pfn);

    (void)op;
    return entries ? (long)((entries - 1) & INT64_MAX) : 0;
}

/* ---- frames of the hypervisor ---- */

static mfn_t grant_frame_get(struct domain *d, uint64_t index)
{
    if (index >= GRANT_FRAMES_MAX || grant_table_grow(d, (unsigned)index + 1))
        return MFN_INVALID;
    return grant_table_frame(d, (unsigned)index);
}

/* A PV domain's pseudo-physical map is its own; what we keep of it is the M2P entry. */
long hc_memory_add_to_physmap(struct domain *d, struct xen_add_to_physmap *op)
{
    mfn_t mfn = MFN_INVALID;

    switch (op->space) {
    case XENMAPSPACE_shared_info:
        if (op->idx == 0)
            mfn = shared_frame(d->shared);
        break;
    case XENMAPSPACE_grant_table:
        mfn = grant_frame_get(d, op->idx);
        break;
    default:
        return -ENOSYS;
    }
    if (!mfn_valid(mfn))
        return -EINVAL;
    m2p_set(mfn, op->gpfn);
    return 0;
}

static long grant_frames_list(struct domain *d, const struct xen_mem_acquire_resource *op)
{
    uint64_t last = op->frame + op->nr_frames;

    if (last < op->frame || last > GRANT_FRAMES_MAX)
        return -EINVAL;
    for (uint64_t i = op->frame; i < last; i++) {
        uint64_t frame = mfn_x(grant_frame_get(d, i));
        guest_ptr_t at = guest_ptr_at(guest_ptr(op->frame_list), i - op->frame, sizeof(frame));

        if (!mfn_valid(_mfn(frame)))
            return -EINVAL;
        if (copy_to_guest(at, &frame, sizeof(frame)))
            return -EFAULT;
    }
    return 0;
}

long hc_memory_acquire_resource(struct domain *d, struct xen_mem_acquire_resource *op)
{
    if (op->pad)
        return -EINVAL;
    if (op->type != XENMEM_resource_grant_table)
        return -EOPNOTSUPP;
    if (op->id != XENMEM_resource_grant_table_id_shared)
        return -EINVAL;
    if (op->frame_list)
        return grant_frames_list(d, op);
    if (op->nr_frames)
        return -EINVAL;
    op->nr_frames = GRANT_FRAMES_MAX;
    return 0;
}
