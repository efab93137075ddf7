/* SPDX-License-Identifier: MIT */
/*
 * Unmapping a grant with another mapping of ours in its place: either that one moves there and
 * leaves its own address, or nothing changes at all; without another one it is a plain unmap.
 */
#include "check.h"
#include "lamina/grant.h"

static volatile char granted[4096] PAGE, window[4096] PAGE, spare[4096] PAGE;

static grant_handle_t map(grant_ref_t ref, domid_t self)
{
    struct gnttab_map_grant_ref op = { .host_addr = (uint64_t)window,
                                       .flags = GNTMAP_host_map,
                                       .ref = ref,
                                       .dom = self,
                                       .status = 77 };

    NEED(page_remap((void *)window, 0));
    NEED(hypercall_gnttab_map_grant_ref(&op, 1));
    NEED(op.status);
    return op.handle;
}

static int replace(grant_handle_t handle, uint64_t host, uint64_t other)
{
    struct gnttab_unmap_and_replace op = {
        .host_addr = host, .new_addr = other, .handle = handle, .status = 77
    };

    CHECK(hypercall_gnttab_unmap_and_replace(&op, 1), 0);
    return op.status;
}

void test_main(void)
{
    grant_handle_t handle;
    grant_ref_t ref;

    NEED(grant_init());
    granted[0] = 1;
    spare[0] = 2;
    ref = grant_give(test_self(), (const void *)granted, false);
    handle = map(ref, test_self());
    CHECK(window[0], 1);
    CHECK(replace(handle + 4711, (uint64_t)window, 0), GNTST_bad_handle);
    CHECK(replace(handle, (uint64_t)window, 0xffff830000000000UL) < 0, 1);
    CHECK(window[0], 1);
    CHECK(spare[0], 2);
    if (replace(handle, (uint64_t)window, (uint64_t)spare) == GNTST_okay) { /* Xen does it */
        CHECK(window[0], 2);
        CHECK(test_read(spare), 14);
    } else {
        CHECK(window[0], 1);
        CHECK(spare[0], 2);
        CHECK(replace(handle, (uint64_t)window, 0), GNTST_okay);
        CHECK(test_read(window), 14);
    }
    CHECK(replace(handle, (uint64_t)window, 0), GNTST_bad_handle);
    CHECK(grant_take_back(ref), 1);
    CHECK(granted[0], 1);
}
