/* SPDX-License-Identifier: MIT */
/*
 * Hostile guests on the simulated machine. Every choice (which CPU goes on, what its vCPU does,
 * with which arguments, where it is interrupted) is read from the input: bytes of a file, or of a
 * random generator with a seed. So any run can be repeated, and a byte fuzzer can improve on it.
 */
#ifndef LAMINA_TESTS_FUZZ_H
#define LAMINA_TESTS_FUZZ_H

#include "sim.h"

/* ---- input ----------------------------------------------------------------------------------- */

struct input {
    const uint8_t *at, *end; /* NULL: random */
    uint64_t random;
    uint64_t schedule;       /* seed of where CPUs give way */
    unsigned give_way_bits;  /* one point in 2^this many */
};
extern SIM_PER_CPU struct input input;

bool input_is_over(void);    /* of a file */
unsigned pick(unsigned n);   /* 0..n-1 */
bool chance(unsigned of);    /* one in so many */
uint64_t pick_word(void);    /* 64 bits */

/* ---- places of this machine: place.c --------------------------------------------------------- */

void values_refresh(void);   /* frames changed hands: look again who owns which */
mfn_t value_frame(const struct domain *d);
maddr_t value_slot(const struct domain *d);   /* of an entry in one of its frames */
gva_t value_va(void);

/* ---- values: value.c ------------------------------------------------------------------------- */

uint64_t value_entry(const struct domain *d); /* of a page table */
domid_t value_domid(void);
uint64_t value_any(const struct domain *d);
uint64_t value_number(void); /* small or at an edge */

/* ---- calls: call.c --------------------------------------------------------------------------- */

struct call {
    uint64_t number, arg[6];
};
/* The next free bytes of the argument window of the CPU that the vCPU runs on, 8-byte aligned. */
void *args_take(struct sim_cpu *cpu, size_t bytes, gva_t *va);
void args_reset(void);
/* A hypercall for v on `cpu`; its structures are in the window. */
void call_make(struct sim_cpu *cpu, const struct domain *d, struct call *call);
/* Structures whose fields are worth more than random words: struct.c. False: none of its kind. */
bool struct_fill(const struct domain *d, unsigned class, unsigned sub, void *at,
                 struct sim_cpu *cpu);

/* ---- what ring 3 does: action.c -------------------------------------------------------------- */

/* One step of `cpu`, which is in ring 3. */
void ring3_step(unsigned cpu);

/* ---- tools: tools.c -------------------------------------------------------------------------- */

void tools_destroy(struct vcpu *v, void *domid); /* an action of dom0 */
/* Outside of any vCPU: a domain like the first ones; all that sleep or are paused go on. */
void tools_make(void *domid);
void tools_wake(void *unused);
bool tools_know(domid_t id, bool *shut_down);

/* ---- runs: run.c ----------------------------------------------------------------------------- */

struct run_options {
    unsigned audit_every; /* steps */
    uint64_t steps_max;
};
/* From sim_start() to the end of the input; returns hypercalls made. A breach aborts. */
uint64_t run(const struct run_options *options);
int fuzz_one(const uint8_t *data, size_t bytes); /* an input of a byte fuzzer */
extern uint64_t run_step;  /* where it is */
extern SIM_PER_CPU uint64_t run_calls; /* hypercalls so far */
/* Before each hypercall (v NULL) and after it, unless NULL. */
extern void (*run_note)(const struct call *call, const struct vcpu *v);

#endif
