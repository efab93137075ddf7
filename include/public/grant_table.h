/* SPDX-License-Identifier: MIT */
/*
 * Grant tables: a domain writes into its own table which other domain may map or copy which of its
 * frames; the other domain maps or copies by (domain, grant reference). Version 1 entries only.
 * Arguments of grant_table_op: command, pointer to an array of the structure named after it, count.
 * Each element carries its own GNTST_* status; the call itself fails only for the array as a whole.
 */
#ifndef PUBLIC_GRANT_TABLE_H
#define PUBLIC_GRANT_TABLE_H

#include "xen.h"

#define GNTTABOP_map_grant_ref 0
#define GNTTABOP_unmap_grant_ref 1
#define GNTTABOP_setup_table 2
#define GNTTABOP_dump_table 3
#define GNTTABOP_transfer 4
#define GNTTABOP_copy 5
#define GNTTABOP_query_size 6
#define GNTTABOP_unmap_and_replace 7
#define GNTTABOP_set_version 8
#define GNTTABOP_get_status_frames 9
#define GNTTABOP_get_version 10
#define GNTTABOP_swap_grant_ref 11
#define GNTTABOP_cache_flush 12

/* --- grant_entry_v1.flags: type in bits 0-1, the rest by type --- */
#define GTF_invalid 0
#define GTF_permit_access 1
#define GTF_accept_transfer 2
#define GTF_transitive 3
#define GTF_type_mask 3
#define GTF_readonly (1 << 2) /* permit_access: set by the granter */
#define GTF_reading (1 << 3)  /* set by the hypervisor while mapped */
#define GTF_writing (1 << 4)  /* set by the hypervisor while mapped writable */
#define GTF_PWT (1 << 5)
#define GTF_PCD (1 << 6)
#define GTF_PAT (1 << 7)
#define GTF_sub_page (1 << 8)
#define GTF_transfer_committed (1 << 2) /* accept_transfer */
#define GTF_transfer_completed (1 << 3)

#define GNTTAB_NR_RESERVED_ENTRIES 8 /* entries that tools fill before a guest starts */
#define GNTTAB_RESERVED_CONSOLE 0
#define GNTTAB_RESERVED_XENSTORE 1

/* --- flags of map and unmap --- */
#define GNTMAP_device_map (1 << 0)      /* for DMA: dev_bus_addr is wanted */
#define GNTMAP_host_map (1 << 1)        /* into the caller's address space */
#define GNTMAP_readonly (1 << 2)
#define GNTMAP_application_map (1 << 3) /* user mode may access it */
#define GNTMAP_contains_pte (1 << 4)    /* host_addr: machine address of the L1 entry to fill */
#define _GNTMAP_guest_avail0 16         /* bits 16-18 go to the entry's available bits */
#define GNTMAP_guest_avail_mask 0xffff0000

/* --- flags of copy --- */
#define GNTCOPY_source_gref (1 << 0) /* source.u is a reference, else a frame */
#define GNTCOPY_dest_gref (1 << 1)

/* --- status of an element --- */
#define GNTST_okay 0
#define GNTST_general_error (-1)
#define GNTST_bad_domain (-2)
#define GNTST_bad_gntref (-3)
#define GNTST_bad_handle (-4)
#define GNTST_bad_virt_addr (-5)
#define GNTST_bad_dev_addr (-6)
#define GNTST_no_device_space (-7)
#define GNTST_permission_denied (-8)
#define GNTST_bad_page (-9)
#define GNTST_bad_copy_arg (-10)
#define GNTST_address_too_big (-11)
#define GNTST_eagain (-12)
#define GNTST_no_space (-13)

#define GNTTAB_CACHE_CLEAN 1
#define GNTTAB_CACHE_INVAL 2
#define GNTTAB_CACHE_SOURCE_GREF 0x80000000

#ifndef __ASSEMBLY__

typedef uint32_t grant_ref_t;    /* index of a grant in the granter's table */
typedef uint32_t grant_handle_t; /* name of a mapping, in the mapping domain */

/* One grant. flags is written last by the granter and changed by compare-and-swap. */
struct grant_entry_v1 {
    uint16_t flags; /* GTF_* */
    domid_t domid;  /* who is granted */
    uint32_t frame; /* guest frame of the granter */
};

struct gnttab_map_grant_ref {
    uint64_t host_addr; /* in: virtual address, or of the entry (GNTMAP_contains_pte) */
    uint32_t flags;     /* in: GNTMAP_* */
    grant_ref_t ref;
    domid_t dom; /* in: granter */
    int16_t status;
    grant_handle_t handle; /* out */
    uint64_t dev_bus_addr; /* out: machine address */
};

struct gnttab_unmap_grant_ref {
    uint64_t host_addr;    /* 0: leave the host mapping alone */
    uint64_t dev_bus_addr; /* 0: leave the device mapping alone */
    grant_handle_t handle;
    int16_t status;
};

struct gnttab_setup_table {
    domid_t dom;
    uint32_t nr_frames; /* in: grow the table to that many frames */
    int16_t status;
    xen_handle_t frame_list; /* xen_pfn_t[nr_frames], out: machine frames of the table */
};

struct gnttab_dump_table {
    domid_t dom;
    int16_t status;
};

struct gnttab_transfer {
    xen_pfn_t mfn;
    domid_t domid;
    grant_ref_t ref;
    int16_t status;
};

struct gnttab_copy {
    struct gnttab_copy_ptr {
        union {
            grant_ref_t ref;
            xen_pfn_t gmfn; /* guest frame of domid */
        } u;
        domid_t domid;
        uint16_t offset;
    } source, dest;
    uint16_t len;   /* bytes; within one frame on both sides */
    uint16_t flags; /* GNTCOPY_* */
    int16_t status;
};

struct gnttab_query_size {
    domid_t dom;
    uint32_t nr_frames;     /* out */
    uint32_t max_nr_frames; /* out */
    int16_t status;
};

struct gnttab_unmap_and_replace {
    uint64_t host_addr;
    uint64_t new_addr; /* its mapping moves to host_addr; 0: plain unmap */
    grant_handle_t handle;
    int16_t status;
};

struct gnttab_set_version {
    uint32_t version; /* in: wanted; out: in force */
};

struct gnttab_get_status_frames {
    uint32_t nr_frames;
    domid_t dom;
    int16_t status;
    xen_handle_t frame_list; /* uint64_t[nr_frames] */
};

struct gnttab_get_version {
    domid_t dom;
    uint16_t pad;
    uint32_t version; /* out */
};

struct gnttab_swap_grant_ref {
    grant_ref_t ref_a;
    grant_ref_t ref_b;
    int16_t status;
};

struct gnttab_cache_flush {
    union {
        uint64_t dev_bus_addr;
        grant_ref_t ref;
    } a;
    uint16_t offset;
    uint16_t length;
    uint32_t op; /* GNTTAB_CACHE_* */
};

#endif
#endif
