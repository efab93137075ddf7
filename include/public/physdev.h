/* SPDX-License-Identifier: MIT */
/*
 * physdev_op: device interrupts and I/O privilege, mostly for dom0. A pirq is the name that a
 * domain uses for a device interrupt; for the first GSIs it equals the GSI. Arguments: command,
 * pointer to the structure named after it.
 */
#ifndef PUBLIC_PHYSDEV_H
#define PUBLIC_PHYSDEV_H

#include "xen.h"

#define PHYSDEVOP_irq_status_query 5
#define PHYSDEVOP_set_iopl 6
#define PHYSDEVOP_set_iobitmap 7
#define PHYSDEVOP_apic_read 8
#define PHYSDEVOP_apic_write 9
#define PHYSDEVOP_alloc_irq_vector 10
#define PHYSDEVOP_free_irq_vector 11
#define PHYSDEVOP_eoi 12
#define PHYSDEVOP_map_pirq 13
#define PHYSDEVOP_unmap_pirq 14
#define PHYSDEVOP_manage_pci_add 15
#define PHYSDEVOP_manage_pci_remove 16
#define PHYSDEVOP_pirq_eoi_gmfn_v1 17
#define PHYSDEVOP_restore_msi 19
#define PHYSDEVOP_manage_pci_add_ext 20
#define PHYSDEVOP_setup_gsi 21
#define PHYSDEVOP_get_free_pirq 23
#define PHYSDEVOP_pci_mmcfg_reserved 24
#define PHYSDEVOP_pci_device_add 25
#define PHYSDEVOP_pci_device_remove 26
#define PHYSDEVOP_restore_msi_ext 27
#define PHYSDEVOP_pirq_eoi_gmfn_v2 28
#define PHYSDEVOP_dbgp_op 29
#define PHYSDEVOP_prepare_msix 30
#define PHYSDEVOP_release_msix 31

#define XENIRQSTAT_needs_eoi (1u << 0)
#define XENIRQSTAT_shared (1u << 1)

#define MAP_PIRQ_TYPE_MSI 0
#define MAP_PIRQ_TYPE_GSI 1
#define MAP_PIRQ_TYPE_UNKNOWN 2
#define MAP_PIRQ_TYPE_MSI_SEG 3   /* as MSI, segment in bits 16-31 of bus */
#define MAP_PIRQ_TYPE_MULTI_MSI 4 /* entry_nr vectors of one device */

#define XEN_PCI_MMCFG_RESERVED 1 /* the area is reserved in the memory map */
#define XEN_PCI_DEV_EXTFN 1
#define XEN_PCI_DEV_VIRTFN 2
#define XEN_PCI_DEV_PXM 4 /* a 32-bit proximity domain follows the structure */

#define PHYSDEVOP_DBGP_RESET_PREPARE 1
#define PHYSDEVOP_DBGP_RESET_DONE 2
#define PHYSDEVOP_DBGP_BUS_UNKNOWN 0
#define PHYSDEVOP_DBGP_BUS_PCI 1

#ifndef __ASSEMBLY__

struct physdev_eoi {
    uint32_t irq; /* pirq */
};

/* A page of one bit per pirq, set by the hypervisor where an EOI call is needed. */
struct physdev_pirq_eoi_gmfn {
    xen_pfn_t gmfn;
};

struct physdev_irq_status_query {
    uint32_t irq;   /* in: pirq */
    uint32_t flags; /* out: XENIRQSTAT_* */
};

struct physdev_set_iopl {
    uint32_t iopl; /* 0..3 */
};

struct physdev_set_iobitmap {
    xen_handle_t bitmap; /* uint8_t[]: a set bit forbids the port to user mode */
    uint32_t nr_ports;
};

struct physdev_apic {
    uint64_t apic_physbase; /* which I/O APIC */
    uint32_t reg;
    uint32_t value;
};

struct physdev_irq {
    uint32_t irq;    /* in: pirq */
    uint32_t vector; /* out */
};

struct physdev_map_pirq {
    domid_t domid;
    int32_t type;  /* in: MAP_PIRQ_TYPE_* */
    int32_t index; /* in: GSI */
    int32_t pirq;  /* in: wanted, negative for any; out */
    int32_t bus;   /* MSI: the device */
    int32_t devfn;
    int32_t entry_nr;    /* MSI-X: table entry; MULTI_MSI: number of vectors */
    uint64_t table_base; /* MSI-X: machine address of the table's BAR; 0: MSI */
};

struct physdev_unmap_pirq {
    domid_t domid;
    int32_t pirq;
};

struct physdev_manage_pci {
    uint8_t bus;
    uint8_t devfn;
};

struct physdev_restore_msi {
    uint8_t bus;
    uint8_t devfn;
};

struct physdev_manage_pci_ext {
    uint8_t bus;
    uint8_t devfn;
    uint32_t is_extfn;
    uint32_t is_virtfn;
    struct {
        uint8_t bus;
        uint8_t devfn;
    } physfn;
};

struct physdev_setup_gsi {
    int32_t gsi;
    uint8_t triggering; /* 0 edge, 1 level */
    uint8_t polarity;   /* 0 active high, 1 active low */
};

struct physdev_get_free_pirq {
    int32_t type;
    uint32_t pirq; /* out */
};

struct physdev_pci_mmcfg_reserved {
    uint64_t address; /* machine address of bus 0 of the segment */
    uint16_t segment;
    uint8_t start_bus;
    uint8_t end_bus;
    uint32_t flags; /* XEN_PCI_MMCFG_* */
};

/* Optional words, as flags say, follow at offset 12. */
struct physdev_pci_device_add {
    uint16_t seg;
    uint8_t bus;
    uint8_t devfn;
    uint32_t flags; /* XEN_PCI_DEV_* */
    struct {
        uint8_t bus;
        uint8_t devfn;
    } physfn;
};

struct physdev_pci_device {
    uint16_t seg;
    uint8_t bus;
    uint8_t devfn;
};

struct physdev_dbgp_op {
    uint8_t op;  /* PHYSDEVOP_DBGP_RESET_* */
    uint8_t bus; /* PHYSDEVOP_DBGP_BUS_* */
    union {
        struct physdev_pci_device pci;
    } u;
};

#endif
#endif
