/* SPDX-License-Identifier: MIT */
/* Grant operations that are left out or are for translated domains: refused, with nothing moved. */
#include "check.h"
#include "public/grant_table.h"

static char page[4096] PAGE;

void test_main(void)
{
    struct gnttab_transfer give = { .mfn = virt_to_mfn(page), .domid = 0, .ref = 8 };
    struct gnttab_dump_table dump = { .dom = DOMID_SELF };
    struct gnttab_cache_flush flush = { .a.dev_bus_addr = virt_to_mfn(page) << PAGE_SHIFT,
                                        .length = 64,
                                        .op = GNTTAB_CACHE_CLEAN };

    test_needs_lamina("Xen offers them");
    CHECK(hypercall_gnttab_transfer(&give, 1), -XEN_ENOSYS);
    CHECK(hypercall_gnttab_dump_table(&dump), -XEN_ENOSYS);
    CHECK(hypercall_gnttab_cache_flush(&flush, 1), -XEN_ENOSYS);
    for (unsigned op = 13; op < 64; op++)
        CHECK(_hypercall3(__HYPERVISOR_grant_table_op, op, (unsigned long)&give, 1), -XEN_ENOSYS);
    CHECK(test_write(page), -1);
    CHECK(mfn_to_pfn(virt_to_mfn(page)), virt_to_pfn(page));
}
