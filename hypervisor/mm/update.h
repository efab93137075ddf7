/* SPDX-License-Identifier: MIT */
/*
 * Changing page tables. Each function checks everything, then commits. Account locks are taken
 * inside unless said. `acct` owns the tables, `owner` the frames that new entries name (the same
 * but for a control domain mapping foreign frames; NULL: device memory, DOMID_IO). Errors:
 * -EINVAL refused by validation, -EPERM not allowed, -ERESTART stopped half way: repeat.
 */
#ifndef LAMINA_MM_UPDATE_H
#define LAMINA_MM_UPDATE_H

#include "mm/page.h"

enum pte_update { PTE_NORMAL, PTE_PRESERVE_AD, PTE_NO_TRANSLATE };

/* State of one batch of entry updates: locks held from pt_batch_begin to pt_batch_end. */
struct pt_batch {
    struct mm_account *acct, *owner;
};
void pt_batch_begin(struct pt_batch *batch, struct mm_account *acct, struct mm_account *owner);
/* Write one entry (of any level) at machine address `where` (8-byte aligned, in acct's table). */
int pt_batch_update(struct pt_batch *batch, maddr_t where, uint64_t entry, enum pte_update how)
    must_check;
void pt_batch_end(struct pt_batch *batch);

/* The L1 entry that maps `va` under root `cr3`: machine address of the entry, or 0. */
maddr_t pt_l1_slot(maddr_t cr3, gva_t va);
/* update_va_mapping: entry for `va`; flushing is the caller's (flags). */
int pt_update_va(struct mm_account *acct, struct mm_account *owner, maddr_t cr3, gva_t va,
                 uint64_t entry) must_check;

/* A guest's plain write to a table, decoded: `bytes` (1,2,4,8) at machine address; compare-exchange
 * when `expect` is not NULL (*expect gets what was found). Validated as one entry update. */
int pt_emulated_write(struct mm_account *acct, maddr_t where, uint64_t value, unsigned bytes,
                      uint64_t *expect) must_check;

/* mmuext_op */
int pt_pin(struct mm_account *acct, mfn_t mfn, enum page_type level) must_check;
int pt_unpin(struct mm_account *acct, mfn_t mfn) must_check;
/* Root for a vCPU: takes a typed L4 reference on `mfn`; the caller later puts the old one. */
int pt_root_get(struct mm_account *acct, mfn_t mfn) must_check;
int pt_root_put(struct mm_account *acct, mfn_t mfn) must_check;
/*
 * Make one descriptor safe for the real GDT or LDT (privilege level 3): false when its kind is not
 * allowed there. Typing a page PT_SEGDESC applies it to all of it, update_descriptor to one.
 */
bool segdesc_fix(uint64_t *descriptor) must_check;

/*
 * Grants map by PTE (machine address of an L1 entry) or by va: replace what is there with `entry`.
 * The references that the grant took on the frame (plain, and writable unless read-only) pass to
 * it, those of what it replaced are put. Unmap: the entry must name `mfn` with the mapping's RW
 * bit; it becomes 0 and the references pass back: the caller flushes acct->cpus, then puts them. A
 * guest that removes the entry by other means, or dies, has them put here; a later unmap then finds
 * no entry and fails (-EINVAL), and must not put. So each reference is put once, by whoever removes
 * the entry.
 */
int pt_grant_map(struct mm_account *acct, maddr_t slot, uint64_t entry) must_check;
int pt_grant_unmap(struct mm_account *acct, maddr_t slot, mfn_t mfn, bool readonly) must_check;

/*
 * Give back a dying account's frames, in steps: -ERESTART until done; roots, descriptor pages and
 * vcpu_info references are the caller's to put first. -EBUSY: all is done, but others still hold
 * references (grants, foreign mappings); those frames go when the last is put, and 0 comes then.
 */
int account_relinquish(struct mm_account *acct) must_check;

/* Invariants of a frame that an account owns, and of its entries if it is a table; lock held. */
bool page_check(const struct page *page);
bool pt_check(const struct page *page);
/* All of them, and a recount of everything from the tables: true when consistent. */
bool page_audit(void);
/*
 * The same while other CPUs work: they may come by references and publish them between our taking
 * off and putting back, so only those of page tables are recounted, and what is left must not be
 * negative. Nobody registers or unregisters an account meanwhile. Debug key.
 */
bool page_audit_live(void);
/*
 * Reports the references held outside mm (roots, grants, descriptor pages, vcpu_info ...) for the
 * audit, by calling count(mfn, typed) for each, all accounts locked. NULL: what is left over is
 * taken for theirs.
 */
extern void (*page_audit_others)(void (*count)(mfn_t mfn, bool typed));

#endif
