/* SPDX-License-Identifier: MIT */
/* Where a vCPU's information may lie: in a frame of ours, whole and aligned; moved once only. */
#include "check.h"
#include "public/vcpu.h"

static char page[4096] PAGE;

static long place(uint64_t frame, uint32_t offset)
{
    struct vcpu_register_vcpu_info op = { .mfn = frame, .offset = offset };

    return hypercall_vcpu_register_vcpu_info(0, &op);
}

void test_main(void)
{
    uint64_t frame = virt_to_mfn(page), table = virt_to_mfn((void *)start_info->pt_base);
    struct vcpu_info *info = (struct vcpu_info *)(page + 4096 - sizeof(struct vcpu_info));

    NEED(event_init());
    CHECK(place(frame, 4096 - sizeof(struct vcpu_info) + 8), -XEN_ENXIO); /* leaves the page */
    CHECK(place(frame, 4096), -XEN_ENXIO);
    CHECK(place(frame, ~0u & ~7u), -XEN_ENXIO);
    CHECK(place(frame, 4), -XEN_ENXIO); /* not aligned */
    CHECK_REFUSED(place(1UL << 40, 0));
    CHECK_REFUSED(place(~0UL, 0));
    CHECK_REFUSED(place(table, 0)); /* a page table must never be written so */
    CHECK(place(frame, 4096 - sizeof(struct vcpu_info)), 0); /* the very last place */
    CHECK(info->time.tsc_to_system_mul != 0, 1);
    CHECK_REFUSED(place(frame, 0)); /* a second time */
    /* The frame is in use by the hypervisor: it cannot become a page table. */
    NEED(page_remap(page, pte_make(frame, PTE_P | PTE_NX)));
    CHECK_REFUSED(mmuext_frame(MMUEXT_PIN_L1_TABLE, frame));
}
