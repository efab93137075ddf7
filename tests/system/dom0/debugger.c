/* SPDX-License-Identifier: MIT */
/*
 * A debugger's tools: a breakpoint and a watchpoint in debug registers, a breakpoint instruction
 * and single steps, set by a parent in its child. The debug registers of one process must not show
 * in another.
 */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define DR(n) offsetof(struct user, u_debugreg[n])

enum {
    DR7_LOCAL_0 = 1 << 0,
    DR7_LOCAL_1 = 1 << 2,
    DR7_WRITE_1 = 1 << 20, /* slot 1 stops at writes ... */
    DR7_8_BYTES_1 = 2 << 22, /* ... of up to eight bytes */
    DR6_SLOT_0 = 1 << 0,
    DR6_SLOT_1 = 1 << 1,
    DR6_STEP = 1 << 14,
};

static volatile uint64_t watched;

__attribute__((noinline)) static void landmark(void)
{
    __asm__ volatile("" ::: "memory");
}

__attribute__((noinline)) static void second_landmark(void)
{
    __asm__ volatile("nop" ::: "memory");
}

static void check(int ok, const char *what)
{
    if (!ok) {
        printf("debugger: %s (errno %d)\n", what, errno);
        exit(1);
    }
}

static _Noreturn void child_main(void)
{
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    landmark();
    watched = 77;
    second_landmark();
    _exit(watched == 77 ? 42 : 1);
}

static void wait_stop(pid_t child, int signal, const char *what)
{
    int status;

    check(waitpid(child, &status, 0) == child && WIFSTOPPED(status) && WSTOPSIG(status) == signal,
          what);
}

static uint64_t peek_user(pid_t child, size_t offset)
{
    return (uint64_t)ptrace(PTRACE_PEEKUSER, child, offset, 0);
}

static void poke_user(pid_t child, size_t offset, uint64_t value, const char *what)
{
    check(ptrace(PTRACE_POKEUSER, child, offset, value) == 0, what);
}

static uint64_t rip(pid_t child)
{
    struct user_regs_struct regs;

    check(ptrace(PTRACE_GETREGS, child, 0, &regs) == 0, "registers");
    return regs.rip;
}

static void resume(pid_t child, long request)
{
    check(ptrace((enum __ptrace_request)request, child, 0, 0) == 0, "resume");
}

static void test_registers(pid_t child)
{
    poke_user(child, DR(0), (uintptr_t)landmark, "debug register 0");
    poke_user(child, DR(1), (uintptr_t)&watched, "debug register 1");
    poke_user(child, DR(7), DR7_LOCAL_0 | DR7_LOCAL_1 | DR7_WRITE_1 | DR7_8_BYTES_1,
              "debug register 7");
    /* Ours are not the child's: neither of these may stop us. */
    landmark();
    watched = 1;

    resume(child, PTRACE_CONT);
    wait_stop(child, SIGTRAP, "no stop at the breakpoint");
    check(rip(child) == (uintptr_t)landmark, "the breakpoint is elsewhere");
    check((peek_user(child, DR(6)) & (DR6_SLOT_0 | DR6_SLOT_1)) == DR6_SLOT_0, "DR6, breakpoint");
    poke_user(child, DR(6), 0, "clearing DR6");

    resume(child, PTRACE_CONT);
    wait_stop(child, SIGTRAP, "no stop at the watchpoint");
    check((peek_user(child, DR(6)) & (DR6_SLOT_0 | DR6_SLOT_1)) == DR6_SLOT_1, "DR6, watchpoint");
    check(ptrace(PTRACE_PEEKDATA, child, &watched, 0) == 77, "the watched value");
    poke_user(child, DR(7), 0, "clearing DR7");
    poke_user(child, DR(6), 0, "clearing DR6");
}

static void test_steps(pid_t child)
{
    uint64_t last = rip(child);

    for (int i = 0; i < 3; i++) {
        resume(child, PTRACE_SINGLESTEP);
        wait_stop(child, SIGTRAP, "no stop after a step");
        check(rip(child) != last, "a step went nowhere");
        last = rip(child);
    }
}

static void test_instruction(pid_t child)
{
    uintptr_t at = (uintptr_t)second_landmark;
    long code = ptrace(PTRACE_PEEKTEXT, child, at, 0);

    check(ptrace(PTRACE_POKETEXT, child, at, (code & ~0xffl) | 0xcc) == 0, "poke of int3");
    if (rip(child) == at)
        check(ptrace(PTRACE_POKEUSER, child, offsetof(struct user, regs.rip), at) == 0, "rip");
    resume(child, PTRACE_CONT);
    wait_stop(child, SIGTRAP, "no stop at int3");
    check(rip(child) == at + 1, "int3 is elsewhere");
    check(ptrace(PTRACE_POKETEXT, child, at, code) == 0, "poke back");
    poke_user(child, offsetof(struct user, regs.rip), at, "rip");
}

int main(void)
{
    int status;
    pid_t child = fork();

    if (child == 0)
        child_main();
    wait_stop(child, SIGSTOP, "the child did not stop");
    test_registers(child);
    resume(child, PTRACE_SINGLESTEP);
    wait_stop(child, SIGTRAP, "no stop after the first step");
    check((peek_user(child, DR(6)) & DR6_STEP) != 0, "DR6, step");
    test_instruction(child);
    test_steps(child);
    resume(child, PTRACE_CONT);
    check(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 42,
          "the child did not end well");
    printf("debugger: breakpoint, watchpoint, int3 and steps\n");
    return 0;
}
