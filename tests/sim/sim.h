/* SPDX-License-Identifier: MIT */
/*
 * A machine in a process: all of the hypervisor above x86/, the same source as in ring 0, on CPUs
 * that are coroutines and RAM that is an array. Guests' addresses go through their page tables and
 * through a TLB that forgets only what the hypervisor flushes, so whatever a stale entry could
 * reach is found. A CPU gives way at each lock, at each access to guest memory and wherever it
 * spins, when the schedule says so; nothing happens but what the driver asks for, so every run can
 * be repeated.
 */
#ifndef LAMINA_TESTS_SIM_H
#define LAMINA_TESTS_SIM_H

#include "core/domain.h"
#include "x86/layout.h"

#define SIM_DOMAINS 3 /* dom0 and two more at start */
#define SIM_VCPUS   2 /* of each */
#define SIM_FRAMES  (SIM_RAM_BYTES / PAGE_SIZE)
#define TLB_ENTRIES 32

/* What a CPU remembers of a translation: the entry, and the tables that it went through. */
struct sim_tlb {
    gva_t page;     /* virtual page number */
    mfn_t frame;
    mfn_t table[4]; /* L1 first */
    domid_t domain;
    bool valid, write;
};

/* Bytes that a guest can always pass as an argument: no table maps them. Each CPU has its own. */
#define ARGS_VA    UINT64_C(0x0000700000000000)
#define ARGS_BYTES 16384

enum sim_state { SIM_GUEST, SIM_IDLE, SIM_BUSY }; /* in ring 3, halted, in the hypervisor */

struct sim_cpu {
    void *sp;             /* where it goes on */
    enum sim_state state;
    struct guest_cpu *g;  /* loaded */
    bool runs;            /* g, and not the idle loop */
    uint64_t cr3;
    uint64_t deadline_ns;
    bool kicked;
    void (*action)(struct vcpu *v, void *arg); /* what ring 3 does next */
    void *arg;
    unsigned next_tlb;
    struct sim_tlb tlb[TLB_ENTRIES];
    uint8_t args[ARGS_BYTES];
};

struct sim {
    struct sim_cpu cpu[SIM_CPUS];
    uint64_t now_ns;
    bool halted;          /* dom0 ended the machine */
    uint64_t nr_points;   /* places where a CPU could have given way */
    uint8_t next_vector;
};
extern struct sim sim;
extern SIM_PER_CPU unsigned sim_running; /* CPU */
/* CPUs run at once: what one looks at, another changes meanwhile. */
extern const bool sim_parallel;

/* The driver's part: asked at each point; true: this CPU gives way here. */
extern bool (*sim_give_way)(void);
/* ... and in each interrupt window: what arrives. */
extern void (*sim_window)(void);
/* ... and when the hypervisor panics, before the process ends. */
extern void (*sim_on_panic)(void);

/* The machine of world.c as built, again: everything as it was. */
void sim_start(void);
void sim_keep(void); /* what is now is what sim_start() goes back to; sim_is_still() */
/*
 * Let `cpu` go on until it gives way, halts or is in ring 3. In ring 3 it does `action` first, if
 * any: with the vCPU it runs, on the way into the hypervisor.
 */
void sim_step(unsigned cpu, void (*action)(struct vcpu *v, void *arg), void *arg);
bool sim_is_still(void);          /* no CPU is in the hypervisor */
/* From sim_start() on: dom0 does one action as soon as it runs, then all CPUs come to rest. */
void sim_dom0_act(void (*action)(struct vcpu *v, void *arg), void *arg);
struct vcpu *sim_vcpu(unsigned cpu); /* that is in ring 3 there; NULL: none */
/* A domain that there is; takes no reference. */
static inline struct domain *sim_domain(domid_t id)
{
    return container_of(mm_account_of_slot(id), struct domain, mm);
}
/* Time passes by itself a nanosecond at each look. */
void sim_time_pass(uint64_t ns);
/* What exception.S does on the way to ring 3: work, events, selectors. */
void sim_exit_path(struct guest_cpu *g);
/* On the stack of CPU 0, outside of any vCPU. Only while sim_is_still(). */
void sim_call(void (*function)(void *arg), void *arg);

/*
 * A guest gets to see these bytes. In a build with MemorySanitizer that ends the process when
 * nobody has written one of them: it would be what the stack held before.
 */
#ifdef __has_feature
#if __has_feature(memory_sanitizer)
#define SIM_MEMORY 1
#endif
#endif
#ifdef SIM_MEMORY
#include <sanitizer/msan_interface.h>
#define SIM_SEEN(bytes, size) __msan_check_mem_is_initialized(bytes, size)
#else
#define SIM_SEEN(bytes, size) ((void)(bytes), (void)(size))
#endif

/* ---- guest memory: guest.c ------------------------------------------------------------------- */

/* As ring 3 on this CPU: fills the TLB. NULL: page fault. Bytes up to the end of the page. */
void *sim_access(unsigned cpu, gva_t va, bool write);
/*
 * The CPU looks at a page below the hypervisor, and remembers that beside what it remembers of the
 * page from earlier: a search that takes all TLBs of all histories for one.
 */
void sim_cache(unsigned cpu, gva_t va);
/* Every translation that a CPU may still use: NULL, or the promise that it breaks. */
const char *sim_tlb_breach(void);
void sim_flush(unsigned cpu);
void sim_flush_page(unsigned cpu, gva_t va);

/* ---- domains: world.c ------------------------------------------------------------------------ */

void world_build(void *unused); /* from reset to dom0 and the others running */
/*
 * A domain with page tables and vCPUs; NULL: no memory. What was taken for it is given back then.
 */
struct domain *world_domain(domid_t id);

/* VA of each: see world.c. */
#define WORLD_DATA   8  /* frames mapped writable at pages 0.. */
#define WORLD_SPARE  6  /* owned, not mapped */
#define WORLD_TABLES 7  /* L4, user L4, L3, L2, three L1s: behind the data, read-only */

#endif
