/* SPDX-License-Identifier: MIT */
/*
 * The domain's memory: frames given back, taken again and exchanged. A frame in use stays; what
 * comes new is ours, holds nobody's data, and is in the M2P table as we said; the count of frames
 * is right throughout.
 */
#include "check.h"
#include "public/memory.h"

#define BATCH 8

static char pages[BATCH][4096] PAGE;
static char mapped[4096] PAGE;

static long current(void)
{
    struct xen_memory_domain op = { .domid = DOMID_SELF };

    return hypercall_memory_current_reservation(&op);
}

static struct xen_memory_reservation reservation(uint64_t *list, uint64_t count)
{
    return (struct xen_memory_reservation){ .extent_start = (uint64_t)list, .nr_extents = count,
                                            .domid = DOMID_SELF };
}

/* Unmap, give back, take again: the same pseudo-physical frames, on frames of ours. */
static void give_and_take(void)
{
    uint64_t frames[BATCH], pfns[BATCH], stale = 0, wrong = 0, left = 0;
    struct xen_memory_reservation op;
    long before = current();

    for (unsigned i = 0; i < BATCH; i++) {
        pages[i][100] = 0x5a;
        pfns[i] = virt_to_pfn(pages[i]);
        frames[i] = virt_to_mfn(pages[i]);
        NEED(page_remap(pages[i], 0));
    }
    op = reservation(frames, BATCH);
    CHECK(hypercall_memory_decrease_reservation(&op), BATCH);
    CHECK(current(), before - BATCH);
    for (unsigned i = 0; i < BATCH; i++) {
        stale += mfn_to_pfn(frames[i]) == pfns[i];
        CHECK_REFUSED(page_remap(pages[i], pte_make(frames[i], PTE_P | PTE_W)));
    }
    CHECK(stale, 0);
    op = reservation(frames, BATCH);
    CHECK(hypercall_memory_decrease_reservation(&op), 0); /* no longer ours */
    CHECK(current(), before - BATCH);

    for (unsigned i = 0; i < BATCH; i++)
        frames[i] = pfns[i]; /* in: where they go; out: which they are */
    op = reservation(frames, BATCH);
    CHECK(hypercall_memory_populate_physmap(&op), BATCH);
    CHECK(current(), before);
    for (unsigned i = 0; i < BATCH; i++) {
        wrong += mfn_to_pfn(frames[i]) != pfns[i];
        NEED(page_remap(pages[i], pte_make(frames[i], PTE_P | PTE_W | PTE_NX)));
        for (unsigned b = 0; b < PAGE_SIZE; b++)
            left += pages[i][b] != 0 && !(b == 100 && pages[i][b] == 0x5a);
    }
    CHECK(wrong, 0);
    CHECK(left, 0); /* scrubbed, or our own again */
}

/* Frames that are mapped, or page tables, or not ours. */
static void in_use(void)
{
    uint64_t frame = virt_to_mfn((void *)((uint64_t)pte_of(mapped, 1) & ~0xfffUL));
    struct xen_memory_reservation op = reservation(&frame, 1);
    long before = current();

    /* A page table: refused, or ours until its last use ends. */
    (void)hypercall_memory_decrease_reservation(&op);
    CHECK(current(), before);
    CHECK_REFUSED(pte_write(pte_maddr(mapped, 1), pte_make(frame, PTE_P | PTE_W)));
    CHECK(test_write(mapped), -1);
    frame = ((const uint64_t *)start_info->pt_base)[262] >> PAGE_SHIFT & 0xffffffff;
    CHECK(hypercall_memory_decrease_reservation(&op), 0); /* the hypervisor's */
    frame = 1UL << 40;
    CHECK(hypercall_memory_decrease_reservation(&op), 0);
    frame = ~0UL;
    CHECK(hypercall_memory_decrease_reservation(&op), 0);
    CHECK(current(), before);
}

static void bad_arguments(void)
{
    uint64_t frames[2] = { 1, 2 };
    struct xen_memory_reservation op = reservation(frames, 1);
    long before = current();

    op.extent_order = 64;
    CHECK(hypercall_memory_populate_physmap(&op) <= 0, 1);
    op.extent_order = 0xffffffff;
    CHECK(hypercall_memory_populate_physmap(&op) <= 0, 1);
    CHECK(hypercall_memory_decrease_reservation(&op) <= 0, 1);
    op = reservation(frames, 1UL << 62);
    CHECK(hypercall_memory_populate_physmap(&op) <= 0, 1);
    op = reservation(frames, ~0UL);
    CHECK(hypercall_memory_decrease_reservation(&op) <= 0, 1);
    op = reservation(frames, 1);
    op.domid = 77;
    CHECK(hypercall_memory_populate_physmap(&op) <= 0, 1); /* no such domain */
    CHECK(_hypercall2(__HYPERVISOR_memory_op, 63, (unsigned long)&op), -XEN_ENOSYS);
    CHECK(current(), before);
}

