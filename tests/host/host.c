/* SPDX-License-Identifier: MIT */
/*
 * The host's machine: behind tests/host/x86/machine.h, tests/host/sys/lock.h, and the parts of sys/
 * that the layers above need (log, panic, preemption test). Linked into every unit test and fuzzer.
 */
#include "x86/machine.h"
#include "sys/lock.h"
#include "sys/log.h"
#include "sys/percpu.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOST_BOTTOM 16 /* frames that no test gets: so that frame 0 and its like stay special */

#define may_replace __attribute__((weak)) /* a test may have its own */

struct host_machine host;
char percpu_start[1], percpu_end[1];
bool panic_noreboot;

static struct {
    uint8_t frame[HOST_FRAMES_MAX][PAGE_SIZE] __attribute__((aligned(4096)));
    uint64_t taken; /* frames given by host_take(), from the top */
    unsigned rank[16];
    unsigned nr_held;
} state;

void host_reset(void)
{
    memset(&host, 0, sizeof(host));
    host.nr_cpus = 1;
    host.ours = MFN_INVALID;
    host.deadline_ns = UINT64_MAX;
    memset(state.frame, 0xa5, sizeof(state.frame));
    state.taken = 0;
    state.nr_held = 0;
}

mfn_t host_take(uint64_t nr)
{
    mfn_t first;

    if (nr > HOST_FRAMES_MAX - HOST_BOTTOM - state.taken)
        panic("host_take: out of frames");
    state.taken += nr;
    first = _mfn(HOST_FRAMES_MAX - state.taken);
    memset(machine_map(first), 0, nr * PAGE_SIZE);
    return first;
}

maddr_t host_ram_end(void)
{
    return (HOST_FRAMES_MAX - state.taken) * PAGE_SIZE;
}

/* ---- locks --------------------------------------------------------------------------------- */

void lock_init(spinlock_t *lock, enum lock_rank rank)
{
    *lock = (spinlock_t){ .rank = (uint16_t)rank };
}

static void take(spinlock_t *lock, bool second)
{
    unsigned top = state.nr_held ? state.rank[state.nr_held - 1] : 0;

    if (lock->taken)
        panic("lock of rank %u taken twice", lock->rank);
    if (lock->rank < top || (lock->rank == top && !second))
        panic("lock of rank %u taken under rank %u", lock->rank, top);
    if (state.nr_held == ARRAY_SIZE(state.rank))
        panic("too many locks held");
    lock->taken = 1;
    lock->holder = (uint16_t)(host.cpu + 1);
    state.rank[state.nr_held++] = lock->rank;
}

void lock_take(spinlock_t *lock)
{
    take(lock, false);
}

void lock_take_second(spinlock_t *second)
{
    take(second, true);
}

bool lock_try(spinlock_t *lock)
{
    if (lock->taken)
        return false;
    take(lock, true); /* never waits, so a second one of its rank is no breach */
    return true;
}

void lock_drop(spinlock_t *lock)
{
    unsigned i = state.nr_held;

    if (!lock->taken)
        panic("lock of rank %u dropped but not held", lock->rank);
    lock->taken = 0;
    lock->holder = 0;
    while (i > 0 && state.rank[i - 1] != lock->rank)
        i--;
    memmove(&state.rank[i - 1], &state.rank[i], (state.nr_held - i) * sizeof(state.rank[0]));
    state.nr_held--;
}

bool lock_is_held(const spinlock_t *lock)
{
    return lock->taken;
}

bool lock_none_held(void)
{
    return state.nr_held == 0;
}

unsigned host_locks_held(void)
{
    return state.nr_held;
}

/* ---- log and preemption -------------------------------------------------------------------- */

void log_print(enum log_level level, const char *fmt, ...)
{
    va_list args;

    if (level > LOG_WARNING && !getenv("HOST_LOG"))
        return;
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
}

void log_guest(enum log_level level, domid_t dom, const char *fmt, ...)
{
    va_list args;

    (void)level;
    if (!getenv("HOST_LOG"))
        return;
    fprintf(stderr, "d%u: ", dom);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
}

may_replace void log_raw(const char *s, size_t n)
{
    (void)!fwrite(s, 1, n, stderr);
}

may_replace void panic(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    abort();
}

bool preempt_pending(void)
{
    if (state.nr_held)
        panic("preempt_pending() with a lock held: it lets interrupts in");
    host.nr_preempt_calls++;
    return host.preempt || (host.preempt_after && host.nr_preempt_calls > host.preempt_after);
}

/* ---- memory -------------------------------------------------------------------------------- */

void *machine_map(mfn_t mfn)
{
    if (mfn_x(mfn) >= HOST_FRAMES_MAX)
        panic("machine_map: frame %lx is not RAM", mfn_x(mfn));
    host.mapped |= UINT64_C(1) << mfn_x(mfn) % 64;
    return state.frame[mfn_x(mfn)];
}

void *machine_map_maddr(maddr_t addr)
{
    return (uint8_t *)machine_map(maddr_to_mfn(addr)) + (addr & ~PAGE_MASK);
}

