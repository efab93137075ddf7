/* SPDX-License-Identifier: MIT */
/*
 * The CPUs of the simulated machine: coroutines on blocks of the same layout as in ring 0, so that
 * per-CPU variables are found from the stack. The driver runs on the process's own stack and
 * resumes one CPU at a time.
 *
 * A vCPU in ring 3 is a CPU that waits in guest_loop(). What it does there is the driver's action;
 * what follows is the exit path of exception.S, in C. machine_resume() and machine_run() begin anew
 * on an empty stack, as in ring 0.
 */
#include "sim.h"

#include <stdlib.h>
#include <string.h>

#include "mm/page.h"
#include "sys/log.h"
#include "x86/upcall.h"

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define FIBER_LEAVE(fake, bottom, size) __sanitizer_start_switch_fiber(fake, bottom, size)
#define FIBER_ARRIVE(fake, bottom, size) __sanitizer_finish_switch_fiber(fake, bottom, size)
#define STACK_CLEAN(from, size) __asan_unpoison_memory_region(from, size)
#else
#define FIBER_LEAVE(fake, bottom, size) ((void)(fake), (void)(bottom), (void)(size))
#define FIBER_ARRIVE(fake, bottom, size) ((void)(bottom), (void)(size))
#define STACK_CLEAN(from, size) ((void)(from), (void)(size))
#endif

struct sim sim;
unsigned sim_running;
const bool sim_parallel = false;
bool (*sim_give_way)(void);
void (*sim_window)(void);
void (*sim_on_panic)(void);

static uint8_t block[SIM_CPUS][MACHINE_BLOCK_SIZE] __attribute__((aligned(MACHINE_BLOCK_SIZE)));
static struct {
    void *sp; /* of the driver */
    const void *stack;
    size_t stack_bytes;
    bool inside; /* a CPU runs, not the driver */
    void (*call)(void *arg);
    void *arg;
} driver;

extern char sim_variables_start[], sim_variables_end[];
unsigned char sim_ram[SIM_RAM_BYTES] __attribute__((aligned(4096)));

void sim_switch(void **save, void *to);
void sim_stack_call(void (*function)(void), void *top) noreturn;

#define STACK_BOTTOM(cpu) (block[cpu] + MACHINE_BLOCK_DATA + 0x7000)
#define STACK_TOP(cpu)    (block[cpu] + MACHINE_BLOCK_SIZE - 64)
#define STACK_SIZE(cpu)   ((size_t)(STACK_TOP(cpu) - STACK_BOTTOM(cpu)))

/* ---- from and to the driver ------------------------------------------------------------------ */

static void arrived(void)
{
    FIBER_ARRIVE(NULL, &driver.stack, &driver.stack_bytes);
}

static void to_driver(void)
{
    struct sim_cpu *cpu = &sim.cpu[sim_running];
    void *fake = NULL;

    FIBER_LEAVE(&fake, driver.stack, driver.stack_bytes);
    driver.inside = false;
    sim_switch(&cpu->sp, driver.sp);
    FIBER_ARRIVE(fake, &driver.stack, &driver.stack_bytes);
}

static void to_cpu(unsigned cpu)
{
    void *fake = NULL;

    sim_running = cpu;
    driver.inside = true;
    FIBER_LEAVE(&fake, STACK_BOTTOM(cpu), STACK_SIZE(cpu));
    sim_switch(&driver.sp, sim.cpu[cpu].sp);
    FIBER_ARRIVE(fake, NULL, NULL);
}

/* The CPU begins with `function` the next time it runs. */
static void begin(unsigned cpu, void (*function)(void))
{
    void **sp = (void **)(void *)STACK_TOP(cpu);

    STACK_CLEAN(STACK_BOTTOM(cpu), MACHINE_BLOCK_SIZE - MACHINE_BLOCK_DATA - 0x7000);
    *--sp = NULL; /* where it would return to: keeps the alignment of a call */
    *--sp = (void *)function;
    for (unsigned i = 0; i < 6; i++)
        *--sp = NULL;
    sim.cpu[cpu].sp = sp;
}

/* ---- ring 3 and the exit path ---------------------------------------------------------------- */

