/* SPDX-License-Identifier: MIT */
/*
 * The log. Every message goes into a ring that tools read; those that the level admits go to the
 * serial console as well, at once. Messages about a guest's behaviour are limited in number, so
 * that a guest cannot flood the console or slow the machine through it. panic() prints without
 * waiting for anyone: other CPUs are stopped, perhaps inside the console's lock.
 */
#include "sys/log.h"

#include "lib/bits.h"
#include "lib/format.h"
#include "lib/string.h"
#include "sys/lock.h"
#include "sys/percpu.h"

#define RING_SIZE        32768u /* power of two: indices wrap by themselves */
#define LINE_MAX         256
#define GUEST_WINDOW_NS  UINT64_C(1000000000)
#define GUEST_WINDOW_MAX 16 /* messages about guests in one window */
#define PREFIX           "(lamina) "

bool panic_noreboot;

static struct {
    spinlock_t lock;
    char ring[RING_SIZE];
    uint32_t start, end; /* free-running: [start, end) is readable, at most RING_SIZE bytes */
    int level, guest_level;
    uint64_t window_ns; /* start of the window of guest messages */
    unsigned window_count;
    uint32_t panicking; /* CPU + 1 */
    void (*panic_dump)(void);
} state = {
    .lock = SPINLOCK_INIT(LOCK_CONSOLE),
    .level = LOG_INFO,
    .guest_level = LOG_WARNING,
};

static void console_lock(void)
{
    if (!READ_ONCE(state.panicking))
        lock_take(&state.lock);
}

static void console_unlock(void)
{
    if (!READ_ONCE(state.panicking))
        lock_drop(&state.lock);
}

static void ring_write(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        state.ring[state.end++ % RING_SIZE] = s[i];
    if (state.end - state.start > RING_SIZE)
        state.start = state.end - RING_SIZE;
}

static void emit(const char *s, size_t n, bool show)
{
    console_lock();
    ring_write(s, n);
    if (show)
        machine_console_write(s, n);
    console_unlock();
}

/* One line with prefix and end; what does not fit is cut off. */
static void emit_line(bool show, const char *subject, const char *fmt, va_list args)
{
    char line[LINE_MAX];
    size_t at = format_to(line, sizeof(line) - 1, PREFIX "%s", subject);

    at += format_to_v(line + at, sizeof(line) - 1 - at, fmt, args);
    if (line[at - 1] != '\n')
        line[at++] = '\n';
    emit(line, at, show);
}

void log_print(enum log_level level, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    emit_line((int)level <= READ_ONCE(state.level), "", fmt, args);
    va_end(args);
}

/* May one more guest message pass? *missed: how many were dropped in the window before. */
static bool guest_may_log(unsigned *missed)
{
    uint64_t now = machine_now_ns();
    bool may;

    *missed = 0;
    console_lock();
    if (now - state.window_ns >= GUEST_WINDOW_NS) {
        if (state.window_count > GUEST_WINDOW_MAX)
            *missed = state.window_count - GUEST_WINDOW_MAX;
        state.window_ns = now;
        state.window_count = 0;
    }
    may = state.window_count++ < GUEST_WINDOW_MAX;
    console_unlock();
    return may;
}

void log_guest(enum log_level level, domid_t dom, const char *fmt, ...)
{
    char subject[16];
    unsigned missed;
    va_list args;

    if ((int)level > READ_ONCE(state.guest_level) || !guest_may_log(&missed))
        return;
    if (missed)
        log_print(LOG_WARNING, "%u messages about guests left out", missed);
    format_to(subject, sizeof(subject), "d%u: ", dom);
    va_start(args, fmt);
    emit_line(true, subject, fmt, args);
    va_end(args);
}

void log_raw(const char *s, size_t n)
{
    emit(s, n, true);
}

size_t log_read(char *dst, size_t n, uint32_t *index)
{
    size_t copied = 0;

    console_lock();
    /* Free-running indices: the distance to the start says whether *index is still in the ring. */
    if (*index - state.start > state.end - state.start)
        *index = state.start;
    while (copied < n && *index != state.end)
        dst[copied++] = state.ring[(*index)++ % RING_SIZE];
    console_unlock();
    return copied;
}

void log_clear(void)
{
    console_lock();
    state.start = state.end;
    console_unlock();
}

void log_set_levels(int host, int guest)
{
    state.level = host;
    state.guest_level = guest;
}

void panic_set_dump(void (*dump)(void))
{
    state.panic_dump = dump;
}

/* Words of this stack that point near our code: a caller list good enough to find the place. */
static void __attribute__((noinline)) print_callers(void)
{
    const uint64_t *sp = __builtin_frame_address(0);
    uintptr_t end = ROUND_UP((uintptr_t)sp + 1, PAGE_SIZE);
    uintptr_t code = (uintptr_t)&print_callers;

    for (unsigned shown = 0; (uintptr_t)sp < end && shown < 16; sp++) {
        if (*sp - (code - (1u << 20)) < (2u << 20)) {
            log_print(LOG_ERROR, "  stack %016lx: %016lx", (uintptr_t)sp, *sp);
            shown++;
        }
    }
}

void panic(const char *fmt, ...)
{
    uint32_t nobody = 0;
    va_list args;

    /* One panic is printed; a second one only stops, or, of the dump itself, ends it early. */
    if (!atomic_cmpxchg(&state.panicking, &nobody, machine_cpu_id() + 1)) {
        if (nobody != machine_cpu_id() + 1 || panic_noreboot)
            machine_halt();
        machine_reboot();
    }
    machine_stop_others();
    log_print(LOG_ERROR, "----------------------------------------");
    va_start(args, fmt);
    emit_line(true, "panic: ", fmt, args);
    va_end(args);
    log_print(LOG_ERROR, "on CPU %u, called from %p", machine_cpu_id(),
              __builtin_return_address(0));
    print_callers();
    if (state.panic_dump)
        state.panic_dump();
    log_print(LOG_ERROR,
              panic_noreboot ? "halted (noreboot); reset the machine by hand" : "rebooting");
    if (panic_noreboot)
        machine_halt();
    machine_reboot();
}
