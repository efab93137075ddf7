/* SPDX-License-Identifier: MIT */
/*
 * Interrupts by vector, device vectors' allocation, and how CPUs get each other's attention.
 *
 * A device vector means the same on all CPUs. It is acknowledged before anyone is told: an edge or
 * a message has ended with the local APIC's end of interrupt; a level-triggered input would fire
 * again at once, so it is masked first and stays so until its owner unmasks it.
 */
#include "public/errno.h"
#include "x86/apic.h"
#include "x86/cpu.h"
#include "x86/lock.h"
#include "x86/uart.h"
#include "x86/upcall.h"

static struct {
    struct machine_lock lock;
    /* --- under lock --- */
    bool used[256];
    /* --- written while the vector cannot fire --- */
    uint16_t gsi[256]; /* input + 1 of a level-triggered one, 0: edge or message */
} vectors;

static bool is_device(uint32_t vector)
{
    return vector >= VECTOR_DEVICE_FIRST && vector <= VECTOR_DEVICE_LAST;
}

int machine_vector_alloc(void)
{
    int found = -XEN_ENOSPC;

    machine_lock_take(&vectors.lock);
    for (int v = VECTOR_DEVICE_FIRST; v <= VECTOR_DEVICE_LAST && found < 0; v++)
        if (!vectors.used[v]) {
            vectors.used[v] = true;
            vectors.gsi[v] = 0;
            found = v;
        }
    machine_lock_drop(&vectors.lock);
    return found;
}

void machine_vector_free(uint8_t vector)
{
    machine_lock_take(&vectors.lock);
    vectors.used[vector] = false;
    machine_lock_drop(&vectors.lock);
}

void vector_set_level(uint8_t vector, bool level, unsigned gsi)
{
    WRITE_ONCE(vectors.gsi[vector], level ? (uint16_t)(gsi + 1) : 0);
}

static void device_interrupt(uint8_t vector)
{
    uint16_t gsi = READ_ONCE(vectors.gsi[vector]);

    if (gsi)
        machine_gsi_mask(gsi - 1u);
    apic_eoi();
    if (uart_uses_vector(vector))
        uart_interrupt();
    else
        upcall_interrupt(vector);
}

/* What is none of these is a spurious one of the APIC or an 8259: it has no end of interrupt. */
void interrupt_dispatch(uint32_t vector)
{
    if (is_device(vector)) {
        device_interrupt((uint8_t)vector);
        return;
    }
    if (vector >= VECTOR_TIMER && vector <= VECTOR_ERROR)
        apic_eoi();
    switch (vector) {
    case VECTOR_TIMER:
        upcall_deadline();
        break;
    case VECTOR_KICK:
        upcall_kick();
        break;
    case VECTOR_FLUSH:
        flush_serve();
        break;
    case VECTOR_STOP:
        machine_halt();
    case VECTOR_ERROR:
        apic_error();
        break;
    default:
        break;
    }
}

void machine_interrupt_window(void)
{
    __asm__ volatile("sti; nop; cli" ::: "memory");
}

void machine_relax(void)
{
    __asm__ volatile("pause");
    flush_serve();
}

unsigned machine_cpu_id(void)
{
    return this_machine_cpu()->id;
}

uint32_t machine_apic_id(unsigned cpu)
{
    return machine_cpu_of(cpu)->apic_id;
}

/* A CPU that is in the hypervisor comes to its exit path by itself. */
void machine_kick_cpu(unsigned cpu)
{
    if (cpu != machine_cpu_id())
        apic_send_ipi(machine_apic_id(cpu), VECTOR_KICK);
}

void machine_stop_others(void)
{
    for (unsigned cpu = 0; cpu < machine_nr_cpus(); cpu++)
        if (cpu != machine_cpu_id())
            apic_send_ipi(machine_apic_id(cpu), VECTOR_STOP);
}
