/* SPDX-License-Identifier: MIT */
/*
 * Buses, interrupt controllers and power belong to dom0: each physdev_op about them is refused to
 * others, and what even dom0 may not write is refused to it as well.
 */
#include "check.h"
#include "public/physdev.h"

static uint8_t arguments[64] PAGE;

void test_main(void)
{
    static const uint8_t privileged[] = {
        PHYSDEVOP_apic_read,          PHYSDEVOP_apic_write,
        PHYSDEVOP_alloc_irq_vector,   PHYSDEVOP_manage_pci_add,
        PHYSDEVOP_manage_pci_remove,  PHYSDEVOP_restore_msi,
        PHYSDEVOP_manage_pci_add_ext, PHYSDEVOP_setup_gsi,
        PHYSDEVOP_pci_mmcfg_reserved, PHYSDEVOP_pci_device_add,
        PHYSDEVOP_pci_device_remove,  PHYSDEVOP_restore_msi_ext,
        PHYSDEVOP_prepare_msix,       PHYSDEVOP_release_msix,
        PHYSDEVOP_free_irq_vector,    PHYSDEVOP_dbgp_op,
    };
    struct physdev_apic apic = { .apic_physbase = 0xdead0000, .reg = 0 };
    struct physdev_setup_gsi gsi = { .gsi = 4711, .triggering = 1, .polarity = 1 };

    if (!test_is_dom0())
        for (unsigned i = 0; i < sizeof(privileged); i++)
            CHECK(_hypercall2(__HYPERVISOR_physdev_op, privileged[i], (unsigned long)arguments) < 0,
                  1);
    CHECK(hypercall_physdev_apic_read(&apic) < 0, 1);
    CHECK(hypercall_physdev_apic_write(&apic) < 0, 1);
    CHECK(hypercall_physdev_setup_gsi(&gsi) < 0, 1);
    for (unsigned i = 0; i < sizeof(privileged); i++)
        CHECK(_hypercall2(__HYPERVISOR_physdev_op, privileged[i], 0xffff830000000000UL) <= 0, 1);
}