/* Eight single frames for eight contiguous ones, as a driver does that needs a DMA buffer. */
static void exchange(void)
{
    uint64_t old[BATCH], start = virt_to_pfn(pages[0]), wrong = 0;
    uint64_t out = start;
    struct xen_memory_exchange op = { 0 };
    long before = current(), result;

    for (unsigned i = 0; i < BATCH; i++) {
        uint64_t entry = *pte_of(pages[i], 1);

        old[i] = (entry & PTE_ADDRESS) >> PAGE_SHIFT;
        NEED(page_remap(pages[i], 0));
    }
    op.in = reservation(old, BATCH);
    op.out = reservation(&out, 1);
    op.out.extent_order = 3;
    result = hypercall_memory_exchange(&op);
    CHECK(result, 0);
    CHECK(op.nr_exchanged, BATCH);
    CHECK(current(), before);
    for (unsigned i = 0; i < BATCH; i++) {
        wrong += mfn_to_pfn(out + i) != start + i;
        CHECK(page_remap(pages[i], pte_make(out + i, PTE_P | PTE_W | PTE_NX)), 0);
    }
    CHECK(wrong, 0);
    CHECK(out % BATCH, 0); /* an extent is aligned to its size */
    CHECK(test_write(pages[BATCH - 1]), -1);
}

static void bad_exchanges(void)
{
    uint64_t in[2] = { pfn_to_mfn(virt_to_pfn(mapped)), 0 }, out[2] = { 0, 0 };
    struct xen_memory_exchange op = { .in = reservation(in, 2), .out = reservation(out, 1) };
    long before = current();

    CHECK(hypercall_memory_exchange(&op), -XEN_EINVAL); /* unequal sizes */
    op.out.nr_extents = 2;
    op.nr_exchanged = 3;
    CHECK(hypercall_memory_exchange(&op), -XEN_EINVAL);
    op.nr_exchanged = ~0UL;
    CHECK(hypercall_memory_exchange(&op), -XEN_EINVAL);
    op.nr_exchanged = 0;
    op.in.nr_extents = op.out.nr_extents = 1UL << 62;
    CHECK(hypercall_memory_exchange(&op) < 0, 1);
    op.in.nr_extents = op.out.nr_extents = 1;
    op.in.domid = 77;
    CHECK(hypercall_memory_exchange(&op) < 0, 1);
    op.in.domid = DOMID_SELF;
    in[0] = 1UL << 40;
    CHECK(hypercall_memory_exchange(&op) < 0, 1);
    CHECK(current(), before);
    CHECK(test_write(mapped), -1);
}

static void machphys(void)
{
    struct xen_machphys_mapping mapping = { 0 };
    struct xen_memory_domain self = { .domid = DOMID_SELF };
    struct mmu_update update = { virt_to_mfn(mapped) << PAGE_SHIFT | MMU_MACHPHYS_UPDATE, 0x1234 };

    CHECK(hypercall_memory_machphys_mapping(&mapping), 0);
    CHECK(mapping.v_start, MACH2PHYS_VIRT_START);
    CHECK(mapping.v_end >= mapping.v_start + mapping.max_mfn * 8, 1);
    CHECK(hypercall_memory_maximum_ram_page() > 0, 1);
    CHECK(hypercall_memory_maximum_reservation(&self) != 0, 1);
    CHECK(hypercall_mmu_update(&update, 1, NULL, DOMID_SELF), 0);
    CHECK(mfn_to_pfn(virt_to_mfn(mapped)), 0x1234);
    update.val = virt_to_pfn(mapped);
    CHECK(hypercall_mmu_update(&update, 1, NULL, DOMID_SELF), 0);
    CHECK(mfn_to_pfn(virt_to_mfn(mapped)), virt_to_pfn(mapped));
    /* Not for a frame of the hypervisor, nor outside of memory. */
    update.ptr = (((const uint64_t *)start_info->pt_base)[262] & PTE_ADDRESS) | MMU_MACHPHYS_UPDATE;
    CHECK_REFUSED(hypercall_mmu_update(&update, 1, NULL, DOMID_SELF));
    update.ptr = 1UL << 51 | MMU_MACHPHYS_UPDATE;
    CHECK_REFUSED(hypercall_mmu_update(&update, 1, NULL, DOMID_SELF));
}

void test_main(void)
{
    machphys();
    give_and_take();
    in_use();
    bad_arguments();
    exchange();
    bad_exchanges();
}
