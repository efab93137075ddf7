/* SPDX-License-Identifier: MIT */
/* PCI configuration space, for the rest of x86/; access is machine_pci_read() and _write(). */
#ifndef LAMINA_X86_PCI_H
#define LAMINA_X86_PCI_H

#include "lib/types.h"

#define PCI_VENDOR          0x00
#define PCI_COMMAND         0x04
#define PCI_STATUS          0x06
#define PCI_HEADER          0x0e
#define PCI_BAR0            0x10
#define PCI_CAPABILITIES    0x34
#define PCI_COMMAND_MEMORY  0x0002
#define PCI_COMMAND_NO_INTX 0x0400
#define PCI_STATUS_CAPS     0x0010

#define PCI_CAP_MSI  0x05
#define PCI_CAP_MSIX 0x11

/* Configuration offset of a capability; 0: the function, or the capability, is not there. */
uint16_t pci_capability(uint16_t seg, uint8_t bus, uint8_t devfn, uint8_t id);
/* Machine address in memory BAR `index` (0..5), 64-bit ones included; 0: unset or not memory. */
uint64_t pci_bar(uint16_t seg, uint8_t bus, uint8_t devfn, unsigned index);

#endif
