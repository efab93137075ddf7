/* SPDX-License-Identifier: MIT */
/* Trap tables with handlers in the hypervisor (which fault, as any jump there does), selectors of
 * ring 0, and lists that do not end. */
#include "check.h"

static struct trap_info endless[300] PAGE;

static long set(uint8_t vector, uint16_t cs, uint64_t address)
{
    struct trap_info table[2] = { { .vector = vector, .cs = cs, .address = address }, { 0 } };

    return hypercall_set_trap_table(table);
}

static void breakpoint(void *arg)
{
    (void)arg;
    __asm__ volatile("int3");
}

void test_main(void)
{
    (void)set(3, FLAT_KERNEL_CS, 0xffff830000000000UL);
    CHECK(test_catch(breakpoint, NULL), 14);
    CHECK(test_caught.rip, 0xffff830000000000UL);
    trap_init();
    CHECK(test_catch(breakpoint, NULL), 3);
    CHECK(test_read((void *)0x123000UL), 14); /* the page fault handler still works */
    for (unsigned i = 0; i < 300; i++)
        endless[i] = (struct trap_info){ .vector = 200, .cs = FLAT_KERNEL_CS,
                                         .address = (uint64_t)test_main };
    /* As many entries as there are vectors is all that anybody needs: it comes back. */
    (void)hypercall_set_trap_table(endless);
    CHECK(set(255, 0, (uint64_t)test_main), 0); /* a null selector is mended, as for all kernels */
    CHECK(set(255, 0xe008, (uint64_t)test_main) <= 0, 1); /* the hypervisor's own code segment */
    CHECK(hypercall_set_trap_table(NULL), 0); /* clears it */
    trap_init();
    CHECK(test_read((void *)0x123000UL), 14);
}
