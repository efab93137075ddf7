/* SPDX-License-Identifier: MIT */
/*
 * Starting the other processors, one after the other: INIT, start-up message to a page below 1 MiB
 * that holds the trampoline of boot.S, and a wait, bounded, until the processor reports. One that
 * does not come is left out; numbers stay dense.
 */
#include "lib/string.h"
#include "x86/apic.h"
#include "x86/clock.h"
#include "x86/cpu.h"
#include "x86/upcall.h"

#define INIT_WAIT_US    10000      /* 10 ms after INIT, as the start-up protocol asks */
#define STARTUP_WAIT_NS 1000000    /* before the second start-up message */
#define COMPARISONS     10000      /* of the two time stamp counters */
#define ARRIVE_WAIT_NS  1000000000 /* a processor under emulation takes its time */

extern char trampoline_start[], trampoline_words[], trampoline_end[];

static struct {
    unsigned nr_cpus;          /* up */
    uint32_t arrived;          /* number of the CPU that reported last */
    void *(*heap)(size_t bytes);
} smp = { .nr_cpus = 1 };

unsigned machine_nr_cpus(void)
{
    return __atomic_load_n(&smp.nr_cpus, __ATOMIC_ACQUIRE);
}

static void *heap_page(void)
{
    void *page = smp.heap(PAGE_SIZE);

    BUG_ON(!page);
    return page;
}

/* On the new CPU's own stack, with boot_l4. The window is there, so it knows who it is. */
static void ap_start(void)
{
    struct machine_cpu *cpu = this_machine_cpu();

    cpu_enter(cpu);
    apic_cpu_init();
    __atomic_store_n(&smp.arrived, cpu->id, __ATOMIC_RELEASE);
    while (machine_nr_cpus() <= cpu->id)
        clock_compare(); /* so does who waits for us */
    upcall_cpu_ready();
}

/* The words that the trampoline reads: the same order and sizes as in boot.S. */
struct trampoline_words {
    uint64_t entry, stack;
    uint32_t root, page;
};

static struct trampoline_words *trampoline_place(char *page, uint32_t addr)
{
    struct trampoline_words *words = (void *)(page + (trampoline_words - trampoline_start));

    memcpy(page, trampoline_start, (size_t)(trampoline_end - trampoline_start));
    words->entry = (uint64_t)ap_start;
    words->root = (uint32_t)machine_maddr(boot_l4);
    words->page = addr;
    return words;
}

static bool wait_arrival(unsigned id, uint64_t ns)
{
    for (uint64_t end = machine_now_ns() + ns; machine_now_ns() < end; machine_relax())
        if (__atomic_load_n(&smp.arrived, __ATOMIC_ACQUIRE) == id)
            return true;
    return false;
}

static bool cpu_start(struct machine_cpu *cpu, uint8_t page)
{
    apic_send_init(cpu->apic_id);
    clock_wait_us(INIT_WAIT_US);
    apic_send_startup(cpu->apic_id, page);
    if (!wait_arrival(cpu->id, STARTUP_WAIT_NS)) {
        apic_send_startup(cpu->apic_id, page);
        if (!wait_arrival(cpu->id, ARRIVE_WAIT_NS)) {
            apic_send_init(cpu->apic_id); /* if it is still on its way, it must not arrive */
            return false;
        }
    }
    for (unsigned i = 0; i < COMPARISONS; i++)
        clock_compare();
    __atomic_store_n(&smp.nr_cpus, cpu->id + 1, __ATOMIC_RELEASE);
    return true;
}

void machine_cpus_init(unsigned max, maddr_t low_page, void *(*heap)(size_t bytes))
{
    static uint32_t ids[CPUS_MAX];
    const unsigned nr = apic_ids(ids, CPUS_MAX);
    struct machine_cpu *next = NULL;
    char *page = machine_map_maddr(low_page), *kept;
    struct trampoline_words *words;

    smp.heap = heap;
    this_machine_cpu()->apic_id = apic_id();
    if (!low_page || low_page >= 0x100000 || low_page % PAGE_SIZE)
        return;
    kept = heap_page();
    memcpy(kept, page, PAGE_SIZE);
    words = trampoline_place(page, (uint32_t)low_page);
    for (unsigned i = 0; i < nr && machine_nr_cpus() < MIN(max, (unsigned)CPUS_MAX); i++) {
        if (ids[i] == apic_id())
            continue;
        if (!next) /* else the block of one that did not come serves again */
            next = cpu_create(machine_nr_cpus(), heap_page);
        next->apic_id = ids[i];
        words->stack = (uint64_t)next + BLOCK_STACK_TOP - 8;
        if (cpu_start(next, (uint8_t)(low_page >> PAGE_SHIFT)))
            next = NULL;
    }
    memcpy(page, kept, PAGE_SIZE);
}
