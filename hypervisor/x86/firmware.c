/* SPDX-License-Identifier: MIT */
/*
 * This machine as its firmware describes it, and which of its registers the hypervisor keeps for
 * itself. dom0 may use every port and device frame but those that would let it take interrupts or
 * time away from the hypervisor.
 */
#include "x86/firmware.h"
#include "x86/machine.h"
#include "x86/uart.h"

static struct acpi_info info;

/* The direct map holds the first 4 GiB whatever they are; tables above need a mapping. */
static const void *table_map(maddr_t addr, size_t bytes)
{
    if (addr + bytes < addr)
        return NULL;
    if (addr + bytes <= UINT64_C(1) << 32)
        return machine_map_maddr(addr);
    if ((addr + bytes) >> machine_maddr_bits() != 0)
        return NULL;
    return machine_map_device(addr, bytes);
}

void machine_acpi_init(maddr_t rsdp_hint)
{
    acpi_parse(&info, rsdp_hint, table_map);
}

const struct acpi_info *firmware_acpi(void)
{
    return &info;
}

maddr_t machine_acpi_rsdp(void)
{
    return info.rsdp;
}

struct port_range {
    uint16_t first, last;
};

/* The machine's own, wherever it is a PC. */
static const struct port_range port_ranges[] = {
    { 0x20, 0x21 },   /* 8259, first */
    { 0x40, 0x43 },   /* 8254 timer */
    { 0x61, 0x61 },   /* its gate and output */
    { 0xa0, 0xa1 },   /* 8259, second */
    { 0xcf8, 0xcf8 }, /* PCI configuration: emulated, so that it is under our lock; 0xcf9 resets */
    { 0xcfa, 0xcff },
};

bool machine_port_is_ours(uint16_t port)
{
    uint16_t uart = uart_port();

    for (unsigned i = 0; i < ARRAY_SIZE(port_ranges); i++) {
        if (port >= port_ranges[i].first && port <= port_ranges[i].last)
            return true;
    }
    if (uart && port >= uart && port - uart < 8)
        return true;
    return info.pm_timer.present && info.pm_timer.space == ACPI_IO && port >= info.pm_timer.addr &&
           port - info.pm_timer.addr < 4;
}

bool machine_frame_is_ours(mfn_t mfn)
{
    if (mfn_eq(mfn, maddr_to_mfn(info.lapic)))
        return true;
    if (info.hpet && mfn_eq(mfn, maddr_to_mfn(info.hpet)))
        return true;
    for (unsigned i = 0; i < info.nr_ioapics; i++) {
        if (mfn_eq(mfn, maddr_to_mfn(info.ioapic[i].addr)))
            return true;
    }
    return false;
}
