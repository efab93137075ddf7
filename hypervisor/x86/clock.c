/* SPDX-License-Identifier: MIT */
/*
 * Machine time: nanoseconds since machine_clock_init(), from the TSC. Its rate is taken from CPUID
 * where the processor or the hypervisor below states it, else measured against the best counter of
 * the board. The base never moves, so all CPUs and all guests compute the same time from the same
 * TSC value.
 *
 * A TSC that is not invariant, or that was found behind another CPU's, may differ between CPUs a
 * little; then no CPU is told a time below what another has been told already.
 */
#include "x86/clock.h"
#include "x86/machine.h"
#include "x86/port.h"
#include "x86/reference.h"
#include "x86/scale.h"

#define WINDOW_PER_S     100 /* measure for 10 ms */
#define WINDOWS          3
#define SAMPLES          8
#define POLLS_MAX        500000 /* half a second, should the counter not move */
#define HZ_PLAUSIBLE_MIN UINT64_C(100000000)
#define HZ_PLAUSIBLE_MAX UINT64_C(20000000000)
#define HZ_ASSUMED       UINT64_C(1000000000)

static struct {
    /* --- set once --- */
    bool running;
    bool stable; /* until the last CPU is up */
    uint64_t hz;
    uint64_t base_tsc;
    struct scale scale;
    /* --- atomic --- */
    uint64_t latest_ns; /* what any CPU has been told, unless stable */
} clock;

uint64_t machine_tsc(void)
{
    uint32_t low, high;

    /* The fence keeps the counter from being read before earlier loads, such as another's time. */
    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

/* ---- the rate -------------------------------------------------------------------------------- */

static uint64_t plausible(uint64_t hz)
{
    return hz >= HZ_PLAUSIBLE_MIN && hz <= HZ_PLAUSIBLE_MAX ? hz : 0;
}

/* 0: not stated. */
static uint64_t hz_stated(void)
{
    uint32_t out[4], max;

    machine_cpuid(1, 0, out);
    if (out[2] >> 31 & 1) { /* a hypervisor is below us: leaf 0x15 may be its host's */
        machine_cpuid(0x40000000, 0, out);
        if (out[0] < 0x40000010 || out[0] > 0x400000ff)
            return 0;
        machine_cpuid(0x40000010, 0, out);
        return plausible((uint64_t)out[0] * 1000);
    }
    machine_cpuid(0, 0, out);
    max = out[0];
    if (max < 0x15)
        return 0;
    machine_cpuid(0x15, 0, out);
    if (!out[0] || !out[1] || !out[2])
        return 0;
    return plausible((uint64_t)out[2] * out[1] / out[0]);
}

/* Both counters at one instant, known to within `width` ticks of the TSC. */
struct sample {
    uint64_t tsc, width;
    uint32_t count;
};

/* Being interrupted, or descheduled below us, only ever widens a sample: take the narrowest. */
static struct sample sample_take(const struct reference *ref)
{
    struct sample best = { 0, UINT64_MAX, 0 };

    for (unsigned i = 0; i < SAMPLES; i++) {
        uint64_t before = machine_tsc();
        uint32_t count = ref->read();
        uint64_t width = machine_tsc() - before;

        if (width < best.width)
            best = (struct sample){ before + width / 2, width, count };
    }
    return best;
}

/* The best of a few windows; 0 if the counter stands still. */
static uint64_t hz_measured(const struct reference *ref)
{
    const uint64_t wanted = ref->hz / WINDOW_PER_S;
    uint64_t best = 0, best_width = UINT64_MAX;

    for (unsigned i = 0; i < WINDOWS; i++) {
        struct sample start = sample_take(ref), end;
        uint64_t ticks;

        for (unsigned polls = 0; polls < POLLS_MAX; polls++) {
            if (((ref->read() - start.count) & ref->mask) >= wanted)
                break;
            port_pause();
        }
        end = sample_take(ref);
        ticks = (end.count - start.count) & ref->mask;
        if (ticks < wanted || end.tsc <= start.tsc || start.width + end.width >= best_width)
            continue;
        best = plausible((end.tsc - start.tsc) * ref->hz / ticks);
        best_width = start.width + end.width;
    }
    return best;
}

static uint64_t hz_find(void)
{
    uint64_t hz = hz_stated();

    for (unsigned i = 0; hz == 0; i++) {
        const struct reference *ref = reference_get(i);

        if (!ref)
            return HZ_ASSUMED; /* no counter at all: time passes, at a guessed rate */
        hz = hz_measured(ref);
    }
    return hz;
}

static bool tsc_is_invariant(void)
{
    uint32_t out[4];

    machine_cpuid(0x80000000, 0, out);
    if (out[0] < 0x80000007)
        return false;
    machine_cpuid(0x80000007, 0, out);
    return out[3] >> 8 & 1;
}

void machine_clock_init(void)
{
    clock.hz = hz_find();
    clock.scale = scale_from_hz(clock.hz);
    clock.stable = tsc_is_invariant();
    clock.base_tsc = machine_tsc();
    clock.running = true;
}

/* ---- reading it ------------------------------------------------------------------------------ */

uint64_t machine_tsc_khz(void)
{
    return (clock.hz + 500) / 1000;
}

static uint64_t never_back(uint64_t ns)
{
    uint64_t latest = __atomic_load_n(&clock.latest_ns, __ATOMIC_RELAXED);

    while (ns > latest) {
        if (__atomic_compare_exchange_n(&clock.latest_ns, &latest, ns, true, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED))
            return ns;
    }
    return latest;
}

uint64_t machine_now_ns(void)
{
    uint64_t tsc, ns;

    if (!clock.running)
        return 0;
    tsc = machine_tsc();
    /* Another CPU's counter may lie a little behind the base. */
    ns = tsc > clock.base_tsc ? scale_to_ns(clock.scale, tsc - clock.base_tsc) : 0;
    return clock.stable ? ns : never_back(ns);
}

uint64_t clock_tsc_at(uint64_t ns)
{
    uint64_t ticks = scale_to_ticks(clock.scale, ns), tsc;

    if (__builtin_add_overflow(clock.base_tsc, ticks, &tsc))
        return UINT64_MAX;
    return MAX(tsc, UINT64_C(1));
}

/* No lock: two CPUs in step, each in a tight loop, could keep one out of it for ever. */
void clock_compare(void)
{
    static uint64_t latest;
    uint64_t seen = __atomic_load_n(&latest, __ATOMIC_ACQUIRE);
    uint64_t tsc = machine_tsc();

    if (tsc < seen)
        clock.stable = false;
    else
        (void)__atomic_compare_exchange_n(&latest, &seen, tsc, false, __ATOMIC_ACQ_REL,
                                          __ATOMIC_RELAXED);
}

void machine_clock_read(struct machine_clock *out)
{
    *out = (struct machine_clock){
        .base_tsc = clock.base_tsc,
        .base_ns = 0,
        .mul = clock.scale.mul,
        .shift = clock.scale.shift,
        .stable = clock.stable,
    };
}

void clock_wait_us(unsigned us)
{
    uint64_t end = machine_now_ns() + UINT64_C(1000) * us;

    if (!clock.running) {
        while (us-- > 0)
            port_delay();
        return;
    }
    while (machine_now_ns() < end)
        machine_relax();
}
