/* SPDX-License-Identifier: MIT */
/*
 * RFLAGS at a hypercall: direction, nested task and alignment check set by the guest neither harm
 * the hypervisor nor change what it does, and the flags are the guest's own again afterwards.
 */
#include "check.h"

#define DF 0x400UL
#define NT 0x4000UL
#define AC 0x40000UL

static char misaligned[64] __attribute__((aligned(64)));

/* A hypercall that copies out 16 bytes, to an odd address, with these flags. */
static uint64_t call_with(uint64_t flags, long *result)
{
    uint64_t after, nr = __HYPERVISOR_xen_version, sub = XENVER_extraversion;
    char *to = misaligned + 3;

    __asm__ volatile("pushq %[flags]\n\tpopfq\n\tsyscall\n\tpushfq\n\tpopq %[after]\n\t"
                     "pushq $2\n\tpopfq"
                     : [after] "=&r"(after), "+a"(nr), "+D"(sub), "+S"(to)
                     : [flags] "r"(flags)
                     : "rcx", "r11", "memory", "cc");
    *result = (long)nr;
    return after;
}

void test_main(void)
{
    static const uint64_t flags[] = { 0, DF, NT, AC, DF | NT | AC };
    long result;

    for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        uint64_t after;

        misaligned[3] = '?';
        after = call_with(flags[i] | 2, &result);
        CHECK(result, 0);
        CHECK(misaligned[3] == '?', 0);
        CHECK(misaligned[2], 0); /* not written backwards */
        CHECK(after & DF, flags[i] & DF);
        CHECK(after & AC, flags[i] & AC);
    }
}
