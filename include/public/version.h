/* SPDX-License-Identifier: MIT */
/*
 * xen_version: what hypervisor this is. Arguments: command, pointer to the type named beside it.
 * XENVER_version has no side effect and is the cheapest call there is; kernels use it to get
 * pending events delivered.
 */
#ifndef PUBLIC_VERSION_H
#define PUBLIC_VERSION_H

#include "features.h"
#include "xen.h"

#define XENVER_version 0             /* none; returns major << 16 | minor */
#define XENVER_extraversion 1        /* xen_extraversion_t */
#define XENVER_compile_info 2        /* struct xen_compile_info */
#define XENVER_capabilities 3        /* xen_capabilities_info_t */
#define XENVER_changeset 4           /* xen_changeset_info_t */
#define XENVER_platform_parameters 5 /* struct xen_platform_parameters */
#define XENVER_get_features 6        /* struct xen_feature_info */
#define XENVER_pagesize 7            /* none; returns bytes */
#define XENVER_guest_handle 8        /* xen_domain_handle_t */
#define XENVER_commandline 9         /* xen_commandline_t */
#define XENVER_build_id 10           /* struct xen_build_id; returns the length of the id */

#define XEN_EXTRAVERSION_LEN 16
#define XEN_CAPABILITIES_INFO_LEN 1024
#define XEN_CHANGESET_INFO_LEN 64

#ifndef __ASSEMBLY__

typedef char xen_extraversion_t[XEN_EXTRAVERSION_LEN];
typedef char xen_capabilities_info_t[XEN_CAPABILITIES_INFO_LEN];
typedef char xen_changeset_info_t[XEN_CHANGESET_INFO_LEN];
typedef char xen_commandline_t[1024];

/* Strings end with a zero byte; what follows it is zero, too. */
struct xen_compile_info {
    char compiler[64];
    char compile_by[16];
    char compile_domain[32];
    char compile_date[32];
};

struct xen_platform_parameters {
    xen_ulong_t virt_start; /* lowest address that belongs to the hypervisor */
};

struct xen_feature_info {
    uint32_t submap_idx; /* in */
    uint32_t submap;     /* out: bit n is feature submap_idx * 32 + n */
};

/* Followed by len bytes of room for the id. */
struct xen_build_id {
    uint32_t len;
};

#endif
#endif
