/* SPDX-License-Identifier: MIT */
/* A domain: an account of frames, its vCPUs, its tables of events, grants and interrupts. */
#ifndef LAMINA_CORE_DOMAIN_H
#define LAMINA_CORE_DOMAIN_H

#include "core/evtchn.h"
#include "core/grant.h"
#include "core/irq.h"
#include "core/vcpu.h"
#include "lib/bits.h"
#include "mm/account.h"

/* One range of a memory map, as guests read it: an e820 entry. */
struct memory_map_entry {
    uint64_t start, bytes;
    uint32_t type; /* 1 RAM, 2 reserved, 3 ACPI, 4 NVS, 5 unusable */
} __attribute__((packed));

struct domain {
    struct mm_account mm; /* must stay first: mm/ hands accounts back as domains */

    /* --- set once --- */
    domid_t id;
    bool is_control; /* dom0 */
    uint8_t uuid[16];
    unsigned vcpus_max;
    struct vcpu *vcpu[VCPUS_MAX];
    struct shared_info guest_shared *shared; /* hypervisor view; frame is page_share()d */

    /* --- under lock --- */
    spinlock_t lock;
    unsigned pause_count; /* by control domain */
    bool is_dying;        /* being destroyed */
    bool is_shut_down;
    bool is_gone;              /* destroyed but for the last references and foreign mappings */
    uint32_t claimed;          /* atomic: a CPU has a tool's operation on it in hand */
    unsigned destroy_step;     /* how far that has come */
    uint8_t shutdown_code;     /* SHUTDOWN_* */
    bool shutdown_code_chosen; /* SCHEDOP_shutdown_code set it: domain_shutdown() keeps it */
    struct memory_map_entry *memory_map; /* set by tools, on the heap; NULL: none */
    uint32_t nr_memory_map;              /* entries of it */
    uint32_t refs;                       /* atomic; domain_get/put */

    /* --- own locks inside --- */
    struct evtchn_table events;
    struct grant_table grants;
    struct pirq_table pirqs;

    /* --- guest choices --- */
    uint32_t vm_assist;            /* bit per VMASST_TYPE_* */
    bool msr_relaxed;              /* unknown MSRs read as 0; set at creation */
    uint64_t io_ports[65536 / 64]; /* ports this domain may use: bit set = allowed */

    /* --- time --- */
    int64_t wallclock_offset_s;
    struct watchdog {
        struct timer timer;
        struct domain *domain;
        bool used; /* under lock: the guest has it */
    } watchdog[2];

    /* --- scheduling parameters --- */
    uint16_t weight, cap; /* 256 = one share; cap in % of one CPU, 0: none */

    struct domain *next; /* list of all domains by id, under the list lock */
};

/* Where v's vcpu_info is while none is registered; the shared page has room for the first 32. */
static inline struct vcpu_info guest_shared *vcpu_first_info(const struct vcpu *v)
{
    if (v->info_own) /* ours alone: more care than it needs */
        return (struct vcpu_info guest_shared unshared *)v->info_own;
    return &v->domain->shared->vcpu_info[v->id];
}

/* What a domain is from its first moment in the list; domain_config_default() has no identity. */
struct domain_config {
    unsigned vcpus_max;
    unsigned evtchns_max, grant_frames_max, maptrack_max; /* ports, frames, handles */
    bool msr_relaxed;
    uint8_t uuid[16];
};
struct domain_config domain_config_default(unsigned vcpus_max);

/* Paused once, but the control domain. id DOMID_INVALID: a free one. -EEXIST -ENOMEM -EINVAL */
int domain_create(domid_t id, unsigned vcpus_max, bool is_control, struct domain **out) must_check;
/*
 * The same, with a reference, and in the caller's hand (`claimed`) until domain_release(): as soon
 * as it is in the list, another CPU could destroy it.
 */
int domain_create_claimed(domid_t id, const struct domain_config *config, bool is_control,
                          struct domain **out) must_check;
struct domain *domain_get(domid_t id) must_check; /* with a reference, NULL: none */
void domain_put(struct domain *d); /* takes no lock: domains_reap() frees what nobody refers to */
/* Let go of the claim, and of the reference with it. */
static inline void domain_release(struct domain *d)
{
    atomic_write(&d->claimed, 0u);
    domain_put(d);
}
/* First with id > after, with a reference; after DOMID_FIRST_RESERVED or above: the very first. */
struct domain *domain_next(domid_t after) must_check;
struct domain *domain_after(struct domain *d) must_check; /* the next one; puts d */
/* for_each_domain(d): each domain, with a reference during its turn; no lock held, no break. */
#define for_each_domain(d)                                                                         \
    for (struct domain *d = domain_next(DOMID_INVALID); d; d = domain_after(d))
/* No domain is made or freed in between; they take and drop the list lock. */
void domains_hold(void);
void domains_let_go(void);
/* Free destroyed domains whose last reference and frame have gone; no lock held. Exit path. */
void domains_reap(void);
extern bool domains_reap_wanted; /* a hint for the exit path */
/* Counted. The pauser is never of d, and holds no lock: it waits for d's vCPUs to stop. */
void domain_pause(struct domain *d);
void domain_unpause(struct domain *d);
/* In steps: -ERESTART until all is given back. One caller at a time. */
int domain_destroy(struct domain *d) must_check;
/* SCHEDOP_shutdown and crashes end here; dom0's ends the machine. A domain's locks may be held. */
void domain_shutdown(struct domain *d, uint8_t code);
/* SCHEDOP_watchdog: the id of a new one (> 0), 0, -EINVAL, -ENOSPC. core/watchdog.c */
int domain_watchdog(struct domain *d, uint32_t id, uint32_t timeout_s) must_check;
void domain_watchdog_init(struct domain *d);
void domain_watchdog_stop(struct domain *d);
/* The guest broke itself beyond reply. Never for our own faults. */
void domain_crash(struct domain *d, const char *why);
extern struct domain *control_domain; /* dom0, set once at boot */

/* Resolve a DOMID argument: DOMID_SELF or own id: current's domain; another id needs control. */
struct domain *domain_get_target(domid_t id) must_check; /* NULL: none or not allowed */

#endif
