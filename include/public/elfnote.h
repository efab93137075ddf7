/* SPDX-License-Identifier: MIT */
/*
 * Types of the ELF notes (name "Xen") in which a kernel tells the domain builder what it is and
 * where it wants to be. Numbers are 8 bytes in a 64-bit kernel (4 are accepted), strings end with
 * a zero byte.
 */
#ifndef PUBLIC_ELFNOTE_H
#define PUBLIC_ELFNOTE_H

#define XEN_ELFNOTE_INFO 0             /* string: older form, "KEY=value,..." */
#define XEN_ELFNOTE_ENTRY 1            /* virtual address of the entry point */
#define XEN_ELFNOTE_HYPERCALL_PAGE 2   /* virtual address of a page to fill with call stubs */
#define XEN_ELFNOTE_VIRT_BASE 3        /* virtual address of pseudo-physical 0 */
#define XEN_ELFNOTE_PADDR_OFFSET 4     /* to be subtracted from physical addresses in the file */
#define XEN_ELFNOTE_XEN_VERSION 5      /* string: "xen-3.0" */
#define XEN_ELFNOTE_GUEST_OS 6         /* string */
#define XEN_ELFNOTE_GUEST_VERSION 7    /* string */
#define XEN_ELFNOTE_LOADER 8           /* string: "generic" */
#define XEN_ELFNOTE_PAE_MODE 9         /* string: "yes", "no", "bimodal" */
#define XEN_ELFNOTE_FEATURES 10        /* string: "a|!b", ! for required */
#define XEN_ELFNOTE_BSD_SYMTAB 11      /* string: "yes" to load the symbol table */
#define XEN_ELFNOTE_HV_START_LOW 12    /* lowest hypervisor address the kernel accepts */
#define XEN_ELFNOTE_L1_MFN_VALID 13    /* pairs (mask, value) that mark a present entry */
#define XEN_ELFNOTE_SUSPEND_CANCEL 14  /* 1: SCHEDOP_shutdown may return after a suspend */
#define XEN_ELFNOTE_INIT_P2M 15        /* virtual address of the p2m list */
#define XEN_ELFNOTE_MOD_START_PFN 16   /* 1: the module need not be mapped */
#define XEN_ELFNOTE_SUPPORTED_FEATURES 17 /* bit per XENFEAT_* */
#define XEN_ELFNOTE_PHYS32_ENTRY 18    /* physical 32-bit entry point; not PV */
#define XEN_ELFNOTE_MAX XEN_ELFNOTE_PHYS32_ENTRY

#endif
