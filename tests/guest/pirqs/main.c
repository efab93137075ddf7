/* SPDX-License-Identifier: MIT */
/*
 * Device interrupts: numbers that are none cannot be bound, queried, ended or unmapped; the page
 * that shows which need an end is set once; a domain without devices gets none.
 */
#include "check.h"
#include "public/physdev.h"

static char eoi_page[4096] PAGE;

static void nothing_there(uint32_t number)
{
    struct evtchn_bind_pirq bind = { .pirq = number };
    struct physdev_irq_status_query query = { .irq = number };
    struct physdev_eoi eoi = { .irq = number };

    CHECK(hypercall_evtchn_bind_pirq(&bind) < 0, 1);
    CHECK(hypercall_physdev_irq_status_query(&query), -XEN_EINVAL);
    CHECK(hypercall_physdev_eoi(&eoi), -XEN_EINVAL);
}

static void map(domid_t domid, int32_t type, int32_t index)
{
    struct physdev_map_pirq op = { .domid = domid, .type = type, .index = index, .pirq = -1 };
    struct physdev_unmap_pirq undo = { .domid = domid, .pirq = 4711 };

    CHECK(hypercall_physdev_map_pirq(&op) < 0, 1);
    CHECK(hypercall_physdev_unmap_pirq(&undo) < 0, 1);
}

static void eoi_pages(void)
{
    struct physdev_pirq_eoi_gmfn op = { .gmfn = virt_to_mfn((void *)start_info->pt_base) };

    CHECK(hypercall_physdev_pirq_eoi_gmfn_v2(&op) < 0, 1); /* a page table */
    op.gmfn = 1UL << 40;
    CHECK(hypercall_physdev_pirq_eoi_gmfn_v1(&op) < 0, 1);
    op.gmfn = virt_to_mfn(eoi_page);
    CHECK(hypercall_physdev_pirq_eoi_gmfn_v2(&op), 0);
    CHECK(hypercall_physdev_pirq_eoi_gmfn_v2(&op), -XEN_EBUSY);
    CHECK(hypercall_physdev_pirq_eoi_gmfn_v1(&op), -XEN_EBUSY);
}

void test_main(void)
{
    struct physdev_get_free_pirq take = { .type = MAP_PIRQ_TYPE_MSI };
    static const uint32_t odd[] = { 4711, 0x7fffffff, 0x80000000, ~0u };

    NEED(event_init());
    for (unsigned i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
        nothing_there(odd[i]);
    map(DOMID_SELF, MAP_PIRQ_TYPE_GSI, 4711);
    map(DOMID_SELF, 77, 1);
    map(DOMID_SELF, MAP_PIRQ_TYPE_MSI, -1); /* of a device that is not there */
    map(4711, MAP_PIRQ_TYPE_GSI, 9);
    if (hypercall_physdev_get_free_pirq(&take) == 0) { /* a name alone is no interrupt */
        struct evtchn_bind_pirq bind = { .pirq = take.pirq };

        CHECK(hypercall_evtchn_bind_pirq(&bind) < 0, 1);
    }
    eoi_pages();
    CHECK(_hypercall2(__HYPERVISOR_physdev_op, 99, (unsigned long)eoi_page), -XEN_ENOSYS);
}
