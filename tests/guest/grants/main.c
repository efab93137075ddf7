/* SPDX-License-Identifier: MIT */
/*
 * Grants of a domain to itself: the table is set up and mapped, a granted frame is mapped, written
 * through and unmapped, copied to and from; wrong references, sizes and handles get their status.
 */
#include "check.h"
#include "public/grant_table.h"

#define ENTRIES 512

static char table_page[4096] PAGE, granted[4096] PAGE, window[4096] PAGE, other[4096] PAGE;
static struct grant_entry_v1 *const grants = (struct grant_entry_v1 *)table_page;
static domid_t self;

static void set_up(void)
{
    uint64_t frames[1] = { 0 };
    struct gnttab_setup_table op = { .dom = DOMID_SELF, .nr_frames = 1,
                                     .frame_list = (uint64_t)frames, .status = 77 };
    struct gnttab_query_size size = { .dom = DOMID_SELF };
    struct gnttab_set_version version = { .version = 1 };
    struct gnttab_get_version current = { .dom = DOMID_SELF };

    CHECK(hypercall_gnttab_set_version(&version), 0);
    CHECK(hypercall_gnttab_get_version(&current), 0);
    CHECK(current.version, 1);
    CHECK(hypercall_gnttab_setup_table(&op), 0);
    CHECK(op.status, GNTST_okay);
    CHECK(hypercall_gnttab_query_size(&size), 0);
    CHECK(size.status, GNTST_okay);
    CHECK(size.nr_frames >= 1 && size.nr_frames <= size.max_nr_frames, 1);
    CHECK(page_remap(table_page, pte_make(frames[0], PTE_P | PTE_W | PTE_NX)), 0);
    op.nr_frames = size.max_nr_frames + 1;
    CHECK(hypercall_gnttab_setup_table(&op), 0);
    CHECK(op.status, GNTST_general_error);
    op = (struct gnttab_setup_table){ .dom = 77, .nr_frames = 1, .frame_list = (uint64_t)frames };
    CHECK(hypercall_gnttab_setup_table(&op), 0);
    CHECK(op.status, GNTST_bad_domain);
}

static void give(unsigned ref, const void *page, uint16_t flags)
{
    grants[ref].domid = self;
    grants[ref].frame = (uint32_t)virt_to_mfn(page);
    __atomic_store_n(&grants[ref].flags, flags, __ATOMIC_SEQ_CST);
}

static int map(struct gnttab_map_grant_ref *op, unsigned ref, uint32_t flags)
{
    *op = (struct gnttab_map_grant_ref){ .host_addr = (uint64_t)window, .flags = flags, .ref = ref,
                                         .dom = self, .status = 77 };
    CHECK(hypercall_gnttab_map_grant_ref(op, 1), 0);
    return op->status;
}

static int unmap(const struct gnttab_map_grant_ref *mapped)
{
    struct gnttab_unmap_grant_ref op = { .host_addr = mapped->host_addr,
                                         .handle = mapped->handle, .status = 77 };

    CHECK(hypercall_gnttab_unmap_grant_ref(&op, 1), 0);
    return op.status;
}

static void mapping(void)
{
    uint64_t own = virt_to_mfn(window), entry = *pte_of(window, 1);
    struct gnttab_map_grant_ref op;

    give(9, granted, GTF_permit_access);
    CHECK(page_remap(window, 0), 0);
    CHECK(map(&op, 9, GNTMAP_host_map), GNTST_okay);
    CHECK(grants[9].flags, GTF_permit_access | GTF_reading | GTF_writing);
    CHECK((*pte_of(window, 1) & PTE_ADDRESS) >> PAGE_SHIFT, virt_to_mfn(granted));
    ((volatile char *)window)[5] = 0x42;
    CHECK(((volatile char *)granted)[5], 0x42);
    CHECK(unmap(&op), GNTST_okay);
    CHECK(grants[9].flags, GTF_permit_access);
    CHECK(unmap(&op), GNTST_bad_handle);
    CHECK(test_read(window), 14);
    CHECK(page_remap(window, entry), 0);
    CHECK((*pte_of(window, 1) & PTE_ADDRESS) >> PAGE_SHIFT, own);
}

static void read_only(void)
{
    uint64_t entry = *pte_of(window, 1);
    struct gnttab_map_grant_ref op;

    give(10, granted, GTF_permit_access | GTF_readonly);
    CHECK(page_remap(window, 0), 0);
    CHECK(map(&op, 10, GNTMAP_host_map), GNTST_general_error);
    CHECK(test_read(window), 14);
    CHECK(grants[10].flags, GTF_permit_access | GTF_readonly);
    CHECK(map(&op, 10, GNTMAP_host_map | GNTMAP_readonly), GNTST_okay);
    CHECK(test_read(window), -1);
    CHECK(test_write(window), 14);
    CHECK(grants[10].flags & GTF_reading, GTF_reading);
    CHECK(grants[10].flags & GTF_writing, 0);
    CHECK(unmap(&op), GNTST_okay);
    CHECK(grants[10].flags, GTF_permit_access | GTF_readonly);
    CHECK(page_remap(window, entry), 0);
}

