/* SPDX-License-Identifier: MIT */
/*
 * Feature bits that XENVER_get_features reports and that kernels name in their ELF notes. The
 * numbers are bit positions in sub-map 0, the only one.
 */
#ifndef PUBLIC_FEATURES_H
#define PUBLIC_FEATURES_H

#define XENFEAT_writable_page_tables 0      /* guest may write its own page tables; never for PV */
#define XENFEAT_writable_descriptor_tables 1 /* same for GDT and LDT; never for PV */
#define XENFEAT_auto_translated_physmap 2   /* the hypervisor translates frames; never for PV */
#define XENFEAT_supervisor_mode_kernel 3    /* the kernel runs in ring 0; never here */
#define XENFEAT_pae_pgdir_above_4gb 4       /* 32-bit guests only */
#define XENFEAT_mmu_pt_update_preserve_ad 5 /* MMU_PT_UPDATE_PRESERVE_AD exists */
#define XENFEAT_highmem_assist 6            /* MMUEXT_CLEAR_PAGE and COPY_PAGE exist */
#define XENFEAT_gnttab_map_avail_bits 7     /* GNTMAP_guest_avail_mask is honoured */
#define XENFEAT_hvm_callback_vector 8
#define XENFEAT_hvm_safe_pvclock 9
#define XENFEAT_hvm_pirqs 10
#define XENFEAT_dom0 11                     /* the domain is dom0 */
#define XENFEAT_memory_op_vnode_supported 13 /* XENMEMF_vnode exists */
#define XENFEAT_ARM_SMCCC_supported 14
#define XENFEAT_linux_rsdp_unrestricted 15  /* ELF note: RSDP may lie anywhere */
#define XENFEAT_not_direct_mapped 16
#define XENFEAT_direct_mapped 17            /* frame numbers of the guest are machine frames */

#define XENFEAT_NR_SUBMAPS 1

#endif
