/* SPDX-License-Identifier: MIT */
/*
 * Swapping two grants: each then names what the other did. Not while one is in use, and not beyond
 * the table; a refused swap changes neither.
 */
#include "check.h"
#include "lamina/grant.h"

static volatile char first[4096] PAGE, second[4096] PAGE, window[4096] PAGE;
static domid_t self;

static int swap(grant_ref_t a, grant_ref_t b)
{
    struct gnttab_swap_grant_ref op = { .ref_a = a, .ref_b = b, .status = 77 };

    CHECK(hypercall_gnttab_swap_grant_ref(&op, 1), 0);
    return op.status;
}

/* The first byte of what it grants. */
static int seen(grant_ref_t ref)
{
    struct gnttab_copy op = { .source = { .u.ref = ref, .domid = self },
                              .len = 1,
                              .dest = { .u.gmfn = virt_to_mfn((void *)window),
                                        .domid = DOMID_SELF },
                              .flags = GNTCOPY_source_gref };

    window[0] = 0;
    CHECK(hypercall_gnttab_copy(&op, 1), 0);
    CHECK(op.status, GNTST_okay);
    return window[0];
}

void test_main(void)
{
    struct gnttab_map_grant_ref map;
    struct gnttab_unmap_grant_ref unmap;
    uint64_t entry = *pte_of((void *)window, 1);
    grant_ref_t a, b;

    NEED(grant_init());
    self = test_self();
    first[0] = 1;
    second[0] = 2;
    a = grant_give(self, (const void *)first, true);
    b = grant_give(self, (const void *)second, true);
    CHECK(seen(a), 1);
    CHECK(seen(b), 2);
    CHECK(swap(a, b), GNTST_okay);
    CHECK(seen(a), 2);
    CHECK(seen(b), 1);
    CHECK(swap(a, a), GNTST_okay);
    CHECK(swap(a, ~0u), GNTST_bad_gntref);
    CHECK(swap(1 << 24, b), GNTST_bad_gntref);
    CHECK(seen(a), 2);
    NEED(page_remap((void *)window, 0));
    map = (struct gnttab_map_grant_ref){ .host_addr = (uint64_t)window,
                                         .ref = a,
                                         .dom = self,
                                         .flags = GNTMAP_host_map | GNTMAP_readonly };
    NEED(hypercall_gnttab_map_grant_ref(&map, 1));
    NEED(map.status);
    CHECK(swap(a, b), GNTST_eagain);
    CHECK(window[0], 2);
    unmap = (struct gnttab_unmap_grant_ref){ .host_addr = (uint64_t)window, .handle = map.handle };
    CHECK(hypercall_gnttab_unmap_grant_ref(&unmap, 1), 0);
    NEED(page_remap((void *)window, entry));
    CHECK(swap(a, b), GNTST_okay);
    CHECK(seen(a), 1);
    CHECK(grant_take_back(a), 1);
    CHECK(grant_take_back(b), 1);
}
