/* SPDX-License-Identifier: MIT */
/*
 * What common operations of a process cost inside dom0, in ticks of the time stamp counter: with
 * `-icount shift=0` a tick is an instruction of the whole machine. Each figure is the least of
 * several rounds, so that timer interrupts do not count. The same program runs without a hypervisor
 * and on the peer; only the differences mean anything.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES  512
#define ROUNDS 8

static uint64_t tsc(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static void must(int ok, const char *what)
{
    if (ok)
        return;
    perror(what);
    printf("LAMINA-TEST bench not ok: %s\n", what);
    exit(1);
}

/* Runs one round; returns how many operations it was, and in *ticks what they took. */
typedef unsigned round_fn(uint64_t *ticks);

static unsigned null_syscall(uint64_t *ticks)
{
    uint64_t begin = tsc();

    for (unsigned i = 0; i < 200; i++)
        syscall(SYS_getppid);
    *ticks = tsc() - begin;
    return 200;
}

static char *mapping;

static unsigned touch(uint64_t *ticks)
{
    uint64_t begin;

    mapping = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    must(mapping != MAP_FAILED, "mmap");
    mapping[0] = 1; /* the page table itself */
    begin = tsc();
    for (unsigned i = 1; i < PAGES; i++)
        ((volatile char *)mapping)[i * 4096] = 1;
    *ticks = tsc() - begin;
    must(munmap(mapping, PAGES * 4096) == 0, "munmap");
    return PAGES - 1;
}

static void populate(void)
{
    mapping = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    must(mapping != MAP_FAILED, "mmap");
}

static unsigned protect(uint64_t *ticks)
{
    uint64_t begin;

    populate();
    begin = tsc();
    must(mprotect(mapping, PAGES * 4096, PROT_READ) == 0, "mprotect");
    *ticks = tsc() - begin;
    must(munmap(mapping, PAGES * 4096) == 0, "munmap");
    return PAGES;
}

static unsigned unmap(uint64_t *ticks)
{
    uint64_t begin;

    populate();
    begin = tsc();
    must(munmap(mapping, PAGES * 4096) == 0, "munmap");
    *ticks = tsc() - begin;
    return PAGES;
}

static unsigned fork_wait(uint64_t *ticks)
{
    uint64_t begin = tsc();

    for (unsigned i = 0; i < 4; i++) {
        pid_t child = fork();

        must(child >= 0, "fork");
        if (child == 0)
            _exit(0);
        must(waitpid(child, NULL, 0) == child, "waitpid");
    }
    *ticks = tsc() - begin;
    return 4;
}

static unsigned fork_exec(uint64_t *ticks)
{
    uint64_t begin = tsc();

    for (unsigned i = 0; i < 2; i++) {
        pid_t child = fork();

        must(child >= 0, "fork");
        if (child == 0) {
            execl("/proc/self/exe", "bench", "leave", NULL);
            _exit(1);
        }
        must(waitpid(child, NULL, 0) == child, "waitpid");
    }
    *ticks = tsc() - begin;
    return 2;
}

/* Two processes hand a byte to and fro: two switches of context an operation. */
static unsigned pipes(uint64_t *ticks)
{
    int there[2], back[2];
    char byte = 1;
    uint64_t begin;
    pid_t child;

    must(pipe(there) == 0 && pipe(back) == 0, "pipe");
    child = fork();
    must(child >= 0, "fork");
    if (child == 0) {
        close(there[1]);
        while (read(there[0], &byte, 1) == 1)
            must(write(back[1], &byte, 1) == 1, "write");
        _exit(0);
    }
    must(write(there[1], &byte, 1) == 1 && read(back[0], &byte, 1) == 1, "ping");
    begin = tsc();
    for (unsigned i = 0; i < 100; i++)
        must(write(there[1], &byte, 1) == 1 && read(back[0], &byte, 1) == 1, "ping");
    *ticks = tsc() - begin;
    close(there[1]), close(there[0]), close(back[0]), close(back[1]);
    must(waitpid(child, NULL, 0) == child, "waitpid");
    return 100;
}

static const struct {
    const char *name;
    round_fn *run;
} figures[] = {
    { "linux_null_syscall", null_syscall }, { "linux_anonymous_fault", touch },
    { "linux_mprotect_page", protect },     { "linux_munmap_page", unmap },
    { "linux_fork_wait", fork_wait },       { "linux_fork_exec_wait", fork_exec },
    { "linux_pipe_round_trip", pipes },
};

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "leave") == 0)
        return 0;
    setbuf(stdout, NULL);
    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); /* the guest has no large pages */
    for (unsigned i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
        uint64_t least = UINT64_MAX, ticks = 0;

        for (unsigned round = 0; round < ROUNDS; round++) {
            unsigned operations = figures[i].run(&ticks);

            if (ticks / operations < least)
                least = ticks / operations;
        }
        printf("FIGURE %s %llu\n", figures[i].name, (unsigned long long)least);
    }
    printf("LAMINA-TEST bench ok\n");
    return 0;
}
