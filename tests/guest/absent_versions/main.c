/* SPDX-License-Identifier: MIT */
/*
 * What is left out removes its attacks: version 2 of grant tables and FIFO event channels are
 * refused in any order, before and after other set-up, and leave nothing half done.
 */
#include "check.h"
#include "lamina/grant.h"

void test_main(void)
{
    struct gnttab_set_version version = { .version = 2 };
    struct gnttab_get_version current = { .dom = DOMID_SELF };
    struct evtchn_init_control control = { .control_gfn = virt_to_mfn(start_info) };
    uint64_t frames[1];
    struct gnttab_get_status_frames status = { .dom = DOMID_SELF,
                                               .nr_frames = 1,
                                               .frame_list = (uint64_t)frames };
    struct evtchn_set_priority priority = { .port = 1, .priority = 1 };
    struct evtchn_expand_array array = { .array_gfn = virt_to_mfn(start_info) };
    long result;

    test_needs_lamina("Xen offers version 2 grants and FIFO event channels");
    CHECK(hypercall_gnttab_set_version(&version), -XEN_ENOSYS);
    CHECK(hypercall_gnttab_get_version(&current), 0);
    CHECK(current.version, 1);
    result = hypercall_gnttab_get_status_frames(&status, 1);
    CHECK(result < 0 || status.status != GNTST_okay, 1);
    CHECK(hypercall_evtchn_init_control(&control) < 0, 1);
    CHECK(hypercall_evtchn_expand_array(&array) < 0, 1);
    CHECK(hypercall_evtchn_set_priority(&priority), -XEN_ENOSYS);
    NEED(grant_init());
    version.version = 2;
    CHECK(hypercall_gnttab_set_version(&version), -XEN_ENOSYS);
    version.version = 77;
    CHECK(hypercall_gnttab_set_version(&version), -XEN_EINVAL);
    CHECK(grant_give(0, frames, true) != GRANT_NONE, 1);
}
