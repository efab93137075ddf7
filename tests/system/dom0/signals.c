/* SPDX-License-Identifier: MIT */
/*
 * Signals: each fault arrives as its signal with its address, handlers run on their own stack and
 * nest, vector registers survive them, and a fast timer interrupts a computation without harm.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

static sigjmp_buf escape;
static volatile sig_atomic_t got_signal, got_code, ticks, depth;
static void *volatile got_address;

static void check(int ok, const char *what)
{
    if (!ok) {
        printf("signals: %s (signal %d, code %d, address %p)\n", what, got_signal, got_code,
               got_address);
        exit(1);
    }
}

static void on_fault(int signal, siginfo_t *info, void *context)
{
    (void)context;
    got_signal = signal;
    got_code = info->si_code;
    got_address = info->si_addr;
    siglongjmp(escape, 1);
}

static void on_tick(int signal)
{
    (void)signal;
    __asm__ volatile("pxor %%xmm7, %%xmm7" ::: "xmm7");
    ticks = ticks + 1;
}

static void on_nested(int signal)
{
    depth = depth + 1;
    if (signal == SIGUSR1)
        raise(SIGUSR2);
}

static void handle(int signal, int flags, void (*handler)(int, siginfo_t *, void *))
{
    struct sigaction action = { .sa_sigaction = handler, .sa_flags = flags | SA_SIGINFO };

    check(sigaction(signal, &action, NULL) == 0, "sigaction");
}

static void test_faults(void)
{
    static const int faults[] = { SIGSEGV, SIGFPE, SIGILL, SIGTRAP, SIGBUS };
    char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        handle(faults[i], SA_ONSTACK | SA_NODEFER, on_fault);

    if (!sigsetjmp(escape, 1))
        *(volatile char *)(page + 123) = 1;
    check(got_signal == SIGSEGV && got_code == SEGV_ACCERR && got_address == page + 123,
          "write to a read-only page");
    munmap(page, 4096);
    if (!sigsetjmp(escape, 1))
        (void)*(volatile char *)(page + 45);
    check(got_signal == SIGSEGV && got_code == SEGV_MAPERR && got_address == page + 45,
          "read of no page");
    if (!sigsetjmp(escape, 1))
        (void)*(volatile char *)(uintptr_t)0x8000000000000000;
    check(got_signal == SIGSEGV && got_code == SI_KERNEL, "non-canonical address");
    if (!sigsetjmp(escape, 1))
        __asm__ volatile("xorl %%ecx, %%ecx\n\tdivl %%ecx" ::: "eax", "ecx", "edx");
    check(got_signal == SIGFPE && got_code == FPE_INTDIV, "division by zero");
    if (!sigsetjmp(escape, 1))
        __asm__ volatile("ud2");
    check(got_signal == SIGILL, "undefined instruction");
    if (!sigsetjmp(escape, 1))
        __asm__ volatile("int3");
    check(got_signal == SIGTRAP, "breakpoint");
    if (!sigsetjmp(escape, 1))
        __asm__ volatile("hlt");
    check(got_signal == SIGSEGV && got_code == SI_KERNEL, "privileged instruction");
    if (!sigsetjmp(escape, 1))
        __asm__ volatile("int $0x21");
    check(got_signal == SIGSEGV, "forbidden software interrupt");
    if (!sigsetjmp(escape, 1))
        __asm__ volatile("pushfq\n\torl $0x100, (%%rsp)\n\tpopfq\n\tnop" ::: "memory", "cc");
    check(got_signal == SIGTRAP && got_code == TRAP_TRACE, "single step");
}

static void test_nesting(void)
{
    signal(SIGUSR1, on_nested);
    signal(SIGUSR2, on_nested);
    raise(SIGUSR1);
    check(depth == 2, "nested signals");
}

static void test_timer(void)
{
    struct itimerval fast = { { 0, 2000 }, { 0, 2000 } }, off = { { 0, 0 }, { 0, 0 } };
    uint64_t in = 0x123456789abcdef0, out;

    signal(SIGALRM, on_tick);
    check(setitimer(ITIMER_REAL, &fast, NULL) == 0, "setitimer");
    while (ticks < 200) {
        __asm__ volatile("movq %1, %%xmm7\n\tmov $10000, %%ecx\n1:\tloop 1b\n\tmovq %%xmm7, %0"
                         : "=r"(out)
                         : "r"(in)
                         : "ecx", "xmm7");
        check(out == in, "a vector register changed under a signal");
        in = in * 3 + 1;
    }
    setitimer(ITIMER_REAL, &off, NULL);
}

int main(void)
{
    stack_t stack = { .ss_sp = malloc(65536), .ss_size = 65536 };

    check(sigaltstack(&stack, NULL) == 0, "sigaltstack");
    test_faults();
    test_nesting();
    test_timer();
    printf("signals: faults, nesting and %d timer ticks\n", ticks);
    return 0;
}
