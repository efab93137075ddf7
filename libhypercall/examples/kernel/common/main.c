/* SPDX-License-Identifier: MIT */
/*
 * The kernel: uses each thing that a kernel has to do with its machine once, and says how it went.
 * Memory and page tables, a second CPU, disk, network, and at the end a user program with system
 * calls, a clock, and a fault that ends it.
 */
#include "common/memory.h"
#include "common/net.h"
#include "common/print.h"

#define TICK_NS      10000000UL
#define QUIET_NS     5000000000UL
#define PROGRAM_AT   0x400000UL
#define STACK_AT     0x800000UL
#define SUM_TO       1000000UL
#define DISK_SECTORS 8u /* of a page */

enum { CALL_PRINT = 1, CALL_TICKS = 2, CALL_EXIT = 3 };

extern const uint8_t program[], program_end[];

static volatile uint64_t ticks, kicks[CPUS_MAX], sum;
static const volatile uint64_t never; /* stays 0 */

/* ---- time ---- */

void kernel_alarm(void)
{
    ticks++;
    machine_alarm(machine_now_ns() + TICK_NS);
}

/* ---- the second CPU ---- */

void kernel_kick(unsigned cpu)
{
    kicks[cpu]++;
}

static void second_main(void)
{
    uint64_t total = 0;

    machine_wait(1, &kicks[1]);
    for (uint64_t i = 1; i <= SUM_TO; i++)
        total += i;
    sum = total;
    machine_kick(0);
    machine_wait(1, &never);
    __builtin_unreachable();
}

static void try_cpus(void)
{
    if (machine_nr_cpus() < 2 || machine_cpu_start(second_main)) {
        print("cpus: one only\n");
        return;
    }
    machine_kick(1);
    machine_wait(0, &kicks[0]);
    print("cpus: the second one summed up to %lu\n", sum);
}

/* ---- devices ---- */

static void try_disk(void)
{
    uint64_t nr_sectors, *page = frame_address(frame_take());
    unsigned wrong = 0;

    if (machine_disk_open(&nr_sectors)) {
        print("disk: none\n");
        return;
    }
    for (unsigned i = 0; i < PAGE_BYTES / 8; i++)
        page[i] = i * 0x9e3779b97f4a7c15UL;
    if (machine_disk_transfer(true, DISK_SECTORS, page))
        panic("disk: cannot write");
    for (unsigned i = 0; i < PAGE_BYTES / 8; i++)
        page[i] = 0;
    if (machine_disk_transfer(false, DISK_SECTORS, page))
        panic("disk: cannot read");
    for (unsigned i = 0; i < PAGE_BYTES / 8; i++)
        wrong += page[i] != i * 0x9e3779b97f4a7c15UL;
    print("disk: %lu sectors, %u words differ after writing and reading\n", nr_sectors, wrong);
    frame_give(frame_of(page));
}

static void try_network(void)
{
    uint8_t mac[6];

    if (machine_net_open(mac)) {
        print("network: none\n");
        return;
    }
    print("network: 10.9.0.9 answers\n");
    print("network: %u packets answered\n", net_serve(mac, QUIET_NS));
}

/* ---- the program ---- */

void kernel_call(struct call *call)
{
    uint64_t size = (uint64_t)(program_end - program);

    switch (call->number) {
    case CALL_PRINT: /* its text must lie in the program's own pages */
        if (call->a >= PROGRAM_AT && call->b <= 200 && call->a + call->b <= PROGRAM_AT + size)
            machine_print((const char *)call->a, call->b);
        call->number = 0;
        break;
    case CALL_TICKS:
        call->number = ticks;
        break;
    default:
        panic("the program ended by itself");
    }
}

void kernel_fault(unsigned vector, uint64_t rip, uint64_t address, bool is_user)
{
    if (!is_user) {
        print("fault %u at %lx, address %lx\n", vector, rip, address);
        panic("the kernel is wrong");
    }
    print("kernel: program ended by fault %u, address %lx\n", vector, address);
    print("done\n");
    machine_off();
}

static void run_program(void)
{
    uint64_t space = space_new(), size = (uint64_t)(program_end - program);
    uint64_t stack = frame_take();
    int error = 0;

    for (uint64_t at = 0; at < size; at += PAGE_BYTES) {
        uint64_t frame = frame_take();
        uint8_t *to = frame_address(frame);

        for (unsigned i = 0; i < PAGE_BYTES; i++)
            to[i] = program[at + i];
        error |= space_map(space, PROGRAM_AT + at, frame, ENTRY_PRESENT | ENTRY_USER);
    }
    error |= space_map(space, STACK_AT, stack,
                       ENTRY_PRESENT | ENTRY_WRITE | ENTRY_USER | ENTRY_NX);
    error |= machine_flush();
    if (error || machine_root_use(space))
        panic("no page tables for the program");
    machine_alarm(machine_now_ns() + TICK_NS);
    machine_user_enter(PROGRAM_AT, STACK_AT + PAGE_BYTES);
}

void kernel_main(void)
{
    memory_init();
    print("kernel: %lu free frames\n", memory_free_frames());
    try_cpus();
    try_disk();
    try_network();
    run_program();
}
