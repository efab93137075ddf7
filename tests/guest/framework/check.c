/* SPDX-License-Identifier: MIT */
/* The outcome of a micro-guest, and the few things that several of them need. */
#include "check.h"

unsigned long test_checks;
struct trap_frame test_caught;
const struct trap_frame *test_caught_at;

static unsigned long failures;
static uint64_t user_l4[512] __attribute__((aligned(4096)));

void test_failure(const char *file, int line, const char *what, long got, long wanted)
{
    failures++;
    console_print("%s:%d: %s is %ld, not %ld\n", file, line, what, got, wanted);
}

static void __attribute__((noreturn)) finish(const char *outcome)
{
    console_print("LAMINA-GUEST %s: %lu checks held, %lu did not\n", outcome, test_checks,
                  failures);
    guest_shutdown(SHUTDOWN_poweroff);
}

void test_skip(const char *why)
{
    console_print("LAMINA-GUEST skip: %s\n", why);
    guest_shutdown(SHUTDOWN_poweroff);
}

bool test_is_dom0(void)
{
    return (start_info->flags & SIF_INITDOMAIN) != 0;
}

void test_needs_dom0(void)
{
    if (!test_is_dom0())
        test_skip("about what only dom0 may do");
}

void test_needs_lamina(const char *why)
{
    static const char name[] = "-lamina";
    char text[16] = "";
    unsigned i = 0, n = sizeof(name) - 1;

    NEED(hypercall_version_extraversion(&text));
    while (i < sizeof(text) && text[i])
        i++;
    while (n && i && text[i - 1] == name[n - 1])
        i--, n--;
    if (n)
        test_skip(why);
}

/* The other end of a port that one opens for oneself is oneself, by number. */
domid_t test_self(void)
{
    long port = event_offer(DOMID_SELF);
    struct evtchn_status status = { .dom = DOMID_SELF, .port = (evtchn_port_t)port };

    if (port < 0)
        test_error("event_offer", port);
    NEED(hypercall_evtchn_status(&status));
    NEED(event_close(status.port));
    return status.u.unbound.dom;
}

void test_error(const char *what, long result)
{
    console_print("%s gave %ld\n", what, result);
    finish("error");
}

void guest_main(void)
{
    trap_init();
    test_main();
    finish(failures ? "failure" : test_checks ? "success" : "error");
}

/* ---- catching an exception ------------------------------------------------------------- */

static struct {
    uint64_t rsp, rbp, rip;
} resume_at;

static void caught(struct trap_frame *frame)
{
    test_caught = *frame;
    test_caught_at = frame;
    frame->rip = resume_at.rip;
    frame->cs = FLAT_KERNEL_CS & ~3U;
    frame->ss = FLAT_KERNEL_SS & ~3UL;
    frame->rflags &= 0x200; /* event mask as it was, and nothing else that was tried */
    frame->rsp = resume_at.rsp;
    frame->rbp = resume_at.rbp;
    frame->rax = frame->vector;
}

long test_catch(void (*code)(void *arg), void *arg)
{
    long vector;

    for (unsigned v = 0; v <= TRAP_SYSCALL; v++)
        trap_handle(v, caught);
    __asm__ volatile("leaq 1f(%%rip), %%rax\n\t"
                     "movq %%rax, 16+%1\n\t"
                     "movq %%rsp, %1\n\t"
                     "movq %%rbp, 8+%1\n\t"
                     "call *%2\n\t"
                     "movq $-1, %%rax\n"
                     "1:"
                     : "=&a"(vector), "+m"(resume_at), "+r"(code), "+D"(arg)
                     :
                     : "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
                       "r15", "cc", "memory");
    for (unsigned v = 0; v <= TRAP_SYSCALL; v++)
        trap_handle(v, NULL);
    return vector;
}

static void read_byte(void *address)
{
    __asm__ volatile("movb (%0), %%al" : : "r"(address) : "rax");
}

static void write_byte(void *address)
{
    __asm__ volatile("movb $0x5a, (%0)" : : "r"(address) : "memory");
}

long test_read(const volatile void *address)
{
    return test_catch(read_byte, (void *)(uint64_t)address);
}

long test_write(volatile void *address)
{
    return test_catch(write_byte, (void *)(uint64_t)address);
}

/* ---- time -------------------------------------------------------------------------------- */

uint64_t test_now(void)
{
    volatile struct vcpu_time_info *time = &shared_info->vcpu_info[0].time;
    uint32_t version, low, high;
    uint64_t delta, base;

    do {
        version = time->version & ~1U;
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        __asm__ volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high));
        delta = ((uint64_t)high << 32 | low) - time->tsc_timestamp;
        delta = time->tsc_shift < 0 ? delta >> -time->tsc_shift : delta << time->tsc_shift;
        delta = (uint64_t)((unsigned __int128)delta * time->tsc_to_system_mul >> 32);
        base = time->system_time;
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
    } while (version != time->version);
    return base + delta;
}

/* ---- user mode --------------------------------------------------------------------------- */

uint64_t test_user_root(void)
{
    return virt_to_mfn(user_l4);
}

void test_user_tables(void)
{
    user_l4[511] = *pte_of((void *)VIRT_BASE, 4);
    NEED(page_remap(user_l4, pte_make(virt_to_mfn(user_l4), PTE_P | PTE_NX)));
    NEED(mmuext_frame(MMUEXT_PIN_L4_TABLE, virt_to_mfn(user_l4)));
    NEED(mmuext_frame(MMUEXT_NEW_USER_BASEPTR, virt_to_mfn(user_l4)));
}

__asm__(".bss\n\t.balign 16\n\t.skip 8192\n\t.globl test_trap_stack_end\n"
        "test_trap_stack_end:\n\t.text\n");

static void leave(void *context)
{
    __asm__ volatile("movq %0, %%rsp\n\tmovl %1, %%eax\n\tsyscall\n\tud2"
                     :
                     : "r"(context), "i"(__HYPERVISOR_iret)
                     : "memory");
    __builtin_unreachable();
}

long test_iret(const struct iret_context *context)
{
    /* The frame is the stack while it is used, so it may not be on one. */
    static struct iret_context frame;

    frame = *context;
    NEED(hypercall_stack_switch(FLAT_KERNEL_SS, (uint64_t)test_trap_stack_end));
    return test_catch(leave, &frame);
}

void test_leave_user(struct trap_frame *frame, void (*resume)(void))
{
    extern char guest_stack_end[];

    frame->rip = (uint64_t)resume;
    frame->cs = FLAT_KERNEL_CS & ~3U;
    frame->ss = FLAT_KERNEL_SS & ~3UL;
    frame->rsp = (uint64_t)guest_stack_end - 8;
}
