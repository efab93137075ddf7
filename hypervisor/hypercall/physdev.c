/* SPDX-License-Identifier: MIT */
/*
 * physdev_op: device interrupts and the I/O privilege level. The hypervisor finds and programs
 * controllers and capabilities itself when an interrupt is mapped, so what a dom0 kernel tells of
 * devices needs no record: the table answers it.
 */
#include "hypercall/target.h"
#include "hypercall_handlers.h"
#include "lib/errno.h"
#include "pv/guest_cpu.h"

#define IOPL_MAX 3

long hc_physdev_alloc_irq_vector(struct physdev_irq *op)
{
    int vector = pirq_alloc_vector(current->domain, op->irq);

    if (vector < 0)
        return vector;
    op->vector = (uint32_t)vector;
    return 0;
}

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

long hc_physdev_map_pirq(struct domain *d, struct physdev_map_pirq *op)
{
    switch (op->type) {
    case MAP_PIRQ_TYPE_GSI:
        return gsi_map(d, op);
    case MAP_PIRQ_TYPE_MSI:
    case MAP_PIRQ_TYPE_MSI_SEG:
        return msi_map(d, op);
    case MAP_PIRQ_TYPE_MULTI_MSI:
        return -EOPNOTSUPP; /* drivers then ask for one message */
    default:
        return -EINVAL;
    }
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

long hc_physdev_set_iopl(struct physdev_set_iopl *op)
{
    if (op->iopl > IOPL_MAX)
        return -EINVAL;
    iopl_set(current, op->iopl);
    return 0;
}
