/* SPDX-License-Identifier: MIT */
/*
 * Stress of processes and address spaces: fork with copy on write both ways, exec, threads, and
 * random map, protect, move and unmap of memory whose content is checked against a model.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FORKS = 200, EXECS = 50, THREADS = 100, STEPS = 3000, SLOTS = 32, PAGE = 4096 };

static uint32_t seed = 42;

static uint32_t draw(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
}

static void check(int ok, const char *what)
{
    if (!ok) {
        printf("stress: %s\n", what);
        exit(1);
    }
}

static void wait_ok(pid_t child, const char *what)
{
    int status;

    check(child > 0 && waitpid(child, &status, 0) == child && status == 0, what);
}

static void test_fork(void)
{
    size_t size = 256 * PAGE;
    uint32_t *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    check(memory != MAP_FAILED, "mmap");
    for (uint32_t turn = 0; turn < FORKS; turn++) {
        for (size_t i = 0; i < size / 4; i += PAGE / 4)
            memory[i] = turn;
        pid_t child = fork();
        if (child == 0) {
            for (size_t i = 0; i < size / 4; i += PAGE / 4) {
                if (memory[i] != turn)
                    _exit(1);
                memory[i] = ~turn;
            }
            _exit(0);
        }
        wait_ok(child, "a child saw what its parent wrote after the fork");
        for (size_t i = 0; i < size / 4; i += PAGE / 4)
            check(memory[i] == turn, "a parent saw what its child wrote");
    }
    munmap(memory, size);
}

static void test_exec(void)
{
    for (int turn = 0; turn < EXECS; turn++) {
        pid_t child = fork();
        if (child == 0) {
            execl("/proc/self/exe", "stress", "child", NULL);
            _exit(1);
        }
        wait_ok(child, "exec");
    }
}

static void *thread_main(void *argument)
{
    volatile char stack[3 * PAGE];

    for (size_t i = 0; i < sizeof(stack); i += PAGE)
        stack[i] = (char)i;
    return argument;
}

static void test_threads(void)
{
    for (uintptr_t turn = 0; turn < THREADS; turn++) {
        pthread_t thread[4];
        for (size_t i = 0; i < 4; i++)
            check(!pthread_create(&thread[i], NULL, thread_main, (void *)(turn + i)), "thread");
        for (size_t i = 0; i < 4; i++) {
            void *result;
            check(!pthread_join(thread[i], &result) && result == (void *)(turn + i), "join");
        }
    }
}

struct slot {
    uint8_t *memory;
    size_t pages;
    uint8_t tag;
};

static void slot_fill(struct slot *s)
{
    s->tag = (uint8_t)(1 + draw(255));
    for (size_t i = 0; i < s->pages; i++)
        s->memory[i * PAGE + draw(PAGE)] = 0, s->memory[i * PAGE] = s->tag;
}

static void slot_check(const struct slot *s)
{
    for (size_t i = 0; i < s->pages; i++)
        check(s->memory[i * PAGE] == s->tag, "mapped memory changed");
}

static void slot_map(struct slot *s)
{
    s->pages = 1 + draw(200);
    s->memory = mmap(NULL, s->pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                     0);
    check(s->memory != MAP_FAILED, "mmap");
    slot_fill(s);
}

static void slot_unmap(struct slot *s)
{
    check(munmap(s->memory, s->pages * PAGE) == 0, "munmap");
    s->memory = NULL;
}

static void slot_protect(struct slot *s)
{
    check(mprotect(s->memory, s->pages * PAGE, PROT_READ) == 0, "mprotect read-only");
    slot_check(s);
    check(mprotect(s->memory, s->pages * PAGE, PROT_READ | PROT_WRITE) == 0, "mprotect writable");
    slot_fill(s);
}

static void slot_move(struct slot *s)
{
    size_t grown = s->pages + 50;
    uint8_t *moved = mremap(s->memory, s->pages * PAGE, grown * PAGE, MREMAP_MAYMOVE);

    check(moved != MAP_FAILED, "mremap");
    s->memory = moved;
    slot_check(s);
    check(munmap(moved + s->pages * PAGE, 50 * PAGE) == 0, "munmap of the tail");
}

static void test_maps(void)
{
    struct slot slots[SLOTS] = { 0 };

    for (int step = 0; step < STEPS; step++) {
        struct slot *s = &slots[draw(SLOTS)];
        if (!s->memory) {
            slot_map(s);
            continue;
        }
        slot_check(s);
        switch (draw(4)) {
        case 0:
            slot_unmap(s);
            break;
        case 1:
            slot_protect(s);
            break;
        case 2:
            slot_move(s);
            break;
        default:
            check(madvise(s->memory, s->pages * PAGE, MADV_DONTNEED) == 0, "madvise");
            check(s->memory[0] == 0, "discarded memory is not zero");
            slot_fill(s);
        }
    }
    for (int i = 0; i < SLOTS; i++)
        if (slots[i].memory)
            slot_unmap(&slots[i]);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return strcmp(argv[1], "child") != 0;
    test_fork();
    test_exec();
    test_threads();
    test_maps();
    printf("stress: %d forks, %d execs, %d threads, %d steps of mapping\n", FORKS, EXECS,
           THREADS * 4, STEPS);
    return 0;
}
