/* SPDX-License-Identifier: MIT */
/*
 * A tree of our own, pinned at its L3: the tables below are read-only as long as the pin holds,
 * each can be looked at, and the unpinned frames are plain memory again, in whatever order.
 */
#include "check.h"

static uint64_t l3[512] PAGE, l2[512] PAGE, l1[512] PAGE;
static char data[4096] PAGE;

static long protect(void *table)
{
    return page_remap(table, pte_make(virt_to_mfn(table), PTE_P | PTE_A | PTE_NX));
}

static long release(void *table)
{
    return page_remap(table, pte_make(virt_to_mfn(table), PTE_P | PTE_W | PTE_A | PTE_D | PTE_NX));
}

void test_main(void)
{
    void *const tables[] = { l3, l2, l1 };

    l3[3] = pte_make(virt_to_mfn(l2), 7);
    l2[7] = pte_make(virt_to_mfn(l1), 7);
    l1[511] = pte_make(virt_to_mfn(data), 7);
    CHECK_REFUSED(mmuext_frame(MMUEXT_PIN_L3_TABLE, virt_to_mfn(l3))); /* mapped writable */
    for (unsigned i = 0; i < 3; i++)
        NEED(protect(tables[i]));
    CHECK(mmuext_frame(MMUEXT_PIN_L3_TABLE, virt_to_mfn(l3)), 0);
    CHECK_REFUSED(mmuext_frame(MMUEXT_PIN_L3_TABLE, virt_to_mfn(l3)));
    CHECK_REFUSED(mmuext_frame(MMUEXT_PIN_L2_TABLE, virt_to_mfn(l3))); /* of another level */
    CHECK_REFUSED(mmuext_frame(MMUEXT_PIN_L4_TABLE, virt_to_mfn(l2)));
    CHECK_REFUSED(mmuext_frame(MMUEXT_PIN_L1_TABLE, virt_to_mfn(l2)));
    CHECK(mmuext_frame(MMUEXT_PIN_L1_TABLE, virt_to_mfn(l1)), 0); /* a part has a pin of its own */
    for (unsigned i = 0; i < 3; i++) {
        CHECK_REFUSED(release(tables[i]));
        CHECK(test_read(tables[i]), -1);
    }
    CHECK(mmuext_frame(MMUEXT_UNPIN_TABLE, virt_to_mfn(l3)), 0);
    CHECK(release(l3), 0);
    CHECK(release(l2), 0);
    CHECK_REFUSED(release(l1));
    CHECK(mmuext_frame(MMUEXT_UNPIN_TABLE, virt_to_mfn(l1)), 0);
    CHECK_REFUSED(mmuext_frame(MMUEXT_UNPIN_TABLE, virt_to_mfn(l1)));
    CHECK(release(l1), 0);
    for (unsigned i = 0; i < 3; i++)
        CHECK(test_write(tables[i]), -1);
    CHECK(l1[511] & (PTE_ADDRESS | 7), pte_make(virt_to_mfn(data), 7)); /* as it was */
}
