/* SPDX-License-Identifier: MIT */
/*
 * CPUs as threads, each on a block of the same layout as in ring 0, because per-CPU variables are
 * found from the stack. An interrupt is a flag that its CPU looks at where ring 0 would take it: in
 * ring 3, while idle, in windows of long work, and wherever it spins (flushes only).
 *
 * Rest: no CPU has an action left, none is inside and none has been called. A CPU that leaves a
 * waiting state counts that first and takes its call off afterwards, so two equal looks at all
 * counts, with calls looked at in between, see nobody on the way.
 */
#include "race.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/log.h"
#include "x86/cpu.h"
#include "x86/upcall.h"

struct sim sim;
_Thread_local unsigned sim_running;
void (*sim_on_panic)(void);
const bool sim_parallel = true;
unsigned char sim_ram[SIM_RAM_BYTES] __attribute__((aligned(4096)));

static uint8_t block[SIM_CPUS][MACHINE_BLOCK_SIZE] __attribute__((aligned(MACHINE_BLOCK_SIZE)));

enum phase { STARTING, RUNNING, RESTING, ENDED };

static struct {
    enum phase phase; /* atomic; only CPU 0 changes it, but for the end */
    struct thread {
        pthread_t thread;
        jmp_buf out;         /* the end of the thread, on the stack that it came with */
        jmp_buf again;       /* an empty stack */
        void (*next)(void);  /* what begins there */
        unsigned quota;      /* actions of this round, set while at rest */
        uint32_t left;       /* how often it has left a waiting state; atomic */
    } cpu[SIM_CPUS];
} race;

void sim_stack_call(void (*function)(void), void *top) noreturn;
void sim_point(void);

static struct thread *self(void)
{
    return &race.cpu[sim_running];
}

/* sched_yield() is a name of the hypervisor's. */
static void others_run(void)
{
    (void)syscall(SYS_sched_yield);
}

static enum phase phase(void)
{
    return __atomic_load_n(&race.phase, __ATOMIC_SEQ_CST);
}

static void phase_set(enum phase to)
{
    __atomic_store_n(&race.phase, to, __ATOMIC_SEQ_CST);
}

/* ---- interrupts ------------------------------------------------------------------------------ */

static bool deadline_passed(struct sim_cpu *cpu)
{
    if (phase() != RUNNING || machine_tsc() < cpu->deadline_ns)
        return false;
    cpu->deadline_ns = UINT64_MAX;
    return true;
}

/* True when there was a reason to look for work. */
static bool interrupts_take(struct sim_cpu *cpu)
{
    bool was_kicked = __atomic_exchange_n(&cpu->kicked, false, __ATOMIC_SEQ_CST);

    flush_serve();
    if (was_kicked)
        upcall_kick();
    if (!deadline_passed(cpu))
        return was_kicked;
    upcall_deadline();
    return true;
}

static void end_of_thread(void) noreturn;

void machine_relax(void)
{
    if (phase() == ENDED) /* whoever we wait for may be gone */
        end_of_thread();
    flush_serve();
    others_run();
}

void machine_interrupt_window(void)
{
    (void)interrupts_take(&sim.cpu[sim_running]);
}

void sim_point(void)
{
}

/* ---- rest ------------------------------------------------------------------------------------ */

static enum sim_state state_of(unsigned cpu)
{
    return __atomic_load_n(&sim.cpu[cpu].state, __ATOMIC_SEQ_CST);
}

static void state_set(enum sim_state state)
{
    if (state == SIM_BUSY)
        (void)__atomic_add_fetch(&self()->left, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&sim.cpu[sim_running].state, state, __ATOMIC_SEQ_CST);
}

static uint64_t sum_left(void)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < SIM_CPUS; i++)
        sum += __atomic_load_n(&race.cpu[i].left, __ATOMIC_SEQ_CST);
    return sum;
}

bool sim_is_still(void)
{
    uint64_t before = sum_left();

    for (unsigned i = 0; i < SIM_CPUS; i++)
        if (state_of(i) == SIM_BUSY)
            return false;
    for (unsigned i = 0; i < SIM_CPUS; i++)
        if (__atomic_load_n(&sim.cpu[i].kicked, __ATOMIC_SEQ_CST))
            return false;
    return sum_left() == before;
}

/* Nobody will do anything more in this round. */
static bool round_is_over(void)
{
    for (unsigned i = 0; i < SIM_CPUS; i++)
        if (state_of(i) != SIM_IDLE && __atomic_load_n(&race.cpu[i].quota, __ATOMIC_SEQ_CST))
            return false;
    return sim_is_still();
}

