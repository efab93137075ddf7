/* SPDX-License-Identifier: MIT */
/*
 * All 256 software interrupts from the kernel. None is registered for use but 3 and 4: each of the
 * others is #GP with n * 8 + 2, whatever gates the hypervisor has for itself.
 */
#include "check.h"

/* 256 stubs of four bytes: int n; ret; nop. */
extern char stubs[];
__asm__(".text\nstubs:\n"
        ".set n, 0\n"
        ".rept 256\n\t.byte 0xcd, n, 0xc3, 0x90\n\t.set n, n + 1\n.endr\n");

static void call(void *stub)
{
    __asm__ volatile("call *%0" : : "r"(stub) : "memory");
}

void test_main(void)
{
    unsigned wrong = 0;

    for (unsigned n = 0; n < 256; n++) {
        long vector = test_catch(call, stubs + 4 * n);

        if (n == 3 || n == 4) {
            CHECK(vector, n);
            CHECK(test_caught.rip, (uint64_t)(stubs + 4 * n + 2));
        } else if (vector != 13 || test_caught.error_code != n * 8 + 2 ||
                   test_caught.rip != (uint64_t)(stubs + 4 * n)) {
            if (!wrong++)
                console_print("int %u: vector %ld, error code %lx\n", n, vector,
                              test_caught.error_code);
        }
    }
    CHECK(wrong, 0);
}
