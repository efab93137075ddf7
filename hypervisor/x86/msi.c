/* SPDX-License-Identifier: MIT */
/*
 * Message-signalled interrupts of PCI functions. Address and data are the hypervisor's: dom0 names
 * a function and an entry, and gets a message that can only be a device vector to a CPU. What a
 * function says of itself is checked each time, for dom0 can write its configuration space.
 *
 * A message starts masked if it can be masked; one that cannot starts with its first unmasking.
 */
#include "public/errno.h"
#include "x86/apic.h"
#include "x86/machine.h"
#include "x86/pci.h"

#define MSI_CONTROL      0x02
#define MSI_ADDRESS      0x04
#define MSI_ADDRESS_HIGH 0x08
#define MSI_ENABLE       0x0001
#define MSI_MULTIPLE     0x0070 /* how many messages are in use, as a power of two */
#define MSI_64           0x0080
#define MSI_MASKABLE     0x0100

#define MSIX_CONTROL      0x02
#define MSIX_TABLE        0x04
#define MSIX_ENABLE       0x8000
#define MSIX_MASK_ALL     0x4000
#define MSIX_SIZE         0x07ff /* entries - 1 */
#define MSIX_ENTRY_BYTES  16
#define MSIX_ENTRY_MASKED 1u

#define MESSAGE_ADDRESS 0xfee00000u /* the local APICs; physical destination in bits 12-19 */

static uint16_t config_read(const struct machine_msi *m, unsigned offset)
{
    return (uint16_t)machine_pci_read(m->seg, m->bus, m->devfn, (uint16_t)(m->cap + offset), 2);
}

static void config_write(const struct machine_msi *m, unsigned offset, unsigned bytes,
                         uint32_t value)
{
    machine_pci_write(m->seg, m->bus, m->devfn, (uint16_t)(m->cap + offset), bytes, value);
}

/* A function that is to send messages must not raise its interrupt line as well. */
static void command_set(const struct machine_msi *m, uint32_t bits)
{
    uint32_t command = machine_pci_read(m->seg, m->bus, m->devfn, PCI_COMMAND, 2);

    if ((command & bits) != bits)
        machine_pci_write(m->seg, m->bus, m->devfn, PCI_COMMAND, 2, command | bits);
}

static void command_clear(const struct machine_msi *m, uint32_t bits)
{
    uint32_t command = machine_pci_read(m->seg, m->bus, m->devfn, PCI_COMMAND, 2);

    machine_pci_write(m->seg, m->bus, m->devfn, PCI_COMMAND, 2, command & ~bits);
}

/* ---- MSI ------------------------------------------------------------------------------------- */

static unsigned msi_data_offset(uint16_t control)
{
    return control & MSI_64 ? 0x0c : 0x08;
}

static unsigned msi_mask_offset(uint16_t control)
{
    return control & MSI_64 ? 0x10 : 0x0c;
}

static void msi_mask(const struct machine_msi *m, bool masked)
{
    uint16_t control = config_read(m, MSI_CONTROL);

    if (control & MSI_MASKABLE)
        config_write(m, msi_mask_offset(control), 4, masked ? 1 : 0);
    if (!masked && !(control & MSI_ENABLE))
        config_write(m, MSI_CONTROL, 2, control | MSI_ENABLE);
}

/* Disabled while it is written: half a message could name another CPU's vector. */
static int msi_setup(struct machine_msi *m, uint32_t address, uint32_t data)
{
    uint16_t control = config_read(m, MSI_CONTROL);
    bool live = control & MSI_ENABLE;

    if (m->nr > 1)
        return -XEN_EOPNOTSUPP;
    control = (uint16_t)(control & ~(MSI_ENABLE | MSI_MULTIPLE));
    config_write(m, MSI_CONTROL, 2, control);
    config_write(m, MSI_ADDRESS, 4, address);
    if (control & MSI_64)
        config_write(m, MSI_ADDRESS_HIGH, 4, 0);
    config_write(m, msi_data_offset(control), 2, data);
    if (control & MSI_MASKABLE)
        config_write(m, msi_mask_offset(control), 4, 1);
    command_set(m, PCI_COMMAND_NO_INTX);
    if (live)
        config_write(m, MSI_CONTROL, 2, control | MSI_ENABLE);
    return 0;
}

