/* SPDX-License-Identifier: MIT */
/*
 * Reading ACPI's static tables. A table is handled as a span of bytes with a known end: each read
 * is checked against it and a field beyond the end reads as 0, which is how an older, shorter
 * revision of a table means it. No pointer into table memory is kept.
 */
#include "x86/acpi.h"
#include "lib/string.h"

#define TABLE_MAX     (UINT32_C(1) << 20) /* no table that we read comes near 1 MiB */
#define ROOT_MAX      256                 /* entries of the root table that we look at */
#define HEADER_BYTES  36
#define RSDP_BYTES    36
#define RSDP_V1_BYTES 20

/* Bytes of one table; reads beyond give 0. */
struct span {
    const uint8_t *p;
    uint32_t bytes;
};

static uint64_t span_read(struct span s, uint32_t offset, unsigned bytes)
{
    uint64_t value = 0;

    if (offset > s.bytes || bytes > s.bytes - offset)
        return 0;
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)s.p[offset + i] << (8 * i);
    return value;
}

#define read8(span, offset)  ((uint8_t)span_read(span, offset, 1))
#define read16(span, offset) ((uint16_t)span_read(span, offset, 2))
#define read32(span, offset) ((uint32_t)span_read(span, offset, 4))
#define read64(span, offset) span_read(span, offset, 8)

static bool sums_to_zero(const uint8_t *p, uint32_t bytes)
{
    uint8_t sum = 0;

    for (uint32_t i = 0; i < bytes; i++)
        sum = (uint8_t)(sum + p[i]);
    return sum == 0;
}

/* The whole table at `addr`, if it is one and its checksum holds; else an empty span. */
static struct span table_open(maddr_t addr, acpi_map_fn *map)
{
    struct span none = { NULL, 0 }, s;

    s.p = addr ? map(addr, HEADER_BYTES) : NULL;
    if (!s.p)
        return none;
    s.bytes = HEADER_BYTES;
    s.bytes = read32(s, 4);
    if (s.bytes < HEADER_BYTES || s.bytes > TABLE_MAX)
        return none;
    s.p = map(addr, s.bytes);
    return s.p && sums_to_zero(s.p, s.bytes) ? s : none;
}

/* ---- root ------------------------------------------------------------------------------------ */

static bool rsdp_at(maddr_t addr, acpi_map_fn *map)
{
    const uint8_t *p = map(addr, RSDP_BYTES);

    return p && memcmp(p, "RSD PTR ", 8) == 0 && sums_to_zero(p, RSDP_V1_BYTES) &&
           (p[15] < 2 || sums_to_zero(p, RSDP_BYTES));
}

static maddr_t rsdp_search(maddr_t start, maddr_t end, acpi_map_fn *map)
{
    for (maddr_t addr = ROUND_UP(start, 16); addr + RSDP_BYTES <= end; addr += 16) {
        if (rsdp_at(addr, map))
            return addr;
    }
    return 0;
}

/* The first KiB of the extended BIOS data area, then the BIOS read-only memory. */
static maddr_t rsdp_find(maddr_t hint, acpi_map_fn *map)
{
    const uint8_t *segment;
    maddr_t found = 0, ebda = 0;

    if (hint && rsdp_at(hint, map))
        return hint;
    segment = map(0x40e, 2);
    if (segment)
        ebda = (maddr_t)(segment[0] | segment[1] << 8) << 4;
    if (ebda >= 0x80000 && ebda < 0xa0000)
        found = rsdp_search(ebda, ebda + 1024, map);
    return found ? found : rsdp_search(0xe0000, 0x100000, map);
}

/* ---- MADT ------------------------------------------------------------------------------------ */

#define MADT_ENTRIES       44
#define MADT_LAPIC         0
#define MADT_IOAPIC        1
#define MADT_OVERRIDE      2
#define MADT_LAPIC_ADDRESS 5
#define MADT_X2APIC        9

static void cpu_add(struct acpi_info *out, uint32_t apic_id, uint32_t flags)
{
    /* Bit 0: enabled. A processor that could only be plugged in later is not brought up. */
    if (!(flags & 1) || out->nr_cpus == CPUS_MAX)
        return;
    for (unsigned i = 0; i < out->nr_cpus; i++) {
        if (out->cpu[i] == apic_id)
            return;
    }
    out->cpu[out->nr_cpus++] = apic_id;
}

