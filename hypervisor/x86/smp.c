/* SPDX-License-Identifier: MIT */
/*
 * Starting the other processors, one after the other: INIT, start-up message to a page below 1 MiB
 * that holds the trampoline of boot.S, and a wait, bounded, until the processor reports. One that
 * does not come is left out; numbers stay dense.
 */
#include "x86/apic.h"
#include "x86/cpu.h"
#include "x86/upcall.h"

#define INIT_WAIT_NS    10000000   /* 10 ms after INIT, as the start-up protocol asks */
#define STARTUP_WAIT_NS 1000000    /* before the second start-up message */
#define ARRIVE_WAIT_NS  1000000000 /* a processor under emulation takes its time */

extern char trampoline_start[], trampoline_end[], trampoline_32[], trampoline_64[];
extern char trampoline_root[], trampoline_far32[], trampoline_far64[], trampoline_gdtr[];
extern char trampoline_gdt[], trampoline_entry[], trampoline_stack[];

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
        __asm__ volatile("pause");
    upcall_cpu_ready();
}

static void trampoline_put32(char *copy, const char *field, uint32_t value)
{
    *(uint32_t *)(copy + (field - trampoline_start)) = value;
}

static void trampoline_put64(char *copy, const char *field, uint64_t value)
{
    *(uint64_t *)(copy + (field - trampoline_start)) = value;
}

static void trampoline_fill(char *copy, uint32_t page)
{
    for (char *from = trampoline_start; from < trampoline_end; from++)
        copy[from - trampoline_start] = *from;
    trampoline_put32(copy, trampoline_root, (uint32_t)machine_maddr(boot_l4));
    trampoline_put32(copy, trampoline_far32, page + (uint32_t)(trampoline_32 - trampoline_start));
    trampoline_put32(copy, trampoline_far64, page + (uint32_t)(trampoline_64 - trampoline_start));
    trampoline_put32(copy, trampoline_gdtr + 2,
                     page + (uint32_t)(trampoline_gdt - trampoline_start));
    trampoline_put64(copy, trampoline_entry, (uint64_t)ap_start);
}

static void wait_ns(uint64_t ns)
{
    for (uint64_t end = machine_now_ns() + ns; machine_now_ns() < end;)
        machine_relax();
}

static bool wait_arrival(unsigned id, uint64_t ns)
{
    for (uint64_t end = machine_now_ns() + ns; machine_now_ns() < end; machine_relax())
        if (__atomic_load_n(&smp.arrived, __ATOMIC_ACQUIRE) == id)
            return true;
    return false;
}

static bool cpu_start(struct machine_cpu *cpu, char *copy, uint32_t page)
{
    trampoline_put64(copy, trampoline_stack, (uint64_t)cpu + BLOCK_STACK_TOP - 8);
    apic_send_init(cpu->apic_id);
    wait_ns(INIT_WAIT_NS);
    apic_send_startup(cpu->apic_id, (uint8_t)(page >> PAGE_SHIFT));
    if (!wait_arrival(cpu->id, STARTUP_WAIT_NS)) {
        apic_send_startup(cpu->apic_id, (uint8_t)(page >> PAGE_SHIFT));
        if (!wait_arrival(cpu->id, ARRIVE_WAIT_NS)) {
            apic_send_init(cpu->apic_id); /* if it is still on its way, it must not arrive */
            return false;
        }
    }
    __atomic_store_n(&smp.nr_cpus, cpu->id + 1, __ATOMIC_RELEASE);
    return true;
}

void machine_cpus_init(unsigned max, maddr_t low_page, void *(*heap)(size_t bytes))
{
    static uint32_t ids[CPUS_MAX];
    const unsigned nr = apic_ids(ids, CPUS_MAX);
    struct machine_cpu *next = NULL;
    char *copy = machine_map_maddr(low_page);
    uint64_t *kept;

    smp.heap = heap;
    this_machine_cpu()->apic_id = apic_id();
    if (!low_page || low_page >= 0x100000 || low_page % PAGE_SIZE)
        return;
    kept = heap_page();
    for (unsigned i = 0; i < PAGE_SIZE / 8; i++)
        kept[i] = ((uint64_t *)copy)[i];
    trampoline_fill(copy, (uint32_t)low_page);
    for (unsigned i = 0; i < nr && machine_nr_cpus() < MIN(max, (unsigned)CPUS_MAX); i++) {
        if (ids[i] == apic_id())
            continue;
        if (!next) /* else the block of one that did not come serves again */
            next = cpu_create(machine_nr_cpus(), heap_page);
        next->apic_id = ids[i];
        if (cpu_start(next, copy, (uint32_t)low_page))
            next = NULL;
    }
    for (unsigned i = 0; i < PAGE_SIZE / 8; i++)
        ((uint64_t *)copy)[i] = kept[i];
}