/* ---- MSI-X ----------------------------------------------------------------------------------- */

/* Where the entry is: the table's BAR, which must be the one dom0 means, and its offset in it. */
static int slot_find(struct machine_msi *m, maddr_t *addr)
{
    uint32_t table = machine_pci_read(m->seg, m->bus, m->devfn, (uint16_t)(m->cap + MSIX_TABLE), 4);
    uint64_t bar = pci_bar(m->seg, m->bus, m->devfn, table & 7);

    if (m->entry > (config_read(m, MSIX_CONTROL) & MSIX_SIZE))
        return -XEN_EINVAL;
    if (bar == 0) /* a virtual function has no BARs of its own to read */
        bar = m->table_base;
    if (bar == 0 || (m->table_base != 0 && m->table_base != bar))
        return -XEN_EINVAL;
    *addr = bar + (table & ~7u) + (uint64_t)m->entry * MSIX_ENTRY_BYTES;
    if (*addr < bar || *addr >> machine_maddr_bits() != 0)
        return -XEN_EINVAL;
    return 0;
}

static int msix_setup(struct machine_msi *m, uint32_t address, uint32_t data)
{
    uint16_t control = config_read(m, MSIX_CONTROL);
    maddr_t addr;
    int error = slot_find(m, &addr);

    if (error)
        return error;
    m->slot = machine_map_device(addr, MSIX_ENTRY_BYTES); /* a page mapped before serves again */
    if (!m->slot)
        return -XEN_ENOMEM;
    /* The table answers only with memory decoding on; and nothing may be sent half-written. */
    command_set(m, PCI_COMMAND_MEMORY | PCI_COMMAND_NO_INTX);
    config_write(m, MSIX_CONTROL, 2, control | MSIX_ENABLE | MSIX_MASK_ALL);
    m->slot[3] |= MSIX_ENTRY_MASKED;
    m->slot[0] = address;
    m->slot[1] = 0;
    m->slot[2] = data;
    (void)m->slot[3]; /* pushes the writes out to the function */
    config_write(m, MSIX_CONTROL, 2, control | MSIX_ENABLE);
    return 0;
}

static void msix_mask(const struct machine_msi *m, bool masked)
{
    uint32_t word;

    /* dom0 may have switched decoding off: then there is nothing to mask, nor any message. */
    if (!m->slot ||
        !(machine_pci_read(m->seg, m->bus, m->devfn, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY))
        return;
    word = m->slot[3];
    m->slot[3] = masked ? word | MSIX_ENTRY_MASKED : word & ~MSIX_ENTRY_MASKED;
    (void)m->slot[3];
}

/* ---- what machine.h promises ----------------------------------------------------------------- */

int machine_msi_setup(struct machine_msi *m, uint8_t vector, unsigned cpu)
{
    uint32_t apic_id;

    if (vector < VECTOR_DEVICE_FIRST || vector > VECTOR_DEVICE_LAST || cpu >= machine_nr_cpus())
        return -XEN_EINVAL;
    apic_id = machine_apic_id(cpu);
    if (apic_id > 0xff) /* beyond a message's field */
        return -XEN_EINVAL;
    m->cap = pci_capability(m->seg, m->bus, m->devfn, m->is_msix ? PCI_CAP_MSIX : PCI_CAP_MSI);
    if (!m->cap)
        return -XEN_ENODEV;
    if (m->is_msix)
        return msix_setup(m, MESSAGE_ADDRESS | apic_id << 12, vector);
    return msi_setup(m, MESSAGE_ADDRESS | apic_id << 12, vector);
}

void machine_msi_mask(struct machine_msi *m, bool masked)
{
    if (!m->cap)
        return;
    if (m->is_msix)
        msix_mask(m, masked);
    else
        msi_mask(m, masked);
}

void machine_msi_teardown(struct machine_msi *m)
{
    if (!m->cap)
        return;
    machine_msi_mask(m, true);
    if (!m->is_msix) {
        config_write(m, MSI_CONTROL, 2, config_read(m, MSI_CONTROL) & ~(uint32_t)MSI_ENABLE);
        command_clear(m, PCI_COMMAND_NO_INTX);
    }
    m->cap = 0;
    m->slot = NULL;
}