static void ioapic_add(struct acpi_info *out, struct span e)
{
    struct acpi_ioapic *io = &out->ioapic[out->nr_ioapics];

    if (out->nr_ioapics == ACPI_IOAPICS_MAX || !read32(e, 4))
        return;
    io->id = read8(e, 2);
    io->addr = read32(e, 4);
    io->gsi_base = read32(e, 8);
    out->nr_ioapics++;
}

/* Polarity and trigger: 0 means as the bus has it, and ISA has active high and edge. */
static void isa_override(struct acpi_info *out, struct span e)
{
    uint8_t bus = read8(e, 2), irq = read8(e, 3);
    uint16_t flags = read16(e, 8);

    if (bus != 0 || irq >= ISA_IRQS)
        return;
    out->isa[irq].gsi = read32(e, 4);
    out->isa[irq].low = (flags & 3) == 3;
    out->isa[irq].level = (flags >> 2 & 3) == 3;
}

static void madt_entry(struct acpi_info *out, struct span e)
{
    switch (e.p[0]) {
    case MADT_LAPIC:
        if (e.bytes >= 8 && read8(e, 3) != 0xff)
            cpu_add(out, read8(e, 3), read32(e, 4));
        break;
    case MADT_IOAPIC:
        if (e.bytes >= 12)
            ioapic_add(out, e);
        break;
    case MADT_OVERRIDE:
        if (e.bytes >= 10)
            isa_override(out, e);
        break;
    case MADT_LAPIC_ADDRESS:
        if (e.bytes >= 12)
            out->lapic = read64(e, 4);
        break;
    case MADT_X2APIC:
        if (e.bytes >= 16)
            cpu_add(out, read32(e, 4), read32(e, 8));
        break;
    default:
        break;
    }
}

static void madt_parse(struct acpi_info *out, struct span s)
{
    if (s.bytes < MADT_ENTRIES)
        return;
    /* What the table says replaces the defaults, controllers included. */
    out->nr_cpus = 0;
    out->nr_ioapics = 0;
    out->lapic = read32(s, 36);
    out->has_pic = read32(s, 40) & 1;
    for (uint32_t at = MADT_ENTRIES; s.bytes - at >= 2;) {
        struct span e = { s.p + at, s.p[at + 1] };

        if (e.bytes < 2 || e.bytes > s.bytes - at)
            return;
        madt_entry(out, e);
        at += e.bytes;
    }
}

/* ---- FADT ------------------------------------------------------------------------------------ */

#define FADT_RESET_SUPPORTED (1u << 10)
#define FADT_PM_TIMER_32     (1u << 8)
#define FADT_HAS_8042        (1u << 1)

static struct acpi_register gas_read(struct span s, uint32_t offset)
{
    struct acpi_register r = { read8(s, offset), false, read64(s, offset + 4) };

    r.present = r.addr != 0 && r.space <= ACPI_PCI;
    return r;
}

/* The extended form where the table has one, else the old port number. */
static struct acpi_register pm_register(struct span s, uint32_t extended, uint32_t old)
{
    struct acpi_register r = gas_read(s, extended);

    if (r.present && r.space <= ACPI_IO)
        return r;
    r = (struct acpi_register){ ACPI_IO, false, read32(s, old) };
    r.present = r.addr != 0 && r.addr <= 0xffff;
    return r;
}

/* One small integer of AML at `at`, which is stepped over it; false: something else is there. */
static bool aml_byte(struct span s, uint32_t *at, uint8_t *value)
{
    uint8_t op = read8(s, *at);

    if (op == 0x00 || op == 0x01) { /* Zero, One */
        *value = op;
        *at += 1;
        return true;
    }
    if (op != 0x0a) /* BytePrefix */
        return false;
    *value = read8(s, *at + 1);
    *at += 2;
    return *at <= s.bytes;
}

/*
 * \_S5 is in practice a package of small constants at the top of the DSDT, so the sleep types for
 * power-off can be had without an interpreter: the name, PackageOp, a length of 1 to 4 bytes, the
 * number of elements, the elements.
 */
static void s5_find(struct acpi_info *out, struct span s)
{
    for (uint32_t at = HEADER_BYTES; at + 8 <= s.bytes; at++) {
        uint32_t p = at + 4;

        if (s.p[at] != '_' || memcmp(s.p + at, "_S5_", 4) != 0 || s.p[p] != 0x12)
            continue;
        p += 1;
        p += 1u + (read8(s, p) >> 6);
        if (read8(s, p) < 2)
            continue;
        p += 1;
        if (aml_byte(s, &p, &out->s5_a) && aml_byte(s, &p, &out->s5_b)) {
            out->has_s5 = true;
            return;
        }
    }
}

