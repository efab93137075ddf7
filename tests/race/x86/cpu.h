/* SPDX-License-Identifier: MIT */
/*
 * Stands in for hypervisor/x86/cpu.h below hypervisor/x86/tlb.c: the instructions that drop
 * translations drop those of this thread's simulated TLB.
 */
#ifndef LAMINA_X86_CPU_H
#define LAMINA_X86_CPU_H

#include "sim.h"

void flush_serve(void);

static inline uint64_t cr3_get(void)
{
    return sim.cpu[sim_running].cr3;
}
static inline void cr3_set(uint64_t cr3)
{
    (void)cr3;
    sim_flush(sim_running);
}
static inline void tlb_drop_page(gva_t va)
{
    sim_flush_page(sim_running, va);
}
static inline void caches_write_back(void)
{
}

#endif
