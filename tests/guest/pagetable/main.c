/* SPDX-License-Identifier: MIT */
/*
 * Page-table attacks. The guest tries to get a writable mapping of a page table, a mapping of
 * frames that are not its own, and entries that the processor would read in a way that the
 * hypervisor did not check. Each attempt must be refused and leave the entry as it was.
 */
#include "check.h"

#define SLOTS 512

static uint64_t table[SLOTS] PAGE; /* becomes a page table */
static uint64_t data[SLOTS] PAGE;  /* stays data; its mapping is what the attacks change */
static uint64_t trial[SLOTS] PAGE;

/* One attempt on an entry: refused, and nothing changed. */
#define REFUSED(maddr, entry, value)                                                            \
    do {                                                                                        \
        uint64_t before_ = *(entry);                                                            \
        CHECK_REFUSED(pte_write(maddr, value));                                                 \
        CHECK(*(entry), before_);                                                               \
    } while (0)

static void *table_of(const void *virt, unsigned level)
{
    return (void *)((uint64_t)pte_of(virt, level) & ~(PAGE_SIZE - 1));
}

static long write_from(unsigned level, uint64_t entry, domid_t owner)
{
    struct mmu_update update = { .ptr = pte_maddr(data, level), .val = entry };

    return hypercall_mmu_update(&update, 1, NULL, owner);
}

static uint64_t stored;

static void store_stored(void *address)
{
    *(volatile uint64_t *)address = stored;
}

/* A plain write of a table in memory; the entry must not change. */
static long store(uint64_t *entry, uint64_t value)
{
    uint64_t before = *entry;
    long vector;

    stored = value;
    vector = test_catch(store_stored, entry);
    CHECK(*entry, before);
    return vector;
}

static void writable_tables(void)
{
    for (unsigned level = 1; level <= 4; level++) {
        void *page = table_of(data, level);
        uint64_t writable = pte_make(virt_to_mfn(page), PTE_P | PTE_W | PTE_A | PTE_D);

        REFUSED(pte_maddr(page, 1), pte_of(page, 1), writable);
        REFUSED(pte_maddr(data, 1), pte_of(data, 1), writable);
        CHECK_REFUSED(page_remap(page, writable));
        CHECK_REFUSED(page_remap(data, writable));
        CHECK(*pte_of(page, 1) & PTE_W, 0);
        if (level == 1) /* the emulator is asked, and refuses */
            CHECK(store((uint64_t *)pte_of(data, 1), writable), 14);
        else
            CHECK(store(page, 0), 14);
        CHECK(test_caught.error_code, 3);
    }
    CHECK(data[0], 0);
}

static void linked_data(void)
{
    uint64_t mfn = virt_to_mfn(table);

    for (unsigned cmd = MMUEXT_PIN_L1_TABLE; cmd <= MMUEXT_PIN_L4_TABLE; cmd++)
        CHECK_REFUSED(mmuext_frame(cmd, mfn)); /* still mapped writable */
    REFUSED(pte_maddr((void *)(VIRT_BASE + (1UL << 29)), 3) + 8,
            pte_of((void *)(VIRT_BASE + (1UL << 29)), 3) + 1, pte_make(mfn, 7));
    CHECK_REFUSED(mmuext_frame(MMUEXT_NEW_BASEPTR, mfn));
    CHECK_REFUSED(mmuext_frame(MMUEXT_NEW_USER_BASEPTR, mfn));
    CHECK_REFUSED(mmuext_frame(MMUEXT_UNPIN_TABLE, mfn));
    CHECK(test_write(table), -1);
    table[0] = 0;

    /* The same frame, read-only: now it can be a table, and not be written any more. */
    NEED(page_remap(table, pte_make(mfn, PTE_P | PTE_A | PTE_NX)));
    CHECK(mmuext_frame(MMUEXT_PIN_L1_TABLE, mfn), 0);
    CHECK_REFUSED(mmuext_frame(MMUEXT_PIN_L1_TABLE, mfn));
    CHECK_REFUSED(mmuext_frame(MMUEXT_PIN_L2_TABLE, mfn));
    CHECK_REFUSED(page_remap(table, pte_make(mfn, PTE_P | PTE_W | PTE_A | PTE_D)));
    CHECK(pte_write(mfn << PAGE_SHIFT, pte_make(virt_to_mfn(data), PTE_P | PTE_W)), 0);
    CHECK((table[0] & PTE_ADDRESS) >> PAGE_SHIFT, virt_to_mfn(data));
    CHECK_REFUSED(pte_write(mfn << PAGE_SHIFT, pte_make(mfn, PTE_P | PTE_W)));
    CHECK(pte_write(mfn << PAGE_SHIFT, 0), 0);
    CHECK(mmuext_frame(MMUEXT_UNPIN_TABLE, mfn), 0);
    CHECK_REFUSED(mmuext_frame(MMUEXT_UNPIN_TABLE, mfn));
    CHECK(page_remap(table, pte_make(mfn, PTE_P | PTE_W | PTE_A | PTE_D | PTE_NX)), 0);
    CHECK(test_write(table), -1);
}

