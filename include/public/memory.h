/* SPDX-License-Identifier: MIT */
/*
 * memory_op: how many frames a domain has, where they are, and exchanging them. Arguments:
 * command, pointer to the structure named after it. For the commands that take a
 * xen_memory_reservation, bits 6 and up of the command hold the extent to start at when a
 * preempted call is repeated; callers pass 0 there.
 */
#ifndef PUBLIC_MEMORY_H
#define PUBLIC_MEMORY_H

#include "xen.h"

#define XENMEM_increase_reservation 0
#define XENMEM_decrease_reservation 1
#define XENMEM_maximum_ram_page 2
#define XENMEM_current_reservation 3
#define XENMEM_maximum_reservation 4
#define XENMEM_machphys_mfn_list 5
#define XENMEM_populate_physmap 6
#define XENMEM_add_to_physmap 7
#define XENMEM_memory_map 9
#define XENMEM_machine_memory_map 10
#define XENMEM_exchange 11
#define XENMEM_machphys_mapping 12
#define XENMEM_set_memory_map 13
#define XENMEM_maximum_gpfn 14
#define XENMEM_remove_from_physmap 15
#define XENMEM_set_pod_target 16
#define XENMEM_get_pod_target 17
#define XENMEM_get_sharing_freed_pages 18
#define XENMEM_get_sharing_shared_pages 19
#define XENMEM_add_to_physmap_batch 23
#define XENMEM_claim_pages 24
#define XENMEM_machphys_compat_mfn_list 25
#define XENMEM_get_vnumainfo 26
#define XENMEM_reserved_device_memory_map 27
#define XENMEM_acquire_resource 28

/* --- xen_memory_reservation.mem_flags --- */
#define XENMEMF_address_bits(x) (x) /* frames must be reachable with x address bits; 0: any */
#define XENMEMF_get_address_bits(x) ((x) & 0xffu)
#define XENMEMF_node(x) (((x) + 1) << 8) /* preferred NUMA node */
#define XENMEMF_get_node(x) ((((x) >> 8) - 1) & 0xffu)
#define XENMEMF_populate_on_demand (1 << 16)
#define XENMEMF_exact_node_request (1 << 17)
#define XENMEMF_exact_node(n) (XENMEMF_node(n) | XENMEMF_exact_node_request)
#define XENMEMF_vnode (1 << 18)

/* --- xen_add_to_physmap.space --- */
#define XENMAPSPACE_shared_info 0
#define XENMAPSPACE_grant_table 1
#define XENMAPSPACE_gmfn 2
#define XENMAPSPACE_gmfn_range 3
#define XENMAPSPACE_gmfn_foreign 4
#define XENMAPSPACE_dev_mmio 5
#define XENMAPIDX_grant_table_status 0x80000000 /* in idx: the status frames */

/* --- xen_mem_acquire_resource --- */
#define XENMEM_resource_ioreq_server 0
#define XENMEM_resource_grant_table 1
#define XENMEM_resource_vmtrace_buf 2
#define XENMEM_resource_grant_table_id_shared 0
#define XENMEM_resource_grant_table_id_status 1

#ifndef __ASSEMBLY__

struct xen_memory_reservation {
    xen_handle_t extent_start; /* xen_pfn_t[nr_extents]: first frame of each extent */
    xen_ulong_t nr_extents;
    uint32_t extent_order; /* log2 of the frames of an extent */
    uint32_t mem_flags;    /* XENMEMF_* */
    domid_t domid;
};

struct xen_memory_exchange {
    struct xen_memory_reservation in;  /* extents given back */
    struct xen_memory_reservation out; /* in: where they go; extent_start out: machine frames */
    xen_ulong_t nr_exchanged;          /* in: 0; out: input extents that are done */
};

struct xen_memory_domain {
    domid_t domid;
};

struct xen_machphys_mfn_list {
    uint32_t max_extents;
    xen_handle_t extent_start; /* xen_pfn_t[max_extents], out: machine frames, 2 MiB each */
    uint32_t nr_extents;       /* out */
};

struct xen_machphys_mapping {
    xen_ulong_t v_start;
    xen_ulong_t v_end;
    xen_ulong_t max_mfn; /* last entry that exists */
};

struct xen_add_to_physmap {
    domid_t domid;
    uint16_t size;  /* frames, XENMAPSPACE_gmfn_range only */
    uint32_t space; /* XENMAPSPACE_* */
    xen_ulong_t idx;
    xen_pfn_t gpfn;
};

struct xen_add_to_physmap_batch {
    domid_t domid;
    uint16_t space;
    uint16_t size; /* entries in each list */
    union xen_add_to_physmap_batch_extra {
        domid_t foreign_domid;
        uint16_t res0;
    } u;
    xen_handle_t idxs;  /* xen_ulong_t[size] */
    xen_handle_t gpfns; /* xen_pfn_t[size] */
    xen_handle_t errs;  /* int32_t[size], out */
};

struct xen_remove_from_physmap {
    domid_t domid;
    xen_pfn_t gpfn;
};

struct xen_memory_map {
    uint32_t nr_entries; /* in: room; out: entries written (or needed, buffer 0) */
    xen_handle_t buffer; /* e820 entries of 20 bytes: address, size, 32-bit type */
};

struct xen_foreign_memory_map {
    domid_t domid;
    struct xen_memory_map map;
};

struct xen_pod_target {
    uint64_t target_pages;
    uint64_t tot_pages;
    uint64_t pod_cache_pages;
    uint64_t pod_entries;
    domid_t domid;
};

struct xen_reserved_device_memory {
    xen_pfn_t start_pfn;
    xen_ulong_t nr_pages;
};

struct xen_mem_acquire_resource {
    domid_t domid;
    uint16_t type;      /* XENMEM_resource_* */
    uint32_t id;        /* by type */
    uint32_t nr_frames; /* in: wanted, 0 asks for the maximum; out: that maximum */
    uint32_t pad;       /* 0 */
    uint64_t frame;     /* first one */
    xen_handle_t frame_list; /* xen_pfn_t[nr_frames], out: machine frames for a PV caller */
};

struct xen_vmemrange {
    uint64_t start;
    uint64_t end;
    uint32_t flags;
    uint32_t nid;
};

struct xen_vnuma_topology_info {
    domid_t domid;
    uint16_t pad;
    uint32_t nr_vnodes;
    uint32_t nr_vcpus;
    uint32_t nr_vmemranges;
    union {
        xen_handle_t h; /* uint32_t[nr_vnodes * nr_vnodes] */
        uint64_t pad;
    } vdistance;
    union {
        xen_handle_t h; /* uint32_t[nr_vcpus] */
        uint64_t pad;
    } vcpu_to_vnode;
    union {
        xen_handle_t h; /* struct xen_vmemrange[nr_vmemranges] */
        uint64_t pad;
    } vmemrange;
};

#endif
#endif
