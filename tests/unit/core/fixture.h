/* SPDX-License-Identifier: MIT */
/*
 * Small domains for the tests of event channels and grants, and the neighbours these modules call:
 * lists of domains, frames with counts, one L1 table a domain. The stand-ins keep to the contracts
 * of their headers and fail the test where a caller does not.
 */
#ifndef LAMINA_TESTS_CORE_FIXTURE_H
#define LAMINA_TESTS_CORE_FIXTURE_H

#include "core/domain.h"
#include "mm/page.h"

/* Everything as at start. */
void fixture_start(void);
/* Destroy all domains; then no lock is held, and every byte and frame is back. */
void fixture_end(void);

/* A domain with nr vCPUs, tables of events and grants; control: id 0. */
struct domain *domain_make(domid_t id, unsigned nr_vcpus);
/* As domain_destroy() does: mappings, events, grants. The structure goes with the last reference. */
void domain_unmake(struct domain *d);
void run(struct vcpu *v); /* v is current */

/* A frame of d with the given type in force (PT_NONE: none). */
mfn_t frame_make(struct domain *d, enum page_type type);
/* The L1 table of d maps virtual pages 0..511. Entry of a page; its machine address. */
uint64_t *entry_of(struct domain *d, unsigned page);
maddr_t entry_maddr(struct domain *d, unsigned page);
#define PAGE_VA(page) ((gva_t)(page) << PAGE_SHIFT)

extern struct fixture {
    unsigned fail_alloc;  /* the n-th allocation from now on fails; 0: none */
    unsigned nr_kicks;    /* vcpu_kick() */
    struct vcpu *kicked;  /* the last one */
    unsigned nr_unblocks; /* sched_unblock() */
    int pirq_refuses;     /* pirq_bind() answers this */
    unsigned pirq_cpu;    /* last pirq_set_cpu() */
    size_t heap_bytes, nr_frames; /* allocated now */
    unsigned nr_domains;  /* that exist */
} fixture;

/* Everything that counts: references and types of all frames, heap and frames in use. */
uint64_t world_digest(void);

#endif
