/* SPDX-License-Identifier: MIT */
/*
 * TLB flushes on other CPUs. Each CPU counts the requests it got and those it has done; a request
 * takes a number, sends an interrupt and waits until the number is done. A CPU that waits, here or
 * for a lock, answers requests itself (machine_relax), so two CPUs may flush each other and a flush
 * may be asked for with locks held.
 *
 * Only guest mappings are ever flushed, and they are never global: writing CR3 drops them all. A
 * page on another CPU is flushed with everything else there.
 */
#include "x86/apic.h"
#include "x86/cpu.h"

static struct {
    struct {
        uint32_t asked, done;
        bool caches; /* the next request is for the caches, too; set before it is counted */
    } cpu[CPUS_MAX] __attribute__((aligned(64)));
} tlb;

void machine_flush_local(void)
{
    cr3_set(cr3_get());
}

void machine_flush_page_local(gva_t va)
{
    tlb_drop_page(va);
}

void flush_serve(void)
{
    unsigned self = machine_cpu_id();
    uint32_t asked = __atomic_load_n(&tlb.cpu[self].asked, __ATOMIC_ACQUIRE);

    if (likely(asked == tlb.cpu[self].done))
        return;
    machine_flush_local();
    if (unlikely(READ_ONCE(tlb.cpu[self].caches)) &&
        __atomic_exchange_n(&tlb.cpu[self].caches, false, __ATOMIC_ACQ_REL))
        machine_flush_caches();
    __atomic_store_n(&tlb.cpu[self].done, asked, __ATOMIC_RELEASE);
}

static bool flush_done(unsigned cpu, uint32_t number)
{
    return (int32_t)(__atomic_load_n(&tlb.cpu[cpu].done, __ATOMIC_ACQUIRE) - number) >= 0;
}

static bool is_self(unsigned cpu)
{
    return cpu == machine_cpu_id();
}

static void flush_others(uint64_t cpus)
{
    unsigned nr = machine_nr_cpus(); /* one that starts meanwhile has nothing cached */
    uint32_t number[CPUS_MAX];

    for (unsigned cpu = 0; cpu < nr; cpu++)
        if (cpus >> cpu & 1 && !is_self(cpu)) {
            number[cpu] = __atomic_add_fetch(&tlb.cpu[cpu].asked, 1, __ATOMIC_SEQ_CST);
            apic_send_ipi(machine_apic_id(cpu), VECTOR_FLUSH);
        }
    for (unsigned cpu = 0; cpu < nr; cpu++)
        while (cpus >> cpu & 1 && !is_self(cpu) && !flush_done(cpu, number[cpu]))
            machine_relax();
}

void machine_flush_cpus(uint64_t cpus)
{
    if (cpus >> machine_cpu_id() & 1)
        machine_flush_local();
    flush_others(cpus);
}

void machine_flush_page_cpus(uint64_t cpus, gva_t va)
{
    if (cpus >> machine_cpu_id() & 1)
        machine_flush_page_local(va);
    flush_others(cpus);
}

void machine_flush_caches(void)
{
    caches_write_back();
}

void machine_flush_caches_all(void)
{
    for (unsigned cpu = 0; cpu < machine_nr_cpus(); cpu++)
        if (!is_self(cpu))
            __atomic_store_n(&tlb.cpu[cpu].caches, true, __ATOMIC_RELEASE);
    machine_flush_caches();
    flush_others(~UINT64_C(0));
}
