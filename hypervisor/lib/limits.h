/* SPDX-License-Identifier: MIT */
/* Every bound the hypervisor sets itself, each with its reason. */
#ifndef LAMINA_LIB_LIMITS_H
#define LAMINA_LIB_LIMITS_H

#define CPUS_MAX          64    /* one 64-bit word holds any CPU set */
#define DOMAINS_MAX       1024  /* owners in struct page have 16 bits; above one machine's use */
#define VCPUS_MAX         64    /* per domain; one 64-bit word holds any vCPU set */
#define EVTCHNS_MAX       4096  /* 2-level ABI: 64 words of 64 bits */
#define PIRQS_MAX         256   /* per domain; GSIs first, MSIs from the top down */
#define GSIS_MAX          240   /* interrupt inputs of all IO-APICs together */
#define GRANT_FRAMES_MAX  64    /* 64 * 512 v1 entries = 32768 grants a domain */
#define MAPTRACK_MAX      65536 /* mappings of foreign grants one domain may hold at a time */
#define GDT_FRAMES_MAX    14    /* ABI: 14 guest frames before the reserved page */
#define LDT_ENTRIES_MAX   8192  /* architectural */
#define COMMAND_LINE_MAX  1024  /* bytes; start_info.cmd_line is as long */
#define MEMORY_RANGES_MAX 128   /* e820 entries kept: as many as the boot protocol can pass */
#define BATCH_PREEMPT     64    /* batch entries done between two looks at pending work */

#endif