/* A pinned table that names a bad frame in its last entry must not validate, nor keep its type. */
static void bad_last_entry(void)
{
    uint64_t mfn = virt_to_mfn(trial), hypervisor = ((const uint64_t *)start_info->pt_base)[262];

    trial[0] = pte_make(virt_to_mfn(data), PTE_P | PTE_W);
    trial[SLOTS - 1] = pte_make((hypervisor & PTE_ADDRESS) >> PAGE_SHIFT, PTE_P | PTE_W);
    NEED(page_remap(trial, pte_make(mfn, PTE_P | PTE_A | PTE_NX)));
    CHECK_REFUSED(mmuext_frame(MMUEXT_PIN_L1_TABLE, mfn));
    CHECK(page_remap(trial, pte_make(mfn, PTE_P | PTE_W | PTE_A | PTE_D | PTE_NX)), 0);
    CHECK(test_write(trial), -1);
    trial[0] = trial[SLOTS - 1] = 0;
}

static void foreign_frames(void)
{
    const uint64_t *l4 = (const uint64_t *)start_info->pt_base;
    unsigned tried = 0;

    for (unsigned slot = 256; slot < 272; slot++) {
        uint64_t mfn = (l4[slot] & PTE_ADDRESS) >> PAGE_SHIFT;

        if (!(l4[slot] & PTE_P) || mfn_to_pfn(mfn) < start_info->nr_pages)
            continue; /* none, or our own L4, which we may see */
        tried++;
        REFUSED(pte_maddr(data, 1), pte_of(data, 1), pte_make(mfn, PTE_P));
        REFUSED(pte_maddr(data, 1), pte_of(data, 1), pte_make(mfn, PTE_P | PTE_W));
        REFUSED(pte_maddr((void *)8, 4), pte_of((void *)8, 4), pte_make(mfn, 7));
        CHECK_REFUSED(page_remap(data, pte_make(mfn, PTE_P | PTE_W)));
    }
    CHECK(tried > 0, 1);
    /* Beyond what the processor can address. */
    REFUSED(pte_maddr(data, 1), pte_of(data, 1), *pte_of(data, 1) | 1UL << 51);
    /* Somebody else's frames: nobody, a domain that does not exist, ourselves by a false name. */
    CHECK_NOBODY(write_from(1, *pte_of(data, 1), 77));
    CHECK_REFUSED(write_from(1, pte_make(virt_to_mfn(trial), 3), DOMID_IO));
    CHECK(write_from(1, pte_make(virt_to_mfn(trial), 3), DOMID_XEN) < 0, 1);
    CHECK(test_write(data), -1);
}

