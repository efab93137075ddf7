/* SPDX-License-Identifier: MIT */
/*
 * Frame allocator (buddy, orders 0..18) and the hypervisor heap on top of it. Frames given to
 * domains are scrubbed; DMA-capable frames (low addresses) are given last.
 */
#ifndef LAMINA_MM_ALLOC_H
#define LAMINA_MM_ALLOC_H

#include "mm/page.h"

#define ORDER_MAX 18

/*
 * Set up frame table and M2P for frames below ram_end; `take` as machine_memory_init(). Boot
 * only.
 */
void frames_init(maddr_t ram_end, mfn_t (*take)(uint64_t nr));
/* Hand [start, end) of RAM to the allocator (rounded inwards). Boot only. */
void frames_add(maddr_t start, maddr_t end);
/* Give RAM that the allocator never had to acct, content and all, as frames_alloc(). Boot only. */
void frames_give(struct mm_account *acct, mfn_t first, uint64_t nr);
/*
 * Ranges below ram_end that are no RAM (reserved, ACPI, device registers): owners may map them when
 * may_map_device() agrees. All frames named by neither call stay the hypervisor's. Boot only.
 */
void frames_add_device(maddr_t start, maddr_t end);
uint64_t frames_free(void);
uint64_t frames_total(void);

/*
 * 2^order frames for `acct` (NULL: hypervisor), each with refs 1 (PAGE_ALLOCATED), machine address
 * below 2^address_bits (0: any). MFN_INVALID: none, or acct's limit is reached. Takes acct's lock.
 */
mfn_t frames_alloc(struct mm_account *acct, unsigned order, unsigned address_bits) must_check;
/*
 * Frames of `owner` whose last references the caller took off their counts, in a row: at once what
 * page_put() does one by one. Under owner's lock.
 */
void frames_free_run(struct mm_account *owner, uint64_t first, uint64_t nr);
/* Hypervisor frames only. Guests' frames go by page_put(). */
void frames_release(mfn_t mfn, unsigned order);

/* Zeroed hypervisor memory, 16-byte aligned (page-aligned from 2048 bytes on); NULL: none. */
void *heap_alloc(size_t bytes) must_check;
void heap_free(void *p, size_t bytes);

/* Machine to pseudo-physical; M2P_INVALID when there is none. Guests read this table. */
#define M2P_INVALID (~UINT64_C(0))
void m2p_set(mfn_t mfn, uint64_t pfn);
uint64_t m2p_get(mfn_t mfn);
mfn_t m2p_first_frame(void); /* the table's own frames, contiguous */
uint64_t m2p_nr_frames(void);

#endif
