/* SPDX-License-Identifier: MIT */
/*
 * The I/O APICs: interrupt inputs by global number, each with its redirection entry. Entries are
 * reached through an index and a data register, so every access is under one lock; a copy of each
 * entry saves reading it back. All start masked; an entry is masked while it changes.
 *
 * Destinations are physical: one CPU by its APIC identifier, fixed delivery.
 */
#include "x86/ioapic.h"
#include "public/errno.h"
#include "x86/apic.h"
#include "x86/firmware.h"
#include "x86/port.h"
#include "x86/lock.h"
#include "x86/uart.h"

#define REG_VERSION 0x01
#define REG_ENTRY   0x10 /* two registers an input, low half first */

#define ENTRY_LOW    (UINT64_C(1) << 13)
#define ENTRY_LEVEL  (UINT64_C(1) << 15)
#define ENTRY_MASKED (UINT64_C(1) << 16)
#define ENTRY_DEST   56

static struct {
    struct machine_lock lock;
    /* --- set once --- */
    unsigned nr_gsis; /* highest number + 1 */
    unsigned nr;
    struct ioapic {
        volatile uint32_t *regs; /* index at 0, data at 16 bytes */
        maddr_t addr;
        unsigned base, inputs;
    } apic[ACPI_IOAPICS_MAX];
    /* --- under lock --- */
    uint64_t entry[GSIS_MAX];
} io;

static uint32_t reg_read(const struct ioapic *a, uint32_t reg)
{
    a->regs[0] = reg;
    return a->regs[4];
}

static void reg_write(const struct ioapic *a, uint32_t reg, uint32_t value)
{
    a->regs[0] = reg;
    a->regs[4] = value;
}

static const struct ioapic *ioapic_of(unsigned gsi)
{
    for (unsigned i = 0; i < io.nr; i++) {
        if (gsi >= io.apic[i].base && gsi - io.apic[i].base < io.apic[i].inputs)
            return &io.apic[i];
    }
    return NULL;
}

/* The half with the mask bit last when unmasking, first when masking: never live half-way. */
static void entry_write(const struct ioapic *a, unsigned gsi, uint64_t value)
{
    uint32_t reg = REG_ENTRY + 2 * (gsi - a->base);

    if (value & ENTRY_MASKED) {
        reg_write(a, reg, (uint32_t)value);
        reg_write(a, reg + 1, (uint32_t)(value >> 32));
    } else {
        reg_write(a, reg + 1, (uint32_t)(value >> 32));
        reg_write(a, reg, (uint32_t)value);
    }
    io.entry[gsi] = value;
}

static void ioapic_add(const struct acpi_ioapic *found)
{
    struct ioapic *a = &io.apic[io.nr];
    uint32_t version;

    if (found->gsi_base >= GSIS_MAX)
        return;
    a->regs = machine_map_device(found->addr, 32);
    if (!a->regs)
        return;
    a->addr = found->addr;
    a->base = found->gsi_base;
    version = reg_read(a, REG_VERSION);
    if (version == UINT32_MAX) /* nothing answers there */
        return;
    a->inputs = (version >> 16 & 0xff) + 1;
    a->inputs = MIN(a->inputs, GSIS_MAX - a->base);
    io.nr++;
    for (unsigned i = 0; i < a->inputs; i++)
        entry_write(a, a->base + i, ENTRY_MASKED);
    io.nr_gsis = MAX(io.nr_gsis, a->base + a->inputs);
}

void ioapic_init(void)
{
    const struct acpi_info *acpi = firmware_acpi();

    for (unsigned i = 0; i < acpi->nr_ioapics; i++)
        ioapic_add(&acpi->ioapic[i]);
}

/*
 * Initialised even though unused: a spurious interrupt of a masked 8259 still has a vector, which
 * must not be an exception's.
 */
void pic_init(void)
{
    static const struct {
        uint16_t port;
        uint8_t value;
    } steps[] = {
        { 0x21, 0xff },       { 0xa1, 0xff }, /* mask */
        { 0x20, 0x11 },       { 0xa0, 0x11 }, /* initialise: cascade, four words */
        { 0x21, VECTOR_PIC }, { 0xa1, VECTOR_PIC + 8 },
        { 0x21, 0x04 },       { 0xa1, 0x02 }, /* the second is on input 2 of the first */
        { 0x21, 0x01 },       { 0xa1, 0x01 }, /* 8086 mode, explicit end of interrupt */
        { 0x21, 0xff },       { 0xa1, 0xff },
    };

    if (!firmware_acpi()->has_pic)
        return;
    for (unsigned i = 0; i < ARRAY_SIZE(steps); i++) {
        port_out8(steps[i].port, steps[i].value);
        port_delay();
    }
}

int machine_gsi_route(unsigned gsi, uint8_t vector, bool level, bool low, unsigned cpu)
{
    const struct ioapic *a = ioapic_of(gsi);
    uint64_t value = vector | ENTRY_MASKED;
    uint32_t apic_id;

    if (!a || vector < VECTOR_DEVICE_FIRST || vector > VECTOR_DEVICE_LAST ||
        cpu >= machine_nr_cpus())
        return -XEN_EINVAL;
    apic_id = machine_apic_id(cpu);
    if (apic_id > 0xff) /* beyond the entry's field */
        return -XEN_EINVAL;
    value |= (level ? ENTRY_LEVEL : 0) | (low ? ENTRY_LOW : 0) | (uint64_t)apic_id << ENTRY_DEST;
    machine_lock_take(&io.lock);
    entry_write(a, gsi, io.entry[gsi] | ENTRY_MASKED);
    vector_set_level(vector, level, gsi);
    entry_write(a, gsi, value);
    machine_lock_drop(&io.lock);
    return 0;
}

static void set_masked(unsigned gsi, bool masked)
{
    const struct ioapic *a = ioapic_of(gsi);
    uint64_t value;

    if (!a)
        return;
    machine_lock_take(&io.lock);
    value = masked ? io.entry[gsi] | ENTRY_MASKED : io.entry[gsi] & ~ENTRY_MASKED;
    /* Only the low half changes; an input never routed has no vector and stays masked. */
    if (value != io.entry[gsi] && (uint8_t)value != 0) {
        reg_write(a, REG_ENTRY + 2 * (gsi - a->base), (uint32_t)value);
        io.entry[gsi] = value;
    }
    machine_lock_drop(&io.lock);
}

void machine_gsi_mask(unsigned gsi)
{
    set_masked(gsi, true);
}

void machine_gsi_unmask(unsigned gsi)
{
    set_masked(gsi, false);
}

unsigned machine_nr_gsis(void)
{
    return io.nr_gsis;
}

int machine_ioapic_read(maddr_t apic_base, uint32_t reg, uint32_t *value)
{
    for (unsigned i = 0; i < io.nr; i++) {
        const struct ioapic *a = &io.apic[i];

        if (a->addr != apic_base)
            continue;
        /* Only registers that exist; reading any of them has no effect. */
        if (reg > 2 && (reg < REG_ENTRY || reg >= REG_ENTRY + 2 * a->inputs))
            return -XEN_EINVAL;
        machine_lock_take(&io.lock);
        *value = reg_read(a, reg);
        machine_lock_drop(&io.lock);
        return 0;
    }
    return -XEN_EINVAL;
}
