/* SPDX-License-Identifier: MIT */
/* Pinning: at the right level only, once only, never what is mapped writable, and undone once. */
#include "check.h"

static uint64_t table[512] PAGE, data[512] PAGE;

void test_main(void)
{
    uint64_t frame = virt_to_mfn(table), root = virt_to_mfn((void *)start_info->pt_base);

    CHECK_REFUSED(mmuext_frame(MMUEXT_PIN_L1_TABLE, virt_to_mfn(data))); /* mapped writable */
    CHECK(test_write(data), -1);
    NEED(page_remap(table, pte_make(frame, PTE_P | PTE_NX)));
    CHECK(mmuext_frame(MMUEXT_PIN_L1_TABLE, frame), 0);
    CHECK_REFUSED(mmuext_frame(MMUEXT_PIN_L1_TABLE, frame)); /* twice */
    CHECK_REFUSED(mmuext_frame(MMUEXT_PIN_L2_TABLE, frame)); /* another level */
    CHECK_REFUSED(page_remap(table, pte_make(frame, PTE_P | PTE_W)));
    CHECK(mmuext_frame(MMUEXT_UNPIN_TABLE, frame), 0);
    CHECK_REFUSED(mmuext_frame(MMUEXT_UNPIN_TABLE, frame));
    CHECK(page_remap(table, pte_make(frame, PTE_P | PTE_W)), 0); /* memory again */
    CHECK(test_write(table), -1);
    CHECK_REFUSED(mmuext_frame(MMUEXT_PIN_L1_TABLE, root)); /* our root as something else */
    CHECK_REFUSED(mmuext_frame(MMUEXT_UNPIN_TABLE, virt_to_mfn(data)));
    CHECK_REFUSED(mmuext_frame(MMUEXT_PIN_L4_TABLE, 1UL << 40));
    CHECK_REFUSED(mmuext_frame(MMUEXT_PIN_L4_TABLE, ~0UL));
    CHECK_REFUSED(mmuext_frame(MMUEXT_NEW_BASEPTR, virt_to_mfn(data)));
    CHECK_REFUSED(mmuext_frame(MMUEXT_NEW_BASEPTR, ~0UL));
    CHECK(test_write(data), -1);
}
