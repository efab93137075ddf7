/* SPDX-License-Identifier: MIT */
/*
 * Time and interrupts: the stamp counter and the APIC's timer, both measured against the one clock
 * of known pace, the PIT; the old interrupt controllers put out of the way; start and interruption
 * of the second CPU.
 */
#include "metal/cpu.h"

#define APIC       ((volatile uint32_t *)0xfffffffffee00000UL)
#define APIC_ID    (0x20 / 4)
#define APIC_EOI   (0xb0 / 4)
#define APIC_SVR   (0xf0 / 4)
#define APIC_ICR   (0x300 / 4)
#define APIC_ICR2  (0x310 / 4)
#define APIC_TIMER (0x320 / 4)
#define APIC_COUNT (0x380 / 4)
#define APIC_LEFT  (0x390 / 4)
#define APIC_SCALE (0x3e0 / 4)

#define PIT_HZ     1193182u
#define MEASURE_MS 20u
#define AP_START   0x8000u

extern const uint8_t ap_code[], ap_code_end[];

static uint64_t tsc_start, tsc_ns, apic_ticks; /* ns a tick, ticks a ns: 32 bits of fraction */
static void (*second_main)(void);
static volatile bool second_runs;

/* Runs PIT channel 2 down once; what it took on the other two clocks gives their pace. */
void clock_init(void)
{
    uint16_t count = PIT_HZ * MEASURE_MS / 1000;
    uint32_t apic_before;
    uint64_t before;

    APIC[APIC_SVR] = 0x1ff;
    APIC[APIC_SCALE] = 0xb; /* by 1 */
    APIC[APIC_COUNT] = UINT32_MAX;
    out8(0x61, (uint8_t)((in8(0x61) & ~2u) | 1));
    out8(0x43, 0xb0); /* channel 2, both bytes, mode 0 */
    out8(0x42, (uint8_t)count);
    out8(0x42, (uint8_t)(count >> 8));
    before = tsc_read();
    apic_before = APIC[APIC_LEFT];
    while (!(in8(0x61) & 0x20))
        __builtin_ia32_pause();
    tsc_ns = (MEASURE_MS * 1000000UL << 32) / (tsc_read() - before);
    apic_ticks = ((uint64_t)(apic_before - APIC[APIC_LEFT]) << 32) / (MEASURE_MS * 1000000UL);
    APIC[APIC_COUNT] = 0;
    tsc_start = tsc_read();
}

uint64_t machine_now_ns(void)
{
    return (uint64_t)((unsigned __int128)(tsc_read() - tsc_start) * tsc_ns >> 32);
}

void clock_wait(uint64_t ns)
{
    uint64_t end = machine_now_ns() + ns;

    while (machine_now_ns() < end)
        __builtin_ia32_pause();
}

void machine_alarm(uint64_t at_ns)
{
    uint64_t now = machine_now_ns(), wait = at_ns > now ? at_ns - now : 1;
    uint64_t count = (uint64_t)((unsigned __int128)wait * apic_ticks >> 32);

    APIC[APIC_TIMER] = VECTOR_TIMER; /* one shot */
    APIC[APIC_COUNT] = count ? (uint32_t)(count > UINT32_MAX ? UINT32_MAX : count) : 1;
}

void apic_init(void)
{
    out8(0x21, 0xff); /* the old controllers: all masked */
    out8(0xa1, 0xff);
    APIC[APIC_SVR] = 0x1ff;
    APIC[APIC_SCALE] = 0xb;
}

void apic_end(void)
{
    APIC[APIC_EOI] = 0;
}

unsigned apic_id(void)
{
    return APIC[APIC_ID] >> 24;
}

static void message(unsigned cpu, uint32_t what)
{
    APIC[APIC_ICR2] = cpu << 24;
    APIC[APIC_ICR] = what;
    while (APIC[APIC_ICR] & 1u << 12)
        __builtin_ia32_pause();
}

void machine_kick(unsigned cpu)
{
    message(cpu, 0x4000 | VECTOR_KICK);
}

/* The second CPU's first C. */
void metal_second(void);
void metal_second(void)
{
    extern void traps_load(void);

    traps_load();
    apic_init();
    __atomic_store_n(&second_runs, true, __ATOMIC_RELEASE);
    __asm__ volatile("sti");
    second_main();
}

/* INIT, then twice the message that names a page to start at. */
static void second_wake(void)
{
    volatile uint8_t *to = (uint8_t *)VIRT_BASE + AP_START;

    for (unsigned i = 0; i < (unsigned)(ap_code_end - ap_code); i++)
        to[i] = ap_code[i];
    message(1, 0x4500);
    clock_wait(10000000);
    for (unsigned i = 0; i < 2 && !second_runs; i++) {
        message(1, 0x4600 | AP_START >> 12);
        clock_wait(1000000);
    }
}

unsigned machine_nr_cpus(void)
{
    return CPUS_MAX; /* whether the second one is there shows when it is started */
}

int machine_cpu_start(void (*main)(void))
{
    uint64_t end;

    second_main = main;
    second_wake();
    end = machine_now_ns() + 1000000000;
    while (!__atomic_load_n(&second_runs, __ATOMIC_ACQUIRE))
        if (machine_now_ns() > end)
            return -1;
    return 0;
}
