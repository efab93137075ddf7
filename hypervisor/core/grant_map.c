/* SPDX-License-Identifier: MIT */
/*
 * Mapping a grant: a host mapping puts the frame into a page-table entry of the caller, found by
 * virtual address or named by its machine address; a device mapping only fixes the frame and tells
 * its bus address. Both may be asked for at once, under one handle.
 *
 * Steps, each undone if a later one refuses: reserve a handle; pin the grant, which takes
 * references; write the entry, which takes over the host mapping's references; publish the handle,
 * which cannot fail.
 */
#include "core/grant_table.h"
#include "mm/update.h"

/* Bits of an L1 entry. */
#define L1E_PRESENT     UINT64_C(0x001)
#define L1E_WRITE       UINT64_C(0x002)
#define L1E_USER        UINT64_C(0x004)
#define L1E_ACCESSED    UINT64_C(0x020)
#define L1E_DIRTY       UINT64_C(0x040)
#define L1E_AVAIL       UINT64_C(0xe00)
#define L1E_AVAIL_SHIFT 9

unsigned grant_kinds(unsigned flags)
{
    bool readonly = flags & GNTMAP_readonly;
    unsigned kinds = 0;

    if (flags & GNTMAP_host_map)
        kinds |= readonly ? PIN_BIT(PIN_HOST_READ) : PIN_BIT(PIN_HOST_WRITE);
    if (flags & GNTMAP_device_map)
        kinds |= readonly ? PIN_BIT(PIN_DEVICE_READ) : PIN_BIT(PIN_DEVICE_WRITE);
    return kinds;
}

/*
 * The guest kernel runs in ring 3 as its programs do, so every entry carries the user bit; whether
 * programs may see the page is decided by which of the guest's page tables holds the entry.
 */
static uint64_t host_entry(mfn_t mfn, uint32_t flags)
{
    uint64_t entry = mfn_to_maddr(mfn) | L1E_PRESENT | L1E_ACCESSED | L1E_DIRTY | L1E_USER;

    if (!(flags & GNTMAP_readonly))
        entry |= L1E_WRITE;
    return entry | ((uint64_t)(flags >> _GNTMAP_guest_avail0) << L1E_AVAIL_SHIFT & L1E_AVAIL);
}

maddr_t grant_host_slot(const struct vcpu *v, uint64_t host_addr, unsigned flags)
{
    if (flags & GNTMAP_contains_pte)
        return host_addr % sizeof(uint64_t) ? 0 : host_addr;
    if (!is_canonical(host_addr) || (host_addr >= HYPERVISOR_START && host_addr < HYPERVISOR_END))
        return 0;
    return pt_l1_slot(v->arch.cr3_kernel, host_addr);
}

/* The entry takes over the references of the host pin, or nothing has changed. */
static int16_t host_map(struct vcpu *v, const struct gnttab_map_grant_ref *op, mfn_t mfn)
{
    maddr_t slot = grant_host_slot(v, op->host_addr, op->flags);

    if (!slot || pt_grant_map(&v->domain->mm, slot, host_entry(mfn, op->flags)))
        return GNTST_general_error;
    return GNTST_okay;
}

/* rd and the handle are held by the caller. */
static int16_t map_pinned(struct vcpu *v, struct domain *rd, struct gnttab_map_grant_ref *op)
{
    unsigned kinds = grant_kinds(op->flags);
    int16_t status;
    mfn_t mfn;

    status = grant_pin_get(rd, op->ref, v->domain->id, kinds, true, &mfn);
    if (status != GNTST_okay)
        return status;
    if (op->flags & GNTMAP_host_map)
        status = host_map(v, op, mfn);
    if (status != GNTST_okay)
        grant_pin_put(rd, op->ref, kinds, kinds);
    else
        op->dev_bus_addr = mfn_to_maddr(mfn);
    return status;
}

static int16_t map_from(struct vcpu *v, struct domain *rd, struct gnttab_map_grant_ref *op)
{
    grant_handle_t handle = maptrack_reserve(v->domain);
    int16_t status;

    if (handle == MAPTRACK_NONE)
        return GNTST_no_device_space;
    status = map_pinned(v, rd, op);
    if (status != GNTST_okay) {
        maptrack_cancel(v->domain, handle);
        return status;
    }
    maptrack_publish(v->domain, handle, rd, op->ref, op->flags);
    op->handle = handle;
    return GNTST_okay;
}

void grant_map(struct vcpu *v, struct gnttab_map_grant_ref *op)
{
    struct domain *rd;

    if (!(op->flags & (GNTMAP_host_map | GNTMAP_device_map))) {
        op->status = GNTST_general_error;
        return;
    }
    rd = grant_peer_get(op->dom);
    if (!rd) {
        op->status = GNTST_bad_domain;
        return;
    }
    op->status = map_from(v, rd, op);
    if (op->status != GNTST_okay)
        domain_put(rd); /* else the handle keeps the reference */
}
