/* SPDX-License-Identifier: MIT */
/*
 * Grant copies at every edge: offsets and lengths that leave the page, sizes of nothing, frames of
 * nobody, references beyond the table. Bytes around the target stay as they were.
 */
#include "check.h"
#include "lamina/grant.h"

static char from[4096] PAGE, to[3][4096] PAGE;

static int copy(uint16_t source_at, uint16_t dest_at, uint16_t length, uint64_t dest_frame)
{
    struct gnttab_copy op = { .len = length, .flags = GNTCOPY_source_gref, .status = 77 };
    static grant_ref_t ref;

    if (!ref)
        ref = grant_give(test_self(), from, true);
    op.source.u.ref = ref;
    op.source.domid = DOMID_SELF;
    op.source.offset = source_at;
    op.dest.u.gmfn = dest_frame;
    op.dest.domid = DOMID_SELF;
    op.dest.offset = dest_at;
    CHECK(hypercall_gnttab_copy(&op, 1), 0);
    return op.status;
}

void test_main(void)
{
    uint64_t frame = virt_to_mfn(to[1]);
    unsigned outside = 0;

    NEED(grant_init());
    for (unsigned i = 0; i < 4096; i++)
        from[i] = 0x11;
    CHECK(copy(0, 0, 4096, frame), GNTST_okay);
    CHECK(copy(4095, 4095, 1, frame), GNTST_okay);
    CHECK(copy(4095, 0, 2, frame), GNTST_bad_copy_arg);
    CHECK(copy(0, 4095, 2, frame), GNTST_bad_copy_arg);
    CHECK(copy(0xffff, 0, 1, frame), GNTST_bad_copy_arg);
    CHECK(copy(0, 0xffff, 0xffff, frame), GNTST_bad_copy_arg);
    CHECK(copy(0, 0, 4097, frame), GNTST_bad_copy_arg);
    CHECK(copy(0, 0, 0, frame), GNTST_okay);
    CHECK(copy(0, 0, 16, ~0UL) < 0, 1);
    CHECK(copy(0, 0, 16, 1UL << 40) < 0, 1);
    CHECK(copy(0, 0, 16, virt_to_mfn((void *)start_info->pt_base)) < 0, 1); /* a page table */
    for (unsigned i = 0; i < 4096; i++)
        outside += to[0][i] != 0 || to[2][i] != 0;
    CHECK(outside, 0);
}
