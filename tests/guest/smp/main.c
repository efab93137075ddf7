/* SPDX-License-Identifier: MIT */
/*
 * A second vCPU: which numbers exist, bringing one up with a whole state of its own, events to and
 * from it, its own masks and clock, and taking it down and up again.
 */
#include "check.h"
#include "lamina/vcpu.h"
#include "public/vcpu.h"

#define STACK 16384

static struct vcpu_guest_context context PAGE;
static char ap_stack[STACK] __attribute__((aligned(16)));
static uint64_t gdt[512] PAGE;
static volatile unsigned rounds, argument, upcalls_0;
static evtchn_port_t to_ap, to_bsp;
volatile unsigned ap_upcalls;
uint64_t ap_info; /* address of the second vCPU's vcpu_info */

/* The second vCPU's upcall: count, clear pending, back by iret with rcx and r11 as they were. */
extern char ap_upcall[];
__asm__(".text\n"
        "ap_upcall:\n\t"
        "popq %rcx\n\t"
        "popq %r11\n\t"
        "pushq $0\n\t"
        "pushq %rcx\n\t"
        "pushq %r11\n\t"
        "pushq %rax\n\t"
        "movq ap_info, %rax\n\t"
        "movb $0, (%rax)\n\t"
        "movq $0, 8(%rax)\n\t"
        "lock incl ap_upcalls\n\t"
        "movl $23, %eax\n\t"
        "syscall\n\tud2\n");

static struct vcpu_info *info(unsigned vcpu)
{
    return &shared_info->vcpu_info[vcpu];
}

