/* SPDX-License-Identifier: MIT */
/*
 * The board's counters, best first: ACPI's power management timer, and channel 2 of the 8254, which
 * every PC has. Only calibration uses them; none interrupts.
 */
#include "x86/reference.h"
#include "x86/firmware.h"
#include "x86/port.h"

static struct reference reference;

/* ---- ACPI PM timer --------------------------------------------------------------------------- */

#define PM_TIMER_HZ 3579545

static uint32_t pm_timer_read(void)
{
    return port_in32((uint16_t)firmware_acpi()->pm_timer.addr);
}

static bool pm_timer_start(void)
{
    const struct acpi_info *acpi = firmware_acpi();

    if (!acpi->pm_timer.present || acpi->pm_timer.space != ACPI_IO)
        return false;
    reference =
        (struct reference){ pm_timer_read, acpi->pm_timer_32 ? UINT32_MAX : 0xffffff, PM_TIMER_HZ };
    return true;
}

/* ---- 8254 ------------------------------------------------------------------------------------ */

#define PIT_HZ       1193182
#define PIT_CHANNEL2 0x42
#define PIT_CONTROL  0x43
#define PIT_GATE     0x61

static uint32_t pit_read(void)
{
    uint8_t low;

    port_out8(PIT_CONTROL, 0x80); /* latch channel 2 */
    low = port_in8(PIT_CHANNEL2);
    return 0u - (uint32_t)(low | port_in8(PIT_CHANNEL2) << 8); /* it counts down */
}

static bool pit_start(void)
{
    port_out8(PIT_GATE, (uint8_t)((port_in8(PIT_GATE) & ~2) | 1)); /* gate on, speaker off */
    port_out8(PIT_CONTROL, 0xb4); /* channel 2, low then high byte, rate generator */
    port_out8(PIT_CHANNEL2, 0);   /* 0: all 65536 */
    port_out8(PIT_CHANNEL2, 0);
    reference = (struct reference){ pit_read, 0xffff, PIT_HZ };
    return true;
}

const struct reference *reference_get(unsigned i)
{
    static bool (*const start[])(void) = { pm_timer_start, pit_start };

    for (unsigned n = 0; n < ARRAY_SIZE(start); n++) {
        if (start[n]() && i-- == 0)
            return &reference;
    }
    return NULL;
}