static void guest_loop(void) noreturn;
static void guest_loop(void)
{
    struct sim_cpu *cpu = &sim.cpu[sim_running];

    for (;;) {
        void (*action)(struct vcpu *v, void *arg);

        sim_exit_path(cpu->g);
        BUG_ON(!cpu->g);
        SIM_SEEN(&cpu->g->regs, sizeof(cpu->g->regs));
        cpu->state = SIM_GUEST;
        to_driver();
        cpu->state = SIM_BUSY;
        action = cpu->action;
        cpu->action = NULL;
        if (sim.now_ns >= cpu->deadline_ns) {
            cpu->deadline_ns = UINT64_MAX;
            upcall_deadline();
        }
        if (cpu->kicked) {
            cpu->kicked = false;
            upcall_kick();
        }
        if (action)
            action((struct vcpu *)cpu->g, cpu->arg);
    }
}

static void guest_start(void)
{
    arrived();
    guest_loop();
}

void machine_resume(struct guest_cpu *g)
{
    struct sim_cpu *cpu = &sim.cpu[sim_running];

    cpu->g = g;
    cpu->runs = true;
    STACK_CLEAN(STACK_BOTTOM(sim_running), STACK_SIZE(sim_running));
    sim_stack_call(guest_loop, STACK_TOP(sim_running));
}

void machine_run(void (*loop)(void))
{
    sim.cpu[sim_running].runs = false;
    STACK_CLEAN(STACK_BOTTOM(sim_running), STACK_SIZE(sim_running));
    sim_stack_call(loop, STACK_TOP(sim_running));
}

void machine_idle(void)
{
    struct sim_cpu *cpu = &sim.cpu[sim_running];

    cpu->state = SIM_IDLE;
    to_driver();
    cpu->state = SIM_BUSY;
    cpu->kicked = false;
    if (sim.now_ns >= cpu->deadline_ns) {
        cpu->deadline_ns = UINT64_MAX;
        upcall_deadline();
    }
}

/* ---- points ---------------------------------------------------------------------------------- */

void sim_point(void);
void sim_point(void)
{
    sim.nr_points++;
    if (driver.inside && !driver.call && sim_give_way && sim_give_way())
        to_driver();
}

void machine_relax(void)
{
    BUG_ON(driver.call); /* alone: nobody could help */
    to_driver();
}

void __real_lock_take(spinlock_t *lock);
void __wrap_lock_take(spinlock_t *lock);
void __wrap_lock_take(spinlock_t *lock)
{
    sim_point();
    __real_lock_take(lock);
}

void machine_interrupt_window(void)
{
    if (!driver.call && sim_window)
        sim_window();
    sim_point();
}

static void end_of_machine(void) noreturn;
static void end_of_machine(void)
{
    sim.halted = true;
    for (;;)
        to_driver();
}

void machine_halt(void)
{
    end_of_machine();
}

void machine_reboot(void)
{
    end_of_machine();
}

void machine_poweroff(void)
{
    end_of_machine();
}

void machine_stop_others(void)
{
}

/* ---- the driver ------------------------------------------------------------------------------ */

void sim_step(unsigned cpu, void (*action)(struct vcpu *v, void *arg), void *arg)
{
    if (sim.cpu[cpu].state == SIM_GUEST) {
        sim.cpu[cpu].action = action;
        sim.cpu[cpu].arg = arg;
    }
    to_cpu(cpu);
}

bool sim_is_still(void)
{
    for (unsigned cpu = 0; cpu < SIM_CPUS; cpu++)
        if (sim.cpu[cpu].state == SIM_BUSY)
            return false;
    return true;
}

struct vcpu *sim_vcpu(unsigned cpu)
{
    return sim.cpu[cpu].state == SIM_GUEST ? (struct vcpu *)sim.cpu[cpu].g : NULL;
}

static void call_run(void)
{
    arrived();
    driver.call(driver.arg);
    to_driver();
    abort();
}

/* Below what CPU 0 has on its stack. */
void sim_call(void (*function)(void *arg), void *arg)
{
    struct sim_cpu *cpu = &sim.cpu[0];
    void *sp = cpu->sp, **at;

    at = sp ? (void **)(((uintptr_t)sp - 256) & ~UINT64_C(15)) : (void **)(void *)STACK_TOP(0);
    *--at = NULL;
    *--at = (void *)call_run;
    for (unsigned i = 0; i < 6; i++)
        *--at = NULL;
    cpu->sp = at;
    driver.call = function;
    driver.arg = arg;
    to_cpu(0);
    driver.call = NULL;
    cpu->sp = sp;
}

