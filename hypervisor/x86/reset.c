/* SPDX-License-Identifier: MIT */
/*
 * The end of the machine: reset, power-off, halt. Each way out is tried in turn, the one that the
 * firmware names first, with a bounded wait between; none needs interrupts or other CPUs, for a
 * panic ends here too.
 */
#include "public/errno.h"
#include "x86/clock.h"
#include "x86/firmware.h"
#include "x86/machine.h"
#include "x86/port.h"

#define KBC_DATA        0x60
#define KBC_COMMAND     0x64
#define KBC_INPUT_FULL  0x02
#define KBC_PULSE_RESET 0xfe
#define RESET_CONTROL   0xcf9
#define RESET_HARD      0x02
#define RESET_NOW       0x06

#define PM1_SLEEP_ENABLE  0x2000
#define PM1_SLEEP_TYPE(t) ((uint16_t)(((t)&7) << 10))
#define PM1_KEEP          0x0203 /* SCI_EN, BM_RLD and the reserved bit 9 stay as they are */
#define PM1_WAKE_STATUS   0x8000

#define WAIT_US 50000 /* for a register to take effect */

/* ---- reset ----------------------------------------------------------------------------------- */

static void reset_by_acpi(void)
{
    const struct acpi_info *acpi = firmware_acpi();
    const struct acpi_register *r = &acpi->reset;

    if (r->present && r->space == ACPI_IO) {
        port_out8((uint16_t)r->addr, acpi->reset_value);
    } else if (r->present && r->space == ACPI_MEMORY) {
        volatile uint8_t *p = machine_map_device(r->addr, 1);

        if (p)
            *p = acpi->reset_value;
    } else {
        return;
    }
    clock_wait_us(WAIT_US);
}

static void reset_by_8042(void)
{
    if (!firmware_acpi()->has_8042)
        return;
    for (unsigned i = 0; i < WAIT_US && (port_in8(KBC_COMMAND) & KBC_INPUT_FULL); i++)
        (void)port_in8(KBC_DATA);
    port_out8(KBC_COMMAND, KBC_PULSE_RESET);
    clock_wait_us(WAIT_US);
}

static void reset_by_chipset(void)
{
    uint8_t value = (uint8_t)(port_in8(RESET_CONTROL) & ~RESET_NOW);

    port_out8(RESET_CONTROL, value | RESET_HARD);
    clock_wait_us(50);
    port_out8(RESET_CONTROL, value | RESET_NOW);
    clock_wait_us(WAIT_US);
}

/* With no descriptor table an exception cannot be delivered, nor can what follows: shutdown. */
static void reset_by_triple_fault(void)
{
    static const struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) none = { 0, 0 };

    __asm__ volatile("lidt %0; ud2" : : "m"(none));
}

void machine_reboot(void)
{
    __asm__ volatile("cli");
    machine_stop_others();
    reset_by_acpi();
    reset_by_8042();
    reset_by_chipset();
    reset_by_triple_fault();
    machine_halt();
}

void machine_halt(void)
{
    for (;;)
        __asm__ volatile("cli; hlt");
}

/* ---- sleep ----------------------------------------------------------------------------------- */

static uint16_t pm1_read(const struct acpi_register *r)
{
    return r->present && r->space == ACPI_IO ? port_in16((uint16_t)r->addr) : 0;
}

static void pm1_write(const struct acpi_register *r, uint16_t value)
{
    if (r->present && r->space == ACPI_IO)
        port_out16((uint16_t)r->addr, value);
}

/* The type first, then the enable bit in both blocks: some chipsets want two writes. */
static void sleep_enter(uint16_t pm1a, uint16_t pm1b)
{
    const struct acpi_info *acpi = firmware_acpi();

    pm1_write(&acpi->pm1a_event, PM1_WAKE_STATUS); /* writing 1 clears it */
    pm1_write(&acpi->pm1a_control, pm1a & (uint16_t)~PM1_SLEEP_ENABLE);
    pm1_write(&acpi->pm1b_control, pm1b & (uint16_t)~PM1_SLEEP_ENABLE);
    machine_flush_caches();
    pm1_write(&acpi->pm1a_control, pm1a | PM1_SLEEP_ENABLE);
    pm1_write(&acpi->pm1b_control, pm1b | PM1_SLEEP_ENABLE);
}

/*
 * Only the states that end the machine: nothing here could bring it back from the others. Other
 * CPUs need no stopping, they lose power in whatever they do.
 */
int machine_acpi_sleep(uint8_t state, uint16_t pm1a, uint16_t pm1b)
{
    const struct acpi_info *acpi = firmware_acpi();

    if (state != 4 && state != 5)
        return -XEN_EOPNOTSUPP;
    if (!acpi->pm1a_control.present || acpi->pm1a_control.space != ACPI_IO)
        return -XEN_ENODEV;
    sleep_enter(pm1a, pm1b);
    clock_wait_us(20 * WAIT_US);
    return -XEN_EIO;
}

void machine_poweroff(void)
{
    const struct acpi_info *acpi = firmware_acpi();

    __asm__ volatile("cli");
    machine_stop_others();
    if (acpi->has_s5)
        sleep_enter((pm1_read(&acpi->pm1a_control) & PM1_KEEP) | PM1_SLEEP_TYPE(acpi->s5_a),
                    (pm1_read(&acpi->pm1b_control) & PM1_KEEP) | PM1_SLEEP_TYPE(acpi->s5_b));
    machine_halt();
}
