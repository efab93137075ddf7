/* SPDX-License-Identifier: MIT */
/*
 * The measuring guest. Under `-icount shift=0` the time stamp counter advances by one for each
 * instruction that the machine executes, so a loop's ticks are its instructions, those of the
 * hypervisor included. Prints "FIGURE name value" lines: instructions per operation, the guest's
 * own ones taken off, rounded to the nearest.
 */
#include "check.h"
#include "public/callback.h"
#include "public/physdev.h"

#define TURNS 2000UL
#define BATCH 32

typedef uint64_t loop(uint64_t turns, uint64_t a, uint64_t b);
loop loop_empty, loop_hypercall, loop_kernel_bp, loop_kernel_ud, loop_kernel_pf, loop_pte_flags,
    loop_pte_general, loop_event, loop_va;
extern char user_syscalls[], user_bp[], user_pf[];
extern char bounce_back[], bounce_ud[], bounce_pf[], event_back[];
uint64_t event_info, event_word;

static uint64_t table[512] PAGE, data[2][512] PAGE;
static char user_stack[4096] PAGE;

static uint64_t tsc(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/* `own`: the guest's instructions in that many operations. */
static void figure(const char *name, uint64_t ticks, uint64_t operations, uint64_t own)
{
    ticks -= ticks > own ? own : ticks;
    console_print("FIGURE %s %lu\n", name, (ticks + operations / 2) / operations);
}

/* The first turns are not counted: translation of code costs nothing here, but caches of the
 * hypervisor's own may be cold. */
static uint64_t measure(loop *code, uint64_t a, uint64_t b)
{
    code(16, a, b);
    return code(TURNS, a, b);
}

static void direct(unsigned vector, uint8_t flags, const char *handler)
{
    struct trap_info list[2] = { { .vector = (uint8_t)vector, .flags = flags, .cs = FLAT_KERNEL_CS,
                                   .address = (uint64_t)handler },
                                 { 0 } };

    NEED(hypercall_set_trap_table(list));
}

static void callback(uint16_t type, const char *handler)
{
    struct callback_register op = { .type = type, .flags = CALLBACKF_mask_events,
                                    .address = (uint64_t)handler };

    NEED(hypercall_callback_register(&op));
}

static uint64_t user_loop(const char *code, long ending)
{
    struct iret_context frame = {
        .rax = TURNS, .rip = (uint64_t)code, .cs = FLAT_USER_CS, .rflags = 0x202,
        .rsp = (uint64_t)user_stack + sizeof(user_stack), .ss = FLAT_USER_SS,
    };
    long vector = test_iret(&frame);

    if (vector != ending)
        test_error(code == user_pf ? "the page fault loop" : "a user loop", vector);
    return test_caught.r13 - test_caught.r12;
}

static void crossings(void)
{
    extern char stub_syscall[];

    /* One instruction is one tick, or nothing below means anything. */
    figure("loop", measure(loop_empty, 0, 0), TURNS, 0);
    figure("null_hypercall", measure(loop_hypercall, 0, 0), TURNS, 5 * TURNS);
    direct(3, 3, bounce_back);
    figure("exception_kernel_bp", measure(loop_kernel_bp, 0, 0), TURNS, 11 * TURNS);
    direct(6, 0, bounce_ud);
    figure("exception_kernel_ud", measure(loop_kernel_ud, 0, 0), TURNS, 12 * TURNS);
    direct(14, 0, bounce_pf);
    figure("exception_kernel_pf", measure(loop_kernel_pf, 0, 0), TURNS, 12 * TURNS);

    test_user_tables();
    figure("exception_user_bp", user_loop(user_bp, TRAP_SYSCALL), TURNS, 11 * TURNS);
    figure("exception_user_pf", user_loop(user_pf, TRAP_SYSCALL), TURNS, 12 * TURNS);
    trap_init();
    callback(CALLBACKTYPE_syscall, bounce_back);
    figure("null_syscall", user_loop(user_syscalls, 3), TURNS, 11 * TURNS);
    callback(CALLBACKTYPE_syscall, stub_syscall);
}

static void updates(const char *name, const uint64_t *even, const uint64_t *odd)
{
    static struct mmu_update lists[2][BATCH];
    uint64_t maddr = virt_to_mfn(table) << PAGE_SHIFT, begin = 0, ticks;

    for (unsigned i = 0; i < BATCH; i++) {
        lists[0][i] = (struct mmu_update){ maddr + i * 8, even[i % 2] };
        lists[1][i] = (struct mmu_update){ maddr + i * 8, odd[i % 2] };
    }
    for (unsigned turn = 0; turn < 66; turn++) {
        if (turn == 2)
            begin = tsc();
        if (hypercall_mmu_update(lists[turn % 2], BATCH, NULL, DOMID_SELF))
            test_error(name, (long)turn);
    }
    ticks = tsc() - begin;
    figure(name, ticks, 64 * BATCH, 64 * 16); /* some 16 of C around each call */
}

static void page_tables(void)
{
    uint64_t first = pte_make(virt_to_mfn(data[0]), PTE_P | PTE_W | PTE_U | PTE_A | PTE_D);
    uint64_t second = pte_make(virt_to_mfn(data[1]), PTE_P | PTE_W | PTE_U | PTE_A | PTE_D);
    uint64_t present[2] = { first, second }, swapped[2] = { second, first };
    uint64_t read_only[2] = { first & ~PTE_W, second & ~PTE_W }, none[2] = { 0, 0 };
    uint64_t accessed[2] = { first & ~PTE_A, second & ~PTE_A };

    NEED(hypercall_vm_assist_enable(VMASST_TYPE_writable_pagetables));
    NEED(page_remap(table, pte_make(virt_to_mfn(table), PTE_P | PTE_NX)));
    NEED(mmuext_frame(MMUEXT_PIN_L1_TABLE, virt_to_mfn(table)));
    figure("pte_trapped_flags", measure(loop_pte_flags, (uint64_t)&table[3], first), 2 * TURNS,
           6 * TURNS);
    figure("pte_trapped_general", measure(loop_pte_general, (uint64_t)&table[3], first), 2 * TURNS,
           4 * TURNS);
    updates("mmu_update_flags", present, accessed);
    updates("mmu_update_protect", present, read_only);
    updates("mmu_update_replace", present, swapped);
    updates("mmu_update_general", present, none);
    figure("update_va_mapping", measure(loop_va, (uint64_t)data[0], first), TURNS, 8 * TURNS);
}

/* What fork, exec and exit do: whole tables become tables and cease to be; and a change of root. */
static void roots(void)
{
    struct mmuext_op pin = { .cmd = MMUEXT_PIN_L1_TABLE, .arg1.mfn = virt_to_mfn(table) };
    struct mmuext_op unpin = { .cmd = MMUEXT_UNPIN_TABLE, .arg1.mfn = virt_to_mfn(table) };
    uint64_t kernel = virt_to_mfn((void *)start_info->pt_base);
    struct mmuext_op pair[2] = { { .cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = kernel },
                                 { .cmd = MMUEXT_NEW_USER_BASEPTR, .arg1.mfn = test_user_root() } };
    uint64_t begin = 0, ticks = 0;

    for (unsigned turn = 0; turn < 200; turn++) {
        begin = tsc();
        if (hypercall_mmuext_op(pair, 2, NULL, DOMID_SELF))
            test_error("a change of root", (long)turn);
        ticks = tsc() - begin;
    }
    figure("new_baseptr_pair", ticks, 1, 16);
    NEED(hypercall_mmuext_op(&unpin, 1, NULL, DOMID_SELF));
    for (unsigned full = 0; full < 2; full++) {
        NEED(page_remap(table, pte_make(virt_to_mfn(table), PTE_P | PTE_W | PTE_NX)));
        for (unsigned i = 0; i < 512; i++)
            table[i] = full ? pte_make(virt_to_mfn(data[i % 2]), PTE_P | PTE_W | PTE_A | PTE_D) : 0;
        NEED(page_remap(table, pte_make(virt_to_mfn(table), PTE_P | PTE_NX)));
        begin = tsc();
        NEED(hypercall_mmuext_op(&pin, 1, NULL, DOMID_SELF));
        ticks = tsc() - begin;
        figure(full ? "pin_l1_full" : "pin_l1_empty", ticks, 1, 16);
        begin = tsc();
        NEED(hypercall_mmuext_op(&unpin, 1, NULL, DOMID_SELF));
        ticks = tsc() - begin;
        figure(full ? "unpin_l1_full" : "unpin_l1_empty", ticks, 1, 16);
    }
}

static void events(void)
{
    struct evtchn_bind_ipi ipi = { .vcpu = 0 };
    struct evtchn_send send;

    NEED(hypercall_evtchn_bind_ipi(&ipi));
    send.port = ipi.port;
    event_unmask(ipi.port);
    event_info = (uint64_t)&shared_info->vcpu_info[0];
    event_word = (uint64_t)&shared_info->evtchn_pending[ipi.port / 64];
    NEED(hypercall_vcpu_stop_periodic_timer(0));
    events_disable();
    callback(CALLBACKTYPE_event, event_back);
    shared_info->vcpu_info[0].evtchn_pending_sel = 0;
    shared_info->vcpu_info[0].evtchn_upcall_pending = 0;
    figure("event_masked", measure(loop_event, (uint64_t)&send, 0), TURNS, 6 * TURNS);
    events_enable();
    figure("event_upcall", measure(loop_event, (uint64_t)&send, 0), TURNS, 19 * TURNS);
    events_disable();
}

void test_main(void)
{
    console_print("FIGURE first_instruction %lu\n", start_tsc);
    NEED(event_init());
    crossings();
    page_tables();
    roots();
    events();
    test_checks++;
}