static void m2p(void)
{
    uint64_t frames[1] = { 0 };
    struct xen_machphys_mfn_list op = { .max_extents = 1, .extent_start = (uint64_t)frames };

    CHECK(test_read((void *)MACH2PHYS_VIRT_START), -1);
    CHECK(test_write((void *)MACH2PHYS_VIRT_START), 14);
    CHECK(test_caught.error_code, 3);
    NEED(hypercall_memory_machphys_mfn_list(&op));
    CHECK(write_from(1, pte_make(frames[0], PTE_P | PTE_W), DOMID_XEN) < 0, 1);
    CHECK(test_write(data), -1);
}

static void odd_entries(void)
{
    uint64_t l4 = virt_to_mfn((void *)start_info->pt_base) << PAGE_SHIFT;
    const uint64_t *slots = (const uint64_t *)start_info->pt_base;

    for (unsigned slot = 256; slot < 272; slot++) {
        REFUSED(l4 + slot * 8, slots + slot, 0);
        REFUSED(l4 + slot * 8, slots + slot, slots[511]);
    }
    for (unsigned level = 2; level <= 4; level++) {
        REFUSED(pte_maddr(data, level), pte_of(data, level), *pte_of(data, level) | PTE_PS);
        REFUSED(pte_maddr(data, level), pte_of(data, level), *pte_of(data, level) | 1UL << 51);
        /* A table of the wrong level. */
        REFUSED(pte_maddr(data, level), pte_of(data, level),
                pte_make(virt_to_mfn(table_of(data, level)), 7));
    }
    /* The command in the low bits, and an address that is no page table. */
    CHECK(pte_write(pte_maddr(data, 1) | 4, *pte_of(data, 1)) < 0, 1);
    CHECK(pte_write(virt_to_mfn(data) << PAGE_SHIFT, 0), 0); /* own data: a plain write */
    CHECK_REFUSED(pte_write((slots[257] & PTE_ADDRESS), 0));
    CHECK_REFUSED(pte_write(1UL << 51, 0));
}

/* An L4 may see itself read-only; setting RW afterwards is not a mere change of flags. */
static void self_map(void)
{
    uint64_t mfn = virt_to_mfn((void *)start_info->pt_base), slot = (mfn << PAGE_SHIFT) + 8 * 300;
    const uint64_t *entry = (const uint64_t *)start_info->pt_base + 300;

    REFUSED(slot, entry, pte_make(mfn, PTE_P | PTE_W | PTE_A));
    if (pte_write(slot, pte_make(mfn, PTE_P | PTE_A)) != 0)
        return;
    REFUSED(slot, entry, pte_make(mfn, PTE_P | PTE_W | PTE_A));
    CHECK(pte_write(slot, 0), 0);
    CHECK(*entry, 0);
}

static void batch(void)
{
    uint64_t good = *pte_of(data, 1), maddr = pte_maddr(data, 1);
    uint32_t done = 99;
    struct mmu_update updates[3] = {
        { maddr, good | 1UL << 9 },
        { maddr, pte_make(virt_to_mfn(table_of(data, 1)), PTE_P | PTE_W) },
        { maddr, good | 1UL << 10 },
    };

    CHECK_REFUSED(hypercall_mmu_update(updates, 3, &done, DOMID_SELF));
    CHECK(done, 1);
    CHECK(*pte_of(data, 1) & (3UL << 9), 1UL << 9);
    CHECK(hypercall_mmu_update(updates, 1, &done, DOMID_SELF), 0);
    CHECK(done, 1);
    CHECK(pte_write(maddr, good), 0);
    /* Linux takes the count as it finds it, also when there is no such domain. */
    done = 77;
    CHECK_NOBODY(hypercall_mmu_update(updates, 1, &done, 0x1234));
    CHECK(done, 0);
}

void test_main(void)
{
    writable_tables();
    linked_data();
    bad_last_entry();
    foreign_frames();
    m2p();
    odd_entries();
    self_map();
    batch();
}