maddr_t machine_maddr(const void *p)
{
    uintptr_t offset = (uintptr_t)p - (uintptr_t)state.frame;

    if (offset >= sizeof(state.frame))
        panic("machine_maddr: not in the direct map");
    return offset;
}

void machine_map_m2p(mfn_t first, uint64_t nr_frames)
{
    (void)first;
    (void)nr_frames;
}

void machine_l4_install(uint64_t *l4)
{
    for (unsigned i = 256; i < 272; i++)
        l4[i] = HOST_L4_ENTRY(i);
}

unsigned machine_maddr_bits(void)
{
    return 46;
}

may_replace void machine_clear_frame(mfn_t mfn)
{
    memset(machine_map(mfn), 0, PAGE_SIZE);
}

void machine_copy_frame(mfn_t dst, mfn_t src)
{
    memcpy(machine_map(dst), machine_map(src), PAGE_SIZE);
}

/* Bytes of [va, va + bytes) before the first that faults. */
static size_t accessible(gva_t va, size_t bytes)
{
    if (host.fault_end <= va || host.fault_start >= va + bytes ||
        host.fault_start == host.fault_end)
        return bytes;
    return host.fault_start > va ? host.fault_start - va : 0;
}

size_t machine_copy_from_guest(void *dst, gva_t src, size_t bytes)
{
    size_t n = accessible(src, bytes);

    memcpy(dst, (const void *)src, n);
    return bytes - n;
}

size_t machine_copy_to_guest(gva_t dst, const void *src, size_t bytes)
{
    size_t n = accessible(dst, bytes);

    memcpy((void *)dst, src, n);
    return bytes - n;
}

size_t machine_clear_guest(gva_t dst, size_t bytes)
{
    size_t n = accessible(dst, bytes);

    memset((void *)dst, 0, n);
    return bytes - n;
}

/* ---- TLB, CPUs ----------------------------------------------------------------------------- */

may_replace void machine_flush_cpus(uint64_t cpus)
{
    host.nr_flushes++;
    host.flushed_cpus |= cpus;
}

void machine_flush_page_cpus(uint64_t cpus, gva_t va)
{
    (void)va;
    machine_flush_cpus(cpus);
}

void machine_flush_local(void)
{
    machine_flush_cpus(UINT64_C(1) << host.cpu);
}

may_replace void machine_flush_page_local(gva_t va)
{
    (void)va;
    machine_flush_local();
}

may_replace void machine_flush_caches(void)
{
}

void machine_flush_caches_all(void)
{
    machine_flush_caches();
}

unsigned machine_cpu_id(void)
{
    return host.cpu;
}

unsigned machine_nr_cpus(void)
{
    return host.nr_cpus;
}

void *machine_cpu_block(unsigned cpu)
{
    (void)cpu;
    return percpu_start;
}

void *machine_this_cpu_block(void)
{
    return percpu_start;
}

void machine_kick_cpu(unsigned cpu)
{
    host.kicked_cpus |= UINT64_C(1) << cpu;
}

void machine_relax(void)
{
}

void machine_interrupt_window(void)
{
}

may_replace void machine_cpuid(uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    (void)sub;
    memset(out, 0, 4 * sizeof(out[0]));
    if (leaf == 0x80000000)
        out[0] = 0x80000008;
    if (leaf == 0x80000001)
        out[3] = 1u << 20;
}

/* ---- time ---------------------------------------------------------------------------------- */

uint64_t machine_tsc(void)
{
    return host.now_ns;
}

uint64_t machine_tsc_khz(void)
{
    return 1000000;
}

uint64_t machine_now_ns(void)
{
    return host.now_ns;
}

void machine_clock_read(struct machine_clock *out)
{
    *out = (struct machine_clock){ .base_tsc = host.now_ns, .base_ns = host.now_ns,
                                   .mul = UINT32_C(1) << 31, .shift = 1, .stable = true };
}

void machine_set_deadline(uint64_t ns)
{
    host.deadline_ns = ns;
}

uint64_t machine_wallclock_s(void)
{
    return UINT64_C(1600000000);
}

/* ---- interrupts ---------------------------------------------------------------------------- */

unsigned machine_nr_gsis(void)
{
    return 24;
}

int machine_gsi_route(unsigned gsi, uint8_t vector, bool level, bool low, unsigned cpu)
{
    (void)gsi, (void)vector, (void)level, (void)low, (void)cpu;
    return 0;
}

void machine_gsi_mask(unsigned gsi)
{
    (void)gsi;
}

void machine_gsi_unmask(unsigned gsi)
{
    (void)gsi;
}

bool machine_gsi_reserved(unsigned gsi)
{
    (void)gsi;
    return false;
}

int machine_vector_alloc(void)
{
    return 0x40;
}

void machine_vector_free(uint8_t vector)
{
    (void)vector;
}

int machine_msi_setup(struct machine_msi *msi, uint8_t vector, unsigned cpu)
{
    (void)msi, (void)vector, (void)cpu;
    return 0;
}

void machine_msi_mask(struct machine_msi *msi, bool masked)
{
    (void)msi, (void)masked;
}

void machine_msi_teardown(struct machine_msi *msi)
{
    (void)msi;
}

bool machine_frame_is_ours(mfn_t mfn)
{
    return mfn_eq(mfn, host.ours);
}
