/* SPDX-License-Identifier: MIT */
/*
 * The pseudo-physical map of a PV domain is its own affair: what is only for translated domains is
 * refused, spaces and frames that are not there too, and nothing is shared.
 */
#include "check.h"
#include "public/memory.h"

static char page[4096] PAGE;

static long add(unsigned space, uint64_t index, domid_t domid)
{
    struct xen_add_to_physmap op = {
        .domid = domid, .space = space, .idx = index, .gpfn = virt_to_pfn(page)
    };

    return hypercall_memory_add_to_physmap(&op);
}

void test_main(void)
{
    struct xen_remove_from_physmap take = { .domid = DOMID_SELF, .gpfn = virt_to_pfn(page) };
    struct xen_vnuma_topology_info nodes = { .domid = DOMID_SELF };
    struct xen_add_to_physmap_batch list = {
        .domid = DOMID_SELF, .space = XENMAPSPACE_gmfn, .size = 1, .idxs = 0xffff830000000000UL
    };
    uint64_t entry = *pte_of(page, 1);

    CHECK(add(XENMAPSPACE_shared_info, 1, DOMID_SELF) < 0, 1);
    CHECK(add(XENMAPSPACE_grant_table, 1 << 20, DOMID_SELF) < 0, 1);
    CHECK(add(XENMAPSPACE_gmfn, 0, DOMID_SELF) < 0, 1);
    CHECK(add(XENMAPSPACE_gmfn_foreign, 0, DOMID_SELF) < 0, 1);
    CHECK(add(99, 0, DOMID_SELF) < 0, 1);
    CHECK_NOBODY(add(XENMAPSPACE_shared_info, 0, 4711));
    CHECK(hypercall_memory_remove_from_physmap(&take) < 0, 1);
    CHECK(hypercall_memory_add_to_physmap_batch(&list) < 0, 1);
    CHECK(hypercall_memory_get_vnumainfo(&nodes), -XEN_EOPNOTSUPP);
    CHECK(hypercall_memory_get_sharing_freed_pages(), 0);
    CHECK(hypercall_memory_get_sharing_shared_pages(), 0);
    CHECK(*pte_of(page, 1), entry);
    CHECK(mfn_to_pfn(virt_to_mfn(page)), virt_to_pfn(page));
    CHECK(test_write(page), -1);
}