static void bad_mappings(void)
{
    struct gnttab_map_grant_ref op;
    struct gnttab_unmap_grant_ref undo = { .host_addr = (uint64_t)window, .handle = 12345 };
    uint64_t table = virt_to_mfn((void *)((uint64_t)pte_of(window, 1) & ~0xfffUL));

    give(11, granted, GTF_permit_access);
    CHECK(map(&op, 0x7fffffff, GNTMAP_host_map), GNTST_bad_gntref);
    CHECK(map(&op, 12, GNTMAP_host_map) < 0, 1); /* an entry that grants nothing */
    grants[11].domid = 77;
    CHECK(map(&op, 11, GNTMAP_host_map) < 0, 1); /* granted to somebody else */
    grants[11].domid = self;
    CHECK(map(&op, 11, 0) < 0, 1); /* neither host nor device */
    op = (struct gnttab_map_grant_ref){ .host_addr = (uint64_t)window, .flags = GNTMAP_host_map,
                                        .ref = 11, .dom = 77 };
    CHECK(hypercall_gnttab_map_grant_ref(&op, 1), 0);
    CHECK(op.status, GNTST_bad_domain);
    /* Page tables, granted and then mapped writable, would be the end of all checks. */
    give(11, (void *)((uint64_t)pte_of(window, 1) & ~0xfffUL), GTF_permit_access);
    CHECK(grants[11].frame, table);
    CHECK(map(&op, 11, GNTMAP_host_map) < 0, 1);
    CHECK(grants[11].flags & (GTF_reading | GTF_writing), 0);
    /* A frame that is not ours to grant. */
    grants[11].frame = (uint32_t)((((const uint64_t *)start_info->pt_base)[262] & PTE_ADDRESS) >>
                                  PAGE_SHIFT);
    CHECK(map(&op, 11, GNTMAP_host_map) < 0, 1);
    grants[11].frame = 0xffffffff;
    CHECK(map(&op, 11, GNTMAP_host_map) < 0, 1);
    grants[11].flags = 0;
    CHECK(hypercall_gnttab_unmap_grant_ref(&undo, 1), 0);
    CHECK(undo.status, GNTST_bad_handle);
    /* Into the hypervisor, or as an entry that is not aligned. */
    give(11, granted, GTF_permit_access);
    op = (struct gnttab_map_grant_ref){ .host_addr = 0xffff830000000000UL,
                                        .flags = GNTMAP_host_map, .ref = 11, .dom = self };
    CHECK(hypercall_gnttab_map_grant_ref(&op, 1), 0);
    CHECK(op.status < 0, 1);
    op = (struct gnttab_map_grant_ref){ .host_addr = pte_maddr(window, 1) + 4,
                                        .flags = GNTMAP_host_map | GNTMAP_contains_pte, .ref = 11,
                                        .dom = self };
    CHECK(hypercall_gnttab_map_grant_ref(&op, 1), 0);
    CHECK(op.status < 0, 1);
    CHECK(grants[11].flags, GTF_permit_access); /* all taken back */
    CHECK(test_write(window), -1);
}

static int copy(unsigned ref, unsigned offset, void *to, unsigned to_offset, unsigned length)
{
    struct gnttab_copy op = {
        .source = { .u.ref = ref, .domid = self, .offset = (uint16_t)offset },
        .dest = { .u.gmfn = virt_to_mfn(to), .domid = DOMID_SELF, .offset = (uint16_t)to_offset },
        .len = (uint16_t)length, .flags = GNTCOPY_source_gref, .status = 77,
    };

    CHECK(hypercall_gnttab_copy(&op, 1), 0);
    return op.status;
}

static void copies(void)
{
    give(20, granted, GTF_permit_access | GTF_readonly);
    for (unsigned i = 0; i < PAGE_SIZE; i++)
        granted[i] = (char)(i * 7), other[i] = 0;
    CHECK(copy(20, 100, other, 200, 1000), GNTST_okay);
    CHECK(other[200] == (char)700 && other[1199] == (char)(1099 * 7), 1);
    CHECK(other[199] | other[1200], 0);
    CHECK(copy(20, 0, other, 0, 4096), GNTST_okay);
    CHECK(other[4095], (char)(4095 * 7));
    CHECK(copy(20, 0, other, 0, 0), GNTST_okay);
    CHECK(copy(20, 1, other, 0, 4096), GNTST_bad_copy_arg); /* over the end of a frame */
    CHECK(copy(20, 0, other, 4000, 97), GNTST_bad_copy_arg);
    CHECK(copy(20, 0xffff, other, 0, 1), GNTST_bad_copy_arg);
    CHECK(copy(21, 0, other, 0, 8) < 0, 1); /* grants nothing */
    CHECK(copy(0xffffffff, 0, other, 0, 8), GNTST_bad_gntref);
    CHECK(copy(20, 0, (void *)((uint64_t)pte_of(other, 1) & ~0xfffUL), 0, 8) < 0, 1);
    CHECK(grants[20].flags, GTF_permit_access | GTF_readonly);

    /* Into a grant that is read-only, and one that is not. */
    for (unsigned writable = 0; writable < 2; writable++) {
        struct gnttab_copy op = {
            .source = { .u.gmfn = virt_to_mfn(other), .domid = DOMID_SELF },
            .dest = { .u.ref = 20, .domid = self }, .len = 8, .flags = GNTCOPY_dest_gref,
        };

        give(20, granted, (uint16_t)(GTF_permit_access | (writable ? 0 : GTF_readonly)));
        for (unsigned i = 0; i < 8; i++)
            other[i] = 0x77;
        CHECK(hypercall_gnttab_copy(&op, 1), 0);
        CHECK(op.status, writable ? GNTST_okay : GNTST_general_error);
        CHECK(granted[1], writable ? 0x77 : 7);
    }
    CHECK(_hypercall3(__HYPERVISOR_grant_table_op, 200, (unsigned long)other, 1), -XEN_ENOSYS);
}

void test_main(void)
{
    struct evtchn_alloc_unbound unbound = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
    struct evtchn_status status = { .dom = DOMID_SELF };

    NEED(hypercall_evtchn_alloc_unbound(&unbound));
    status.port = unbound.port;
    NEED(hypercall_evtchn_status(&status));
    self = status.u.unbound.dom; /* our own number */
    set_up();
    mapping();
    read_only();
    bad_mappings();
    copies();
}
