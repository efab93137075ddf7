/* SPDX-License-Identifier: MIT */
/*
 * Memory: what a domain takes besides what its guest is given.
 */
#ifndef LAMINA_DOMAIN_MEMORY_H
#define LAMINA_DOMAIN_MEMORY_H

#include <stdint.h>

#define PAGE_KIB_SHIFT 2u /* a page is 4 KiB */

/* A domain's limit lies that much above its target, so that a balloon may round; as Xen's tools. */
#define MEMORY_SLACK_KIB 1024u

/* What the hypervisor keeps of its own for a domain: page tables, grants, vCPUs. Generous. */
#define MEMORY_OVERHEAD_KIB 1024u

/* A control domain with less would kill its own daemons; as much as Linux needs to start. */
#define MEMORY_DOM0_MIN_KIB (UINT64_C(128) << 10)

#endif