static uint64_t tsc(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static long send(evtchn_port_t port)
{
    struct evtchn_send op = { .port = port };

    return hypercall_evtchn_send(&op);
}

/* Runs on the second vCPU: unmask, answer each event by one to the first vCPU. */
static void __attribute__((noreturn)) ap_main(unsigned value)
{
    unsigned answered = 0;

    argument = value;
    rounds = 1;
    for (;;) {
        unsigned now;

        vcpu_events_disable(1); /* while it looks: blocking unmasks, and loses nothing */
        now = ap_upcalls;
        if (now != answered) {
            answered = now;
            __atomic_fetch_and(&shared_info->evtchn_pending[to_ap / 64], ~(1UL << to_ap % 64),
                               __ATOMIC_SEQ_CST);
            rounds++;
            send(to_bsp);
        } else {
            hypercall_sched_block();
        }
    }
}

static void answered(evtchn_port_t port)
{
    (void)port;
    upcalls_0++;
}

/* Waits for *word to reach `value`: bounded by the clock, some seconds of emulation. */
static unsigned await(const volatile unsigned *word, unsigned value)
{
    uint64_t begin = tsc();

    while (*word < value && tsc() - begin < 20000000000UL)
        hypercall_sched_yield();
    return *word;
}

/* A kernel probes all numbers; it must not be led to believe in CPUs that are not there. */
static unsigned probe(void)
{
    unsigned exist = 0, odd = 0;

    CHECK(hypercall_vcpu_is_up(0), 1);
    for (unsigned vcpu = 1; vcpu < 8192; vcpu++) {
        long result = hypercall_vcpu_is_up(vcpu);

        exist += result == 0;
        odd += result != 0 && result != -XEN_ENOENT;
    }
    CHECK(odd, 0);
    CHECK(hypercall_vcpu_is_up(0xffffffff), -XEN_ENOENT);
    CHECK(hypercall_vcpu_up(4000), -XEN_ENOENT);
    CHECK(hypercall_vcpu_down(4000), -XEN_ENOENT);
    return exist;
}

static void fill_context(void)
{
    context.flags = VGCF_in_kernel;
    context.user_regs.rip = (uint64_t)ap_main;
    context.user_regs.rsp = (uint64_t)ap_stack + STACK - 8;
    context.user_regs.rdi = 4711;
    context.user_regs.cs = FLAT_KERNEL_CS;
    context.user_regs.ss = FLAT_KERNEL_SS;
    context.user_regs.rflags = 0x1000; /* IOPL of the kernel */
    context.kernel_ss = FLAT_KERNEL_SS;
    context.kernel_sp = (uint64_t)ap_stack + STACK / 2;
    context.gdt_ents = 512;
    context.gdt_frames[0] = virt_to_mfn(gdt);
    context.event_callback_eip = (uint64_t)ap_upcall;
    context.failsafe_callback_eip = (uint64_t)ap_upcall;
    context.syscall_callback_eip = (uint64_t)ap_upcall;
    context.ctrlreg[3] = xen_pfn_to_cr3(virt_to_mfn((void *)start_info->pt_base));
}

static void refused(void)
{
    CHECK(hypercall_vcpu_up(1), -XEN_EINVAL); /* it has no state yet */
    CHECK(hypercall_vcpu_is_up(1), 0);
    CHECK_REFUSED(hypercall_vcpu_initialise(1, &context)); /* the GDT page is writable */
    NEED(page_remap(gdt, pte_make(virt_to_mfn(gdt), PTE_P | PTE_NX)));
    context.ctrlreg[3] = xen_pfn_to_cr3(virt_to_mfn(ap_stack)); /* no page table */
    CHECK_REFUSED(hypercall_vcpu_initialise(1, &context));
    context.ctrlreg[3] = xen_pfn_to_cr3(virt_to_mfn((void *)start_info->pt_base));
    CHECK(hypercall_vcpu_is_up(1), 0);
}

static void ping(unsigned times)
{
    unsigned before = upcalls_0, ap_before = ap_upcalls;

    for (unsigned i = 1; i <= times; i++) {
        CHECK(send(to_ap), 0);
        CHECK(await(&upcalls_0, before + i), before + i);
    }
    CHECK(ap_upcalls - ap_before, times);
}

static void down_and_up(void)
{
    uint64_t begin = tsc();
    unsigned before;

    CHECK(hypercall_vcpu_down(1), 0);
    CHECK(hypercall_vcpu_is_up(1), 0);
    before = ap_upcalls;
    CHECK(send(to_ap), 0);
    while (tsc() - begin < 50000000)
        hypercall_sched_yield();
    CHECK(ap_upcalls, before); /* it does not run */
    CHECK(hypercall_vcpu_up(1), 0);
    CHECK(await(&ap_upcalls, before + 1), before + 1); /* the event waited */
    CHECK(hypercall_vcpu_is_up(1), 1);
    CHECK(await(&upcalls_0, 1) > 0, 1);
}

void test_main(void)
{
    struct evtchn_bind_ipi bind_ap = { .vcpu = 1 }, bind_bsp = { .vcpu = 0 };
    struct vcpu_runstate_info state;

    NEED(event_init());
    events_enable();
    if (probe() == 0)
        test_skip("the domain has one vCPU only");
    NEED(hypercall_evtchn_bind_ipi(&bind_ap));
    NEED(hypercall_evtchn_bind_ipi(&bind_bsp));
    to_ap = bind_ap.port;
    to_bsp = bind_bsp.port;
    event_handle(to_bsp, answered);
    event_unmask(to_ap);
    ap_info = (uint64_t)info(1);

    fill_context();
    refused();
    CHECK(hypercall_vcpu_initialise(1, &context), 0);
    CHECK(hypercall_vcpu_initialise(1, &context), -XEN_EEXIST);
    CHECK(hypercall_vcpu_is_up(1), 0);
    CHECK(hypercall_vcpu_up(1), 0);
    CHECK(await(&rounds, 1) >= 1, 1);
    CHECK(argument, 4711);
    CHECK(hypercall_vcpu_is_up(1), 1);
    ping(200);
    down_and_up();
    CHECK(hypercall_vcpu_get_runstate_info(1, &state), 0);
    CHECK(state.time[RUNSTATE_running] > 0, 1);
    CHECK(info(1)->time.tsc_to_system_mul != 0, 1); /* it has a clock of its own */
}