/* ---- start: built once, then put back from a copy -------------------------------------------- */

static struct {
    bool taken;
    uint8_t ram[SIM_RAM_BYTES], *variables, percpu[SIM_CPUS][0x7000];
    struct sim sim;
} copy;

void *machine_cpu_block(unsigned cpu)
{
    return block[cpu] + MACHINE_BLOCK_DATA;
}

static size_t variables_bytes(void)
{
    return (size_t)(sim_variables_end - sim_variables_start);
}

static void copy_take(void)
{
    copy.variables = copy.variables ? copy.variables : malloc(variables_bytes());
    if (!copy.variables)
        abort();
    memcpy(copy.ram, sim_ram, sizeof(copy.ram));
    memcpy(copy.variables, sim_variables_start, variables_bytes());
    for (unsigned cpu = 0; cpu < SIM_CPUS; cpu++)
        memcpy(copy.percpu[cpu], machine_cpu_block(cpu), sizeof(copy.percpu[cpu]));
    copy.sim = sim;
    copy.taken = true;
}

/* Frames that were ever handed out, by the frame table that `ram` holds: others are as at start. */
static void frames_used(const uint8_t *ram, bool used[SIM_FRAMES])
{
    const struct page *table = (const struct page *)(const void *)
        (ram + ((const uint8_t *)frame_table - sim_ram));

    for (unsigned f = 0; f < SIM_FRAMES;) {
        bool is_free = table[f].flags & PAGE_FREE, untouched = table[f].flags & PAGE_UNTOUCHED;
        unsigned nr = is_free ? 1u << table[f].type : 1;

        for (unsigned i = 0; i < nr && f + i < SIM_FRAMES; i++)
            used[f + i] = used[f + i] || !is_free || !untouched;
        f += nr;
    }
}

static void copy_restore(void)
{
    bool used[SIM_FRAMES] = { false };

    frames_used(sim_ram, used);
    frames_used(copy.ram, used);
    for (unsigned f = 0; f < SIM_FRAMES; f++)
        if (used[f])
            memcpy(sim_ram + f * PAGE_SIZE, copy.ram + f * PAGE_SIZE, PAGE_SIZE);
    memcpy(sim_variables_start, copy.variables, variables_bytes());
    for (unsigned cpu = 0; cpu < SIM_CPUS; cpu++)
        memcpy(machine_cpu_block(cpu), copy.percpu[cpu], sizeof(copy.percpu[cpu]));
    sim = copy.sim;
}

static void idle_start(void)
{
    arrived();
    upcall_cpu_ready();
}

/* Each CPU goes on where its kind of state begins anew: in ring 3, or in the idle loop. */
static void cpus_begin(void)
{
    for (unsigned cpu = 0; cpu < SIM_CPUS; cpu++) {
        begin(cpu, sim.cpu[cpu].runs ? guest_start : idle_start);
        do {
            sim.cpu[cpu].state = SIM_BUSY;
            to_cpu(cpu);
        } while (sim.cpu[cpu].state == SIM_BUSY);
    }
}

void sim_keep(void)
{
    copy_take();
}

void sim_start(void)
{
    if (!copy.taken) {
        for (unsigned cpu = 0; cpu < SIM_CPUS; cpu++)
            memcpy(machine_cpu_block(cpu), percpu_start, (size_t)(percpu_end - percpu_start));
        sim_call(world_build, NULL);
        cpus_begin();
        copy_take();
    }
    copy_restore();
    cpus_begin();
}

/* The CPU on which a vCPU of dom0 is in ring 3: turns end after a while. */
static unsigned dom0_cpu(void)
{
    for (unsigned turns = 0; turns < 1000; turns++) {
        for (unsigned cpu = 0; cpu < SIM_CPUS; cpu++) {
            struct vcpu *v = sim_vcpu(cpu);

            if (v && v->domain->is_control && sim_is_still())
                return cpu;
        }
        sim.now_ns += 20000000;
        sim_step(turns % SIM_CPUS, NULL, NULL);
    }
    abort();
}

void sim_dom0_act(void (*action)(struct vcpu *v, void *arg), void *arg)
{
    sim_step(dom0_cpu(), action, arg);
    for (unsigned turns = 0; !sim_is_still(); turns++)
        sim_step(turns % SIM_CPUS, NULL, NULL);
}
