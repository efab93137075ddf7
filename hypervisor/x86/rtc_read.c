/* SPDX-License-Identifier: MIT */
/*
 * Reading the CMOS clock, once, at boot: dom0 owns the chip afterwards. Registers change under the
 * reader once a second; a reading counts when no update was under way and a second one equals it.
 */
#include "x86/firmware.h"
#include "x86/machine.h"
#include "x86/port.h"
#include "x86/rtc.h"

#define CMOS_INDEX  0x70
#define CMOS_DATA   0x71
#define NMI_DISABLE 0x80 /* of the index port; we leave NMIs on */

#define REG_SECOND        0x00
#define REG_MINUTE        0x02
#define REG_HOUR          0x04
#define REG_DAY           0x07
#define REG_MONTH         0x08
#define REG_YEAR          0x09
#define REG_STATUS_A      0x0a
#define REG_STATUS_B      0x0b
#define STATUS_A_UPDATING 0x80

#define READING_NS UINT64_C(100000000) /* an update takes 2 ms, two readings much less */

static uint8_t cmos_read(uint8_t index)
{
    port_out8(CMOS_INDEX, (uint8_t)(index & ~NMI_DISABLE));
    return port_in8(CMOS_DATA);
}

static struct rtc_registers registers_read(void)
{
    uint8_t century = firmware_acpi()->century;

    return (struct rtc_registers){
        .second = cmos_read(REG_SECOND),
        .minute = cmos_read(REG_MINUTE),
        .hour = cmos_read(REG_HOUR),
        .day = cmos_read(REG_DAY),
        .month = cmos_read(REG_MONTH),
        .year = cmos_read(REG_YEAR),
        .century = century ? cmos_read(century) : 0,
        .status_b = cmos_read(REG_STATUS_B),
        .has_century = century != 0,
    };
}

uint64_t machine_wallclock_s(void)
{
    const uint64_t end = machine_now_ns() + READING_NS;
    uint64_t last = 0;

    while (machine_now_ns() < end) {
        struct rtc_registers r;
        uint64_t seconds;

        if (cmos_read(REG_STATUS_A) & STATUS_A_UPDATING)
            continue;
        r = registers_read();
        seconds = rtc_decode(&r);
        if (seconds && seconds == last)
            return seconds;
        last = seconds;
    }
    return 0;
}
