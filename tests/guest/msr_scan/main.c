/* SPDX-License-Identifier: MIT */
/*
 * Every MSR number of the usual ranges, read and written back: a value or #GP, and neither the
 * machine nor what this guest stands on changes.
 */
#include "check.h"

static uint32_t number;
static uint64_t value;

static void read_msr(void *arg)
{
    uint32_t low, high;

    (void)arg;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
    value = (uint64_t)high << 32 | low;
}

static void write_msr(void *arg)
{
    (void)arg;
    __asm__ volatile("wrmsr" : : "c"(number), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

static unsigned scan(uint32_t from, uint32_t to)
{
    unsigned odd = 0;

    for (number = from; number < to; number++) {
        long vector = test_catch(read_msr, NULL);

        odd += vector != -1 && vector != 13;
        /* Writing back what was read must be harmless; all ones must be refused or ignored. */
        if (vector == -1 && number != 0xc0000102) {
            vector = test_catch(write_msr, NULL);
            odd += vector != -1 && vector != 13;
        }
        value = ~0UL;
        vector = test_catch(write_msr, NULL);
        odd += vector != -1 && vector != 13;
    }
    return odd;
}

void test_main(void)
{
    CHECK(scan(0, 0x600), 0);
    CHECK(scan(0x800, 0x900), 0);
    CHECK(scan(0xc0000080, 0xc0000100), 0);
    CHECK(scan(0xc0010000, 0xc0010120), 0);
    number = 0xc0000080;
    CHECK(test_catch(read_msr, NULL), -1);
    CHECK(value & 0x500, 0x500); /* still in long mode */
    CHECK(hypercall_version_version() > 0, 1); /* SYSCALL still leads to the hypervisor */
}
