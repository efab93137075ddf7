/* SPDX-License-Identifier: MIT */
/*
 * Serial input. Bytes go to dom0 through a ring that console_io reads, with VIRQ_CONSOLE when
 * something came; after three Ctrl-A they are debug keys instead, until three more. What finds the
 * ring full is dropped: the reader is dom0's kernel, which empties it on each event.
 *
 * Debug keys print through the log at error level, so that they are seen whatever loglvl= says.
 */
#include "core/console.h"

#include "core/audit.h"
#include "core/dump.h"
#include "core/sched.h"
#include "mm/alloc.h"
#include "sys/log.h"
#include "x86/upcall.h"

#define RING_SIZE      16384u /* several pastes of 4 KiB; a power of two */
#define SWITCH_KEY     0x01   /* Ctrl-A */
#define SWITCH_PRESSES 3

static struct {
    /* --- under lock --- */
    spinlock_t lock;
    uint8_t ring[RING_SIZE];
    uint32_t in, out; /* free-running */
    /* --- by the CPU that serves the UART --- */
    unsigned presses;
    bool to_debugger;
} state;

void console_init(void)
{
    lock_init(&state.lock, LOCK_CONSOLE);
}

size_t console_read(char *dst, size_t n)
{
    size_t copied = 0;

    lock_take(&state.lock);
    while (copied < n && state.out != state.in)
        dst[copied++] = (char)state.ring[state.out++ % RING_SIZE];
    lock_drop(&state.lock);
    return copied;
}

static void ring_add(uint8_t byte)
{
    lock_take(&state.lock);
    if (state.in - state.out < RING_SIZE)
        state.ring[state.in++ % RING_SIZE] = byte;
    lock_drop(&state.lock);
    if (control_domain)
        evtchn_send_global_virq(control_domain, VIRQ_CONSOLE);
}

void upcall_console_input(uint8_t byte)
{
    state.presses = byte == SWITCH_KEY ? state.presses + 1 : 0;
    if (state.presses == SWITCH_PRESSES) {
        state.presses = 0;
        state.to_debugger = !state.to_debugger;
        log_error("input goes to %s (three Ctrl-A switch)",
                  state.to_debugger ? "the hypervisor; h for help" : "dom0");
    } else if (state.to_debugger) {
        if (byte != SWITCH_KEY)
            console_debug_key(byte);
    } else {
        ring_add(byte);
    }
}

/* ---- debug keys ---------------------------------------------------------------------------- */

static void key_domains(void)
{
    for_each_domain(d) {
        domain_print(d);
        pirq_print(d);
        log_error("  event channels %s, grants %s", evtchn_check(d) ? "consistent" : "INCONSISTENT",
                  grant_check(d) ? "consistent" : "INCONSISTENT");
    }
}

static void key_registers(void)
{
    for_each_domain(d)
        for_each_vcpu(d, v)
            vcpu_print(v);
}

static void key_memory(void)
{
    bool good = audit();

    log_error("memory: %lu of %lu frames free, counts %s", frames_free(), frames_total(),
              good ? "consistent" : "INCONSISTENT");
}

static void key_reboot(void)
{
    log_error("rebooting");
    machine_reboot();
}

static void key_help(void);

static const struct {
    uint8_t key;
    void (*run)(void);
    const char *what;
} keys[] = {
    { 'h', key_help, "this list" },
    { 'q', key_domains, "domains, their vCPUs and interrupts" },
    { 'd', key_registers, "registers of all vCPUs, as last saved" },
    { 'r', sched_print, "run queues" },
    { 'm', key_memory, "audit of memory counts" },
    { 'R', key_reboot, "reboot at once" },
};

static void key_help(void)
{
    for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
        log_error("  %c  %s", keys[i].key, keys[i].what);
}

void console_debug_key(uint8_t key)
{
    for (unsigned i = 0; i < ARRAY_SIZE(keys); i++) {
        if (keys[i].key == key) {
            log_error("key '%c': %s", key, keys[i].what);
            keys[i].run();
            return;
        }
    }
}
