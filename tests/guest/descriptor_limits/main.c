/* SPDX-License-Identifier: MIT */
/* Sizes and places of GDT and LDT at their limits. */
#include "check.h"

static uint64_t gdt[512] PAGE;

static long ldt(uint64_t address, uint32_t entries)
{
    struct mmuext_op op = { .cmd = MMUEXT_SET_LDT, .arg1.linear_addr = address,
                            .arg2.nr_ents = entries };

    return hypercall_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

void test_main(void)
{
    uint64_t frames[16];
    uint16_t ds;

    NEED(page_remap(gdt, pte_make(virt_to_mfn(gdt), PTE_P | PTE_NX)));
    for (unsigned i = 0; i < 16; i++)
        frames[i] = virt_to_mfn(gdt);
    CHECK(hypercall_set_gdt(frames, 7168), 0); /* 14 times the same page */
    CHECK(hypercall_set_gdt(frames, 7169), -XEN_EINVAL);
    CHECK(hypercall_set_gdt(frames, ~0u), -XEN_EINVAL);
    frames[1] = ~0UL;
    CHECK_REFUSED(hypercall_set_gdt(frames, 513));
    CHECK(hypercall_set_gdt(frames, 512), 0);
    frames[0] = virt_to_mfn((void *)start_info->pt_base);
    CHECK_REFUSED(hypercall_set_gdt(frames, 1));
    CHECK_REFUSED(page_remap(gdt, pte_make(virt_to_mfn(gdt), PTE_P | PTE_W))); /* in use */
    CHECK(hypercall_set_gdt(frames, 0), 0);
    CHECK(page_remap(gdt, pte_make(virt_to_mfn(gdt), PTE_P | PTE_W | PTE_NX)), 0);
    CHECK(ldt((uint64_t)gdt, 8193), -XEN_EINVAL);
    CHECK(ldt((uint64_t)gdt + 8, 1), -XEN_EINVAL); /* not aligned */
    CHECK(ldt(0xffff830000000000UL, 1), -XEN_EINVAL);
    CHECK(ldt(0, 0), 0);
    __asm__ volatile("movw %%ds, %0" : "=r"(ds));
    CHECK(ds & ~3, ds & ~3 ? 0xe028 : 0);
}
