/* SPDX-License-Identifier: MIT */
/*
 * Console output of absurd lengths and from absurd places, and control characters. The console is
 * dom0's: others are refused before anything is looked at.
 */
#include "check.h"

void test_main(void)
{
    char junk[64];

    for (unsigned i = 0; i < sizeof(junk); i++)
        junk[i] = (char)(i * 37 + 128);
    CHECK_DOM0(hypercall_console_write(0, junk), 0);
    CHECK_DOM0(hypercall_console_write(sizeof(junk), junk), 0);
    CHECK_DOM0(hypercall_console_write(16, (const char *)0xffff830000000000UL), -XEN_EFAULT);
    CHECK_DOM0(hypercall_console_write(~0u, (const char *)0x123000), -XEN_EFAULT);
    CHECK(hypercall_console_read(16, (char *)0xffff830000000000UL) <= 0, 1);
    CHECK_DOM0(hypercall_console_read(0, junk), 0);
    CHECK(_hypercall3(__HYPERVISOR_console_io, 99, 0, 0) < 0, 1);
}
