/* SPDX-License-Identifier: MIT */
/*
 * physdev_op: device interrupts, the I/O privilege level, and what a dom0 kernel tells of the PCI
 * bus. The hypervisor finds and programs controllers and capabilities itself when an interrupt is
 * mapped, so announcements of devices are accepted and need no record.
 */
#include "hypercall/target.h"
#include "hypercall_handlers.h"
#include "lib/errno.h"
#include "pv/guest_cpu.h"

#define IOPL_MAX 3

/* ---- controllers ---- */

long hc_physdev_apic_read(struct physdev_apic *op)
{
    return machine_ioapic_read(op->apic_physbase, op->reg, &op->value);
}

long hc_physdev_setup_gsi(struct physdev_setup_gsi *op)
{
    if (op->gsi < 0)
        return -EINVAL;
    return pirq_setup_gsi(current->domain, (unsigned)op->gsi, op->triggering != 0,
                          op->polarity != 0);
}

long hc_physdev_alloc_irq_vector(struct physdev_irq *op)
{
    int vector = pirq_alloc_vector(current->domain, op->irq);

    if (vector < 0)
        return vector;
    op->vector = (uint32_t)vector;
    return 0;
}

long hc_physdev_free_irq_vector(struct physdev_irq *op)
{
    (void)op;
    return 0;
}

/* ---- pirqs ---- */

static long gsi_map(struct domain *d, struct physdev_map_pirq *op)
{
    int pirq = op->pirq;
    int ret;

    if (op->index < 0 || (op->pirq >= 0 && op->pirq != op->index))
        return -EINVAL; /* the name of a GSI is its number */
    ret = pirq_map_gsi(d, (unsigned)op->index, &pirq);
    if (ret == 0)
        op->pirq = pirq;
    return ret;
}

static long msi_map(struct domain *d, struct physdev_map_pirq *op)
{
    bool has_segment = op->type == MAP_PIRQ_TYPE_MSI_SEG;
    uint32_t bus = (uint32_t)op->bus;
    struct machine_msi msi = {
        .seg = has_segment ? (uint16_t)(bus >> 16) : 0,
        .bus = (uint8_t)bus,
        .devfn = (uint8_t)op->devfn,
        .entry = (uint16_t)op->entry_nr,
        .table_base = op->table_base,
        .nr = 1,
        .is_msix = op->table_base != 0,
    };
    int pirq = op->pirq;
    int ret;

    if ((uint32_t)op->devfn > UINT8_MAX || (bus & UINT16_MAX) > UINT8_MAX ||
        (!has_segment && bus > UINT8_MAX) || (msi.is_msix && (uint32_t)op->entry_nr > UINT16_MAX))
        return -EINVAL;
    ret = pirq_map_msi(d, &msi, &pirq);
    if (ret == 0)
        op->pirq = pirq;
    return ret;
}

long hc_physdev_map_pirq(struct physdev_map_pirq *op)
{
    struct domain *d;
    long ret = target_get(op->domid, &d);

    if (ret)
        return ret;
    switch (op->type) {
    case MAP_PIRQ_TYPE_GSI:
        ret = gsi_map(d, op);
        break;
    case MAP_PIRQ_TYPE_MSI:
    case MAP_PIRQ_TYPE_MSI_SEG:
        ret = msi_map(d, op);
        break;
    case MAP_PIRQ_TYPE_MULTI_MSI:
        ret = -EOPNOTSUPP; /* drivers then ask for one message */
        break;
    default:
        ret = -EINVAL;
        break;
    }
    target_put(d);
    return ret;
}

long hc_physdev_unmap_pirq(struct physdev_unmap_pirq *op)
{
    struct domain *d;
    long ret = target_get(op->domid, &d);

    if (ret)
        return ret;
    ret = pirq_unmap(d, op->pirq);
    target_put(d);
    return ret;
}

long hc_physdev_get_free_pirq(struct physdev_get_free_pirq *op)
{
    int pirq = -1;
    int ret;

    if (op->type != MAP_PIRQ_TYPE_GSI && op->type != MAP_PIRQ_TYPE_MSI)
        return -EINVAL;
    ret = pirq_get_free(current->domain, &pirq);
    if (ret == 0)
        op->pirq = (uint32_t)pirq;
    return ret;
}

long hc_physdev_irq_status_query(struct physdev_irq_status_query *op)
{
    return pirq_status(current->domain, op->irq, &op->flags);
}

long hc_physdev_eoi(struct physdev_eoi *op)
{
    return pirq_eoi(current->domain, op->irq);
}

long hc_physdev_pirq_eoi_gmfn_v1(struct physdev_pirq_eoi_gmfn *op)
{
    return pirq_set_eoi_page(current->domain, op->gmfn, true);
}

long hc_physdev_pirq_eoi_gmfn_v2(struct physdev_pirq_eoi_gmfn *op)
{
    return pirq_set_eoi_page(current->domain, op->gmfn, false);
}

/* ---- ports ---- */

long hc_physdev_set_iopl(struct physdev_set_iopl *op)
{
    if (op->iopl > IOPL_MAX)
        return -EINVAL;
    iopl_set(current, op->iopl);
    return 0;
}

/* ---- announcements ---- */

long hc_physdev_manage_pci_add(struct physdev_manage_pci *op)
{
    (void)op;
    return 0;
}

long hc_physdev_manage_pci_remove(struct physdev_manage_pci *op)
{
    (void)op;
    return 0;
}

long hc_physdev_manage_pci_add_ext(struct physdev_manage_pci_ext *op)
{
    (void)op;
    return 0;
}

long hc_physdev_pci_device_add(struct physdev_pci_device_add *op)
{
    (void)op;
    return 0;
}

long hc_physdev_pci_device_remove(struct physdev_pci_device *op)
{
    (void)op;
    return 0;
}

long hc_physdev_pci_mmcfg_reserved(struct physdev_pci_mmcfg_reserved *op)
{
    return op->start_bus > op->end_bus ? -EINVAL : 0;
}

long hc_physdev_dbgp_op(struct physdev_dbgp_op *op)
{
    (void)op;
    return 0;
}
