/* SPDX-License-Identifier: MIT */
/*
 * The machine as a domain of Lamina: processor, memory and time. Each function is one or two
 * hypercalls; what metal/ needs besides (mode switches, descriptor tables, calibration, interrupt
 * controllers) has no counterpart here.
 */
#include "common/machine.h"
#include "common/print.h"
#include "lamina/batch.h"
#include "lamina/clock.h"
#include "lamina/console.h"
#include "lamina/event.h"
#include "lamina/hypercall.h"
#include "lamina/paging.h"
#include "lamina/trap.h"
#include "lamina/vcpu.h"

#define ROOTS_MAX   4u
#define STACK_BYTES 16384u

/*
 * Kernel and programs both run in ring 3, so a root is two tables: the kernel's, with everything,
 * and the program's twin of it without the kernel.
 */
static uint64_t twins[ROOTS_MAX][512] __attribute__((aligned(4096)));
static uint64_t roots[ROOTS_MAX];
static unsigned nr_roots;

static char trap_stack[STACK_BYTES] __attribute__((aligned(16)));
static char second_stack[STACK_BYTES] __attribute__((aligned(16)));
static evtchn_port_t kick_port[CPUS_MAX];
static void (*second_main)(void);
static struct batch batch;

/* ---- start, end, text ---- */

static void on_timer(evtchn_port_t port)
{
    (void)port;
    kernel_alarm();
}

static void on_kick(evtchn_port_t port)
{
    kernel_kick(port == kick_port[1]);
}

static void on_call(struct trap_frame *frame)
{
    struct call call = { frame->rax, frame->rdi, frame->rsi, frame->rdx };

    kernel_call(&call);
    frame->rax = call.number;
}

static void on_fault(struct trap_frame *frame)
{
    kernel_fault((unsigned)frame->vector, frame->rip, shared_info->vcpu_info[0].arch.cr2,
                 trap_from_user(frame));
}

void guest_main(void)
{
    struct evtchn_bind_virq timer = { .virq = VIRQ_TIMER };

    trap_init();
    for (unsigned vector = 0; vector < 32; vector++)
        trap_handle(vector, on_fault);
    trap_handle(TRAP_SYSCALL, on_call);
    if (event_init() || hypercall_evtchn_bind_virq(&timer))
        panic("no events");
    event_handle(timer.port, on_timer);
    hypercall_stack_switch(FLAT_KERNEL_SS, (uint64_t)trap_stack + STACK_BYTES);
    events_enable();
    kernel_main();
}

void machine_print(const char *text, size_t bytes)
{
    console_write(text, bytes);
}

void machine_off(void)
{
    guest_shutdown(SHUTDOWN_poweroff);
}

/* ---- memory ---- */

static bool is_mapped(uint64_t pfn)
{
    for (unsigned level = 4; level >= 1; level--)
        if (!(*pte_of(pfn_to_virt(pfn), level) & PTE_P))
            return false;
    return true;
}

/* The first page tables and the first stack come last; all that is mapped after them is free. */
void machine_memory(uint64_t *first, uint64_t *nr)
{
    uint64_t end;

    *first = virt_to_pfn((void *)start_info->pt_base) + start_info->nr_pt_frames + 1;
    for (end = *first; end < start_info->nr_pages && is_mapped(end);)
        end++;
    *nr = end - *first;
}

uint64_t machine_entry(uint64_t frame, uint64_t flags)
{
    return pte_make(pfn_to_mfn(frame), flags);
}

uint64_t machine_entry_frame(uint64_t entry)
{
    return mfn_to_pfn((entry & PTE_ADDRESS) >> PAGE_SHIFT);
}

int machine_table_make(uint64_t frame)
{
    return page_remap(pfn_to_virt(frame), pte_make(pfn_to_mfn(frame), PTE_P | PTE_NX)) ? -1 : 0;
}

static int root_pin(uint64_t frame)
{
    return machine_table_make(frame) || mmuext_frame(MMUEXT_PIN_L4_TABLE, pfn_to_mfn(frame)) ? -1
                                                                                             : 0;
}

int machine_root_make(uint64_t frame)
{
    uint64_t *root = pfn_to_virt(frame);

    if (nr_roots == ROOTS_MAX)
        return -1;
    root[511] = *pte_of((void *)VIRT_BASE, 4);
    if (root_pin(frame) || root_pin(virt_to_pfn(twins[nr_roots])))
        return -1;
    roots[nr_roots++] = frame;
    return 0;
}

static uint64_t *twin_of(uint64_t frame)
{
    for (unsigned i = 0; i < nr_roots; i++)
        if (roots[i] == frame)
            return twins[i];
    return NULL;
}

static void entry_queue(const uint64_t *entry, uint64_t value)
{
    batch_pte(&batch, virt_to_mfn(entry) << PAGE_SHIFT | ((uint64_t)entry & (PAGE_SIZE - 1)),
              value);
}

void machine_entry_write(uint64_t *entry, uint64_t value)
{
    uint64_t *twin = twin_of(virt_to_pfn(entry));

    entry_queue(entry, value);
    if (twin)
        entry_queue(twin + ((uint64_t)entry & (PAGE_SIZE - 1)) / 8, value);
}

int machine_flush(void)
{
    return batch_flush(&batch) ? -1 : 0;
}

int machine_root_use(uint64_t frame)
{
    if (mmuext_frame(MMUEXT_NEW_BASEPTR, pfn_to_mfn(frame)) ||
        mmuext_frame(MMUEXT_NEW_USER_BASEPTR, virt_to_mfn(twin_of(frame))))
        return -1;
    return 0;
}

void machine_user_enter(uint64_t rip, uint64_t rsp)
{
    user_enter(rip, rsp);
}

/* ---- time and processors ---- */

uint64_t machine_now_ns(void)
{
    return clock_now_ns();
}

void machine_alarm(uint64_t at_ns)
{
    clock_set_deadline(at_ns);
}

void machine_wait(unsigned cpu, const volatile uint64_t *word)
{
    for (vcpu_events_disable(cpu); !*word; vcpu_events_disable(cpu))
        hypercall_sched_block(); /* which unmasks */
    vcpu_events_enable(cpu);
}

unsigned machine_nr_cpus(void)
{
    return vcpu_count();
}

static void second_entry(void *arg)
{
    (void)arg;
    vcpu_events_enable(1);
    second_main();
}

int machine_cpu_start(void (*main)(void))
{
    for (unsigned cpu = 0; cpu < CPUS_MAX; cpu++) {
        long port = vcpu_ipi(cpu);

        if (port < 0)
            return -1;
        kick_port[cpu] = (evtchn_port_t)port;
        event_handle(kick_port[cpu], on_kick);
    }
    second_main = main;
    return vcpu_start(1, second_entry, NULL, second_stack + STACK_BYTES) ? -1 : 0;
}

void machine_kick(unsigned cpu)
{
    event_send(kick_port[cpu]);
}
