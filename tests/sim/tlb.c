/* SPDX-License-Identifier: MIT */
/* Flushes, done at once on all CPUs: only one of them runs. */
#include "sim.h"

#include "lib/bits.h"

void machine_flush_cpus(uint64_t cpus)
{
    for (unsigned cpu = 0; cpu < SIM_CPUS; cpu++)
        if (cpus & BIT(cpu))
            sim_flush(cpu);
}

void machine_flush_page_cpus(uint64_t cpus, gva_t va)
{
    for (unsigned cpu = 0; cpu < SIM_CPUS; cpu++)
        if (cpus & BIT(cpu))
            sim_flush_page(cpu, va);
}

void machine_flush_local(void)
{
    sim_flush(sim_running);
}

void machine_flush_page_local(gva_t va)
{
    sim_flush_page(sim_running, va);
}

void machine_flush_caches(void)
{
}

void machine_flush_caches_all(void)
{
}
