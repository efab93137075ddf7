/* SPDX-License-Identifier: MIT */
/*
 * What does not load on the way into the guest. A data selector is for the failsafe callback, whose
 * frame shows all four as the guest wanted them, while the processor has null ones where it refused
 * and the others as they were; once, then the guest has peace. Code, stack or address of an iret
 * frame are the exception that IRETQ raises.
 */
#include "check.h"
#include "public/callback.h"
#include "public/sched.h"
#include "public/vcpu.h"

#define CODE      0x00affb000000ffffUL /* DPL 3, 64-bit */
#define DATA      0x00cff3000000ffffUL /* DPL 3, writable */
#define PRESENT   (1UL << 47)
#define SELECTOR  (1 * 8 + 3) /* of the descriptor that is taken away */
#define UNUSABLE  (2 * 8 + 3) /* no descriptor */
#define ABSENT    (3 * 8 + 3) /* code, not present */
#define LOCAL     (5 * 8 + 7) /* of an LDT, and there is none */
#define RELOAD_NS 20000000000UL
#define RELOADS   8
#define SELECTORS 4

static uint64_t gdt[512] PAGE;
/* ds, es, fs, gs: of the frame, and of the processor at entry. */
uint16_t real[SELECTORS];
uint64_t shown[SELECTORS];
static volatile unsigned entered;

extern char failsafe_entry[], user_call[];
extern char stub_failsafe[]; /* of libhypercall: behind the selectors it is a trap like others */
__asm__(".text\n"
        "failsafe_entry:\n\t"
        "pushq %rax\n\t"
        "movq 24(%rsp), %rax\n\t movq %rax, shown\n\t"
        "movq 32(%rsp), %rax\n\t movq %rax, shown + 8\n\t"
        "movq 40(%rsp), %rax\n\t movq %rax, shown + 16\n\t"
        "movq 48(%rsp), %rax\n\t movq %rax, shown + 24\n\t"
        "movw %ds, real\n\t movw %es, real + 2\n\t movw %fs, real + 4\n\t movw %gs, real + 6\n\t"
        "popq %rax\n\t"
        "jmp stub_failsafe\n"
        "user_call: syscall\n\t ud2\n");

static void on_failsafe(struct trap_frame *frame)
{
    (void)frame; /* goes on where it was */
    entered++;
}

static void selectors_load(uint16_t ds, uint16_t es, uint16_t fs)
{
    __asm__ volatile("movw %0, %%ds\n\tmovw %1, %%es\n\tmovw %2, %%fs"
                     :
                     : "r"(ds), "r"(es), "r"(fs));
}

static void set_up(void)
{
    struct callback_register op = { .type = CALLBACKTYPE_failsafe,
                                    .flags = CALLBACKF_mask_events,
                                    .address = (uint64_t)failsafe_entry };
    uint64_t frame = virt_to_mfn(gdt);

    NEED(event_init());
    test_user_tables();
    NEED(hypercall_callback_register(&op));
    trap_handle(TRAP_FAILSAFE, on_failsafe);
    gdt[1] = DATA;
    gdt[3] = CODE & ~PRESENT;
    NEED(page_remap(gdt, pte_make(frame, PTE_P | PTE_NX)));
    NEED(hypercall_set_gdt(&frame, 512));
}

/* What IRET refuses is the processor's exception, from where the frame wanted to go. */
static void iret_frames(void)
{
    static const struct {
        uint16_t cs, ss;
        long vector;
        uint64_t error_code;
    } bad[] = {
        { FLAT_USER_CS, UNUSABLE, 13, UNUSABLE & ~3 },
        { UNUSABLE, FLAT_USER_SS, 13, UNUSABLE & ~3 },
        { SELECTOR, FLAT_USER_SS, 13, SELECTOR & ~3 },
        { ABSENT, FLAT_USER_SS, 11, ABSENT & ~3 },
        { FLAT_USER_CS, LOCAL, 13, LOCAL & ~3 },
        { FLAT_USER_CS, 3, 13, 0 },
    };
    static char stack[4096] PAGE;

    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct iret_context frame = { .rip = (uint64_t)user_call,
                                      .cs = bad[i].cs,
                                      .ss = bad[i].ss,
                                      .rflags = 0x202,
                                      .rsp = (uint64_t)stack + sizeof(stack) };

        CHECK(test_iret(&frame), bad[i].vector);
        CHECK(test_caught.error_code, bad[i].error_code);
        CHECK(test_caught.rip, (uint64_t)user_call);
        CHECK(test_caught.cs & 0xffff, bad[i].cs);
        CHECK(test_caught.ss & 0xffff, bad[i].ss);
        CHECK(test_caught.rsp, frame.rsp);
    }
    CHECK(entered, 0);
}

/* To another processor: dom0 may say so. */
static void move_to(uint64_t cpus)
{
    struct xen_domctl_vcpuaffinity affinity = { .vcpu = 0, .flags = XEN_VCPUAFFINITY_HARD };

    affinity.cpumap_hard = (struct xenctl_bitmap){ (uint64_t)&cpus, 8 };
    NEED(hypercall_domctl_setvcpuaffinity(0, &affinity));
    hypercall_sched_yield();
}

/* How often this vCPU waited for its processor, or for another one. */
static uint64_t nr_waits(void)
{
    struct vcpu_runstate_info info;

    NEED(hypercall_vcpu_get_runstate_info(0, &info));
    return info.time[RUNSTATE_runnable];
}

/* Has the selectors loaded anew; a domU shares its processor with dom0, which works all the time.
 */
static void reload(void)
{
    uint64_t end = test_now() + RELOAD_NS, before = nr_waits();

    if (test_is_dom0()) {
        move_to(1);
        move_to(2);
    }
    while (nr_waits() == before && test_now() < end)
        hypercall_sched_yield();
}

/* A descriptor goes while the vCPU has it loaded: the next time that it gets a processor says so.
 */
static void lost_descriptor(void)
{
    selectors_load(SELECTOR, FLAT_RING3_DS32, SELECTOR);
    CHECK(hypercall_update_descriptor(virt_to_mfn(gdt) << PAGE_SHIFT | 8, 0), 0);
    for (unsigned i = 0; i < RELOADS && !entered; i++)
        reload();
    CHECK(entered, 1);
    CHECK(shown[0] & 0xffff, SELECTOR);
    CHECK(shown[1] & 0xffff, FLAT_RING3_DS32);
    CHECK(shown[2] & 0xffff, SELECTOR);
    CHECK(real[0], 0);
    CHECK(real[1], FLAT_RING3_DS32);
    CHECK(real[2], 0);
    CHECK(real[3], shown[3] & 0xffff);
    /* Null ones load. */
    for (unsigned i = 0; i < RELOADS; i++)
        reload();
    CHECK(entered, 1);
}

void test_main(void)
{
    set_up();
    iret_frames();
    lost_descriptor();
}