/* CPU 0, waiting. */
static void rounds_lead(void)
{
    unsigned quota = 0;

    if (phase() == RUNNING && round_is_over())
        phase_set(RESTING);
    if (phase() != RESTING || !sim_is_still()) /* a deadline may have come between */
        return;
    if (!race_rest(&quota)) {
        phase_set(ENDED);
        return;
    }
    for (unsigned i = 0; i < SIM_CPUS; i++)
        __atomic_store_n(&race.cpu[i].quota, quota, __ATOMIC_SEQ_CST);
    phase_set(RUNNING);
}

static void end_of_thread(void)
{
    flush_serve();
    longjmp(self()->out, 1);
}

/* Until there is something to do: true: an action of ring 3, as there is quota for it. */
static bool wait(struct sim_cpu *cpu, enum sim_state state)
{
    state_set(state);
    for (;;) {
        bool may_act = state == SIM_GUEST && phase() == RUNNING &&
                       __atomic_load_n(&self()->quota, __ATOMIC_SEQ_CST);

        flush_serve();
        if (phase() == ENDED)
            end_of_thread();
        if (may_act || __atomic_load_n(&cpu->kicked, __ATOMIC_SEQ_CST) ||
            (phase() == RUNNING && machine_tsc() >= cpu->deadline_ns)) {
            state_set(SIM_BUSY);
            return !interrupts_take(cpu) && may_act;
        }
        if (sim_running == 0)
            rounds_lead();
        others_run();
    }
}

/* ---- where a CPU is -------------------------------------------------------------------------- */

static void begin(void (*function)(void)) noreturn;
static void begin(void (*function)(void))
{
    self()->next = function;
    longjmp(self()->again, 1);
}

static void guest_loop(void)
{
    struct sim_cpu *cpu = &sim.cpu[sim_running];

    for (;;) {
        sim_exit_path(cpu->g);
        if (!wait(cpu, SIM_GUEST))
            continue;
        (void)__atomic_sub_fetch(&self()->quota, 1, __ATOMIC_SEQ_CST);
        race_act(sim_running);
    }
}

void sim_step(unsigned cpu, void (*action)(struct vcpu *v, void *arg), void *arg)
{
    BUG_ON(cpu != sim_running);
    if (action)
        action((struct vcpu *)sim.cpu[cpu].g, arg);
}

/* Called by the thread of that CPU, about itself. */
struct vcpu *sim_vcpu(unsigned cpu)
{
    return (struct vcpu *)sim.cpu[cpu].g;
}

void machine_resume(struct guest_cpu *g)
{
    sim.cpu[sim_running].g = g;
    begin(guest_loop);
}

void machine_run(void (*loop)(void))
{
    begin(loop);
}

void machine_idle(void)
{
    (void)wait(&sim.cpu[sim_running], SIM_IDLE);
}

static void machine_end(void) noreturn;
static void machine_end(void)
{
    WRITE_ONCE(sim.halted, true); /* two CPUs may end it at once */
    phase_set(ENDED);
    end_of_thread();
}

void machine_halt(void)
{
    machine_end();
}

void machine_reboot(void)
{
    machine_end();
}

void machine_poweroff(void)
{
    machine_end();
}

void machine_stop_others(void)
{
}

void *machine_cpu_block(unsigned cpu)
{
    return block[cpu] + MACHINE_BLOCK_DATA;
}

/* ---- start ----------------------------------------------------------------------------------- */

static void first(void)
{
    if (sim_running == 0) {
        world_build(NULL);
        phase_set(RESTING);
    }
    upcall_cpu_ready();
}

/* On the CPU's own stack, from here on for good. */
static void cpu_main(void)
{
    self()->next = first;
    (void)setjmp(self()->again);
    self()->next();
    abort();
}

static void *thread_main(void *cpu)
{
    sim_running = (unsigned)(uintptr_t)cpu;
    if (!setjmp(self()->out))
        sim_stack_call(cpu_main, block[sim_running] + MACHINE_BLOCK_SIZE - 64);
    return NULL;
}

void race_run(void)
{
    for (unsigned i = 0; i < SIM_CPUS; i++) {
        memcpy(machine_cpu_block(i), percpu_start, (size_t)(percpu_end - percpu_start));
        sim.cpu[i].state = SIM_BUSY;
    }
    for (uintptr_t i = 0; i < SIM_CPUS; i++)
        if (pthread_create(&race.cpu[i].thread, NULL, thread_main, (void *)i))
            abort();
    for (unsigned i = 0; i < SIM_CPUS; i++)
        pthread_join(race.cpu[i].thread, NULL);
}
