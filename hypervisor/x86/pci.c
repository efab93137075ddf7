/* SPDX-License-Identifier: MIT */
/*
 * PCI configuration space. The first 256 bytes of segment 0 go through ports 0xcf8 and 0xcfc, which
 * every chipset has; what lies beyond goes through the memory window that the MCFG table names,
 * mapped when first used. One lock covers both, dom0's emulated accesses included.
 * Reads of what does not exist give all ones, as on the bus.
 */
#include "x86/pci.h"
#include "x86/firmware.h"
#include "x86/machine.h"
#include "x86/port.h"
#include "x86/lock.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc
#define CONFIG_ENABLE  0x80000000u
#define BUS_BYTES      (1u << 20)
#define CONFIG_BYTES   4096
#define CAPS_MAX       48 /* as many as fit between offsets 0x40 and 0x100 */

static struct {
    struct machine_lock lock;
    /* --- under lock --- */
    volatile uint8_t *window[ACPI_MCFG_MAX]; /* of its first bus; NULL: not mapped yet */
} pci;

static bool valid(uint16_t reg, unsigned bytes)
{
    return (bytes == 1 || bytes == 2 || bytes == 4) && reg % bytes == 0 && reg < CONFIG_BYTES;
}

static bool by_port(uint16_t seg, uint16_t reg)
{
    return seg == 0 && reg < 256;
}

/* Selects the register; returns the data port that stands for its first byte. */
static uint16_t port_select(uint8_t bus, uint8_t devfn, uint16_t reg)
{
    port_out32(CONFIG_ADDRESS,
               CONFIG_ENABLE | (uint32_t)bus << 16 | (uint32_t)devfn << 8 | (reg & 0xfc));
    return (uint16_t)(CONFIG_DATA + (reg & 3));
}

static volatile uint8_t *window_of(uint16_t seg, uint8_t bus, uint8_t devfn, uint16_t reg)
{
    const struct acpi_info *acpi = firmware_acpi();

    for (unsigned i = 0; i < acpi->nr_mcfg; i++) {
        const struct acpi_mcfg *m = &acpi->mcfg[i];

        if (m->seg != seg || bus < m->first_bus || bus > m->last_bus)
            continue;
        if (!pci.window[i])
            pci.window[i] =
                machine_map_device(m->base + (uint64_t)m->first_bus * BUS_BYTES,
                                   (size_t)(m->last_bus - m->first_bus + 1) * BUS_BYTES);
        if (!pci.window[i])
            return NULL;
        return pci.window[i] + (bus - m->first_bus) * BUS_BYTES + devfn * CONFIG_BYTES + reg;
    }
    return NULL;
}

static uint32_t window_read(volatile uint8_t *p, unsigned bytes)
{
    if (bytes == 1)
        return *p;
    return bytes == 2 ? *(volatile uint16_t *)p : *(volatile uint32_t *)p;
}

static void window_write(volatile uint8_t *p, unsigned bytes, uint32_t value)
{
    if (bytes == 1)
        *p = (uint8_t)value;
    else if (bytes == 2)
        *(volatile uint16_t *)p = (uint16_t)value;
    else
        *(volatile uint32_t *)p = value;
}

uint32_t machine_pci_read(uint16_t seg, uint8_t bus, uint8_t devfn, uint16_t reg, unsigned bytes)
{
    uint32_t value = UINT32_MAX >> (32 - 8 * MIN(MAX(bytes, 1u), 4u));
    volatile uint8_t *p;

    if (!valid(reg, bytes))
        return value;
    machine_lock_take(&pci.lock);
    if (by_port(seg, reg)) {
        value = machine_in(port_select(bus, devfn, reg), bytes);
    } else {
        p = window_of(seg, bus, devfn, reg);
        if (p)
            value = window_read(p, bytes);
    }
    machine_lock_drop(&pci.lock);
    return value;
}

void machine_pci_write(uint16_t seg, uint8_t bus, uint8_t devfn, uint16_t reg, unsigned bytes,
                       uint32_t value)
{
    volatile uint8_t *p;

    if (!valid(reg, bytes))
        return;
    machine_lock_take(&pci.lock);
    if (by_port(seg, reg)) {
        machine_out(port_select(bus, devfn, reg), bytes, value);
    } else {
        p = window_of(seg, bus, devfn, reg);
        if (p)
            window_write(p, bytes, value);
    }
    machine_lock_drop(&pci.lock);
}

uint16_t pci_capability(uint16_t seg, uint8_t bus, uint8_t devfn, uint8_t id)
{
    uint16_t at;

    if (machine_pci_read(seg, bus, devfn, PCI_VENDOR, 2) == 0xffff ||
        !(machine_pci_read(seg, bus, devfn, PCI_STATUS, 2) & PCI_STATUS_CAPS))
        return 0;
    at = (uint16_t)(machine_pci_read(seg, bus, devfn, PCI_CAPABILITIES, 1) & 0xfc);
    for (unsigned i = 0; i < CAPS_MAX && at >= 0x40; i++) {
        uint32_t head = machine_pci_read(seg, bus, devfn, at, 2);

        if ((uint8_t)head == id)
            return at;
        at = (uint16_t)(head >> 8 & 0xfc);
    }
    return 0;
}

uint64_t pci_bar(uint16_t seg, uint8_t bus, uint8_t devfn, unsigned index)
{
    unsigned header = machine_pci_read(seg, bus, devfn, PCI_HEADER, 1) & 0x7f;
    unsigned nr = header == 0 ? 6 : header == 1 ? 2 : 0;
    uint16_t reg = (uint16_t)(PCI_BAR0 + 4 * index);
    uint64_t bar;

    if (index >= nr)
        return 0;
    bar = machine_pci_read(seg, bus, devfn, reg, 4);
    if (bar & 1) /* a range of ports */
        return 0;
    if ((bar & 6) == 4) { /* 64 bits wide */
        if (index + 1 >= nr)
            return 0;
        bar |= (uint64_t)machine_pci_read(seg, bus, devfn, (uint16_t)(reg + 4), 4) << 32;
    }
    return bar & ~UINT64_C(0xf);
}