static void fadt_parse(struct acpi_info *out, struct span s, acpi_map_fn *map)
{
    uint32_t flags = read32(s, 112);
    uint8_t revision = read8(s, 8);
    maddr_t dsdt;

    if (s.bytes < 116)
        return;
    out->sci = read16(s, 46);
    out->century = read8(s, 108) < 128 ? read8(s, 108) : 0;
    /* Before revision 2 of ACPI the flags did not exist, and every PC had one. */
    out->has_8042 = revision < 3 || (read16(s, 109) & FADT_HAS_8042);
    out->pm_timer = pm_register(s, 208, 76);
    out->pm_timer_32 = flags & FADT_PM_TIMER_32;
    out->pm1a_event = pm_register(s, 148, 56);
    out->pm1a_control = pm_register(s, 172, 64);
    out->pm1b_control = pm_register(s, 184, 68);
    if (flags & FADT_RESET_SUPPORTED) {
        out->reset = gas_read(s, 116);
        out->reset_value = read8(s, 128);
    }
    dsdt = read64(s, 140);
    s5_find(out, table_open(dsdt ? dsdt : read32(s, 40), map));
}

/* ---- HPET, MCFG ------------------------------------------------------------------------------ */

static void hpet_parse(struct acpi_info *out, struct span s)
{
    struct acpi_register r = gas_read(s, 40);

    if (r.present && r.space == ACPI_MEMORY)
        out->hpet = r.addr;
}

static void mcfg_parse(struct acpi_info *out, struct span s)
{
    for (uint32_t at = 44; at + 16 <= s.bytes && out->nr_mcfg < ACPI_MCFG_MAX; at += 16) {
        struct acpi_mcfg *m = &out->mcfg[out->nr_mcfg];

        m->base = read64(s, at);
        m->seg = read16(s, at + 8);
        m->first_bus = read8(s, at + 10);
        m->last_bus = read8(s, at + 11);
        if (m->base && m->first_bus <= m->last_bus)
            out->nr_mcfg++;
    }
}

/* ---- all ------------------------------------------------------------------------------------- */

static void table_parse(struct acpi_info *out, struct span s, acpi_map_fn *map)
{
    if (!s.p)
        return;
    if (memcmp(s.p, "APIC", 4) == 0)
        madt_parse(out, s);
    else if (memcmp(s.p, "FACP", 4) == 0)
        fadt_parse(out, s, map);
    else if (memcmp(s.p, "HPET", 4) == 0)
        hpet_parse(out, s);
    else if (memcmp(s.p, "MCFG", 4) == 0)
        mcfg_parse(out, s);
}

/* A PC of before ACPI: one processor, one I/O APIC, ISA interrupts one to one. */
static void defaults(struct acpi_info *out)
{
    *out = (struct acpi_info){ .lapic = 0xfee00000, .has_pic = true, .has_8042 = true };
    out->nr_ioapics = 1;
    out->ioapic[0].addr = 0xfec00000;
    for (unsigned irq = 0; irq < ISA_IRQS; irq++)
        out->isa[irq].gsi = irq;
}

void acpi_parse(struct acpi_info *out, maddr_t hint, acpi_map_fn *map)
{
    struct span rsdp, root = { NULL, 0 };
    unsigned width = 8;

    defaults(out);
    out->rsdp = rsdp_find(hint, map);
    if (!out->rsdp)
        return;
    rsdp = (struct span){ map(out->rsdp, RSDP_BYTES), RSDP_BYTES };
    if (read8(rsdp, 15) >= 2)
        root = table_open(read64(rsdp, 24), map);
    if (!root.p || memcmp(root.p, "XSDT", 4) != 0) {
        width = 4;
        root = table_open(read32(rsdp, 16), map);
    }
    if (!root.p || (width == 4 && memcmp(root.p, "RSDT", 4) != 0))
        return;
    for (uint32_t i = 0; i < ROOT_MAX; i++) {
        uint32_t at = HEADER_BYTES + i * width;

        if (at + width > root.bytes)
            break;
        table_parse(out, table_open(span_read(root, at, width), map), map);
    }
}
