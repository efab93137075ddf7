/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's part of the address space from ring 3: reads, writes and jumps at the edges of
 * its slots must fault as on absent memory, and tell nothing of what is there.
 */
#include "check.h"

static void jump_to(void *address)
{
    __asm__ volatile("jmp *%0" : : "r"(address));
}

void test_main(void)
{
    static const uint64_t addresses[] = {
        0xffff808000000000UL, 0xffff80ffffffffffUL, 0xffff810000000000UL, 0xffff818000000000UL,
        0xffff820000000000UL, 0xffff828000000000UL, 0xffff830000000000UL, 0xffff87ffffffffffUL,
    };

    for (unsigned i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        void *address = (void *)addresses[i];

        CHECK(test_read(address), 14);
        CHECK(test_caught.error_code & ~1UL, 0); /* a read by the kernel, and no more */
        CHECK(test_write(address), 14);
        CHECK(test_catch(jump_to, address), 14);
        CHECK(test_caught.rip, addresses[i]);
    }
}
