/* SPDX-License-Identifier: MIT */
/*
 * The few facts that the hypervisor takes from ACPI's static tables: processors, interrupt
 * controllers and their wiring, timers, PCI configuration windows, reset and power registers.
 * Nothing is hidden from dom0 or changed: it reads the same tables for itself.
 *
 * acpi_parse() is pure: it reaches table memory only through the given function, checks every
 * length and checksum, and skips what is broken. Layouts: ACPI specification 6.4, chapter 5.
 */
#ifndef LAMINA_X86_ACPI_H
#define LAMINA_X86_ACPI_H

#include "lib/limits.h"
#include "lib/types.h"

#define ACPI_IOAPICS_MAX 16 /* far more than GSIS_MAX inputs need */
#define ACPI_MCFG_MAX    4  /* PCI segments with a memory window */
#define ISA_IRQS         16

/* A register as ACPI's Generic Address Structure names it. */
enum acpi_space { ACPI_MEMORY = 0, ACPI_IO = 1, ACPI_PCI = 2 };
struct acpi_register {
    uint8_t space; /* enum acpi_space */
    bool present;
    uint64_t addr;
};

struct acpi_ioapic {
    uint8_t id;
    uint32_t gsi_base;
    maddr_t addr;
};

/* How one ISA interrupt reaches the I/O APICs. */
struct acpi_isa_irq {
    uint32_t gsi;
    bool level, low;
};

struct acpi_mcfg {
    maddr_t base; /* of bus 0 */
    uint16_t seg;
    uint8_t first_bus, last_bus;
};

struct acpi_info {
    maddr_t rsdp; /* 0: no ACPI; everything below then has the PC's defaults */

    /* MADT */
    maddr_t lapic;
    bool has_pic;           /* also wired as 8259 pair */
    unsigned nr_cpus;       /* enabled processors, the boot CPU among them */
    uint32_t cpu[CPUS_MAX]; /* APIC identifiers in table order */
    unsigned nr_ioapics;
    struct acpi_ioapic ioapic[ACPI_IOAPICS_MAX];
    struct acpi_isa_irq isa[ISA_IRQS];

    /* FADT */
    bool has_8042;
    uint8_t century; /* CMOS index of the century, 0: none */
    uint16_t sci;
    struct acpi_register pm_timer, pm1a_event, pm1a_control, pm1b_control, reset;
    uint8_t reset_value;
    bool pm_timer_32; /* counts 32 bits, not 24 */
    bool has_s5;      /* sleep type values for power-off, from the DSDT */
    uint8_t s5_a, s5_b;

    /* HPET, MCFG */
    maddr_t hpet; /* 0: none */
    unsigned nr_mcfg;
    struct acpi_mcfg mcfg[ACPI_MCFG_MAX];
};

/* Readable memory at [addr, addr + bytes), or NULL where there is none. */
typedef const void *acpi_map_fn(maddr_t addr, size_t bytes);

/*
 * Fill `out` from the tables below the RSDP at `hint`, or, with hint 0 or a bad one, of the RSDP
 * that the BIOS areas hold. Without any, `out` describes a PC with one processor. Never fails.
 */
void acpi_parse(struct acpi_info *out, maddr_t hint, acpi_map_fn *map);

#endif
