/* SPDX-License-Identifier: MIT */
/*
 * Interrupts by vector, and the two places where the hypervisor lets them in: while idle and in a
 * window that long work opens.
 */
#include "x86/apic.h"
#include "x86/cpu.h"
#include "x86/upcall.h"

void cpu_stopped(void)
{
    for (;;)
        __asm__ volatile("cli; hlt");
}

void interrupt_dispatch(uint32_t vector)
{
    switch (vector) {
    case VECTOR_TIMER:
        apic_eoi();
        upcall_deadline();
        break;
    case VECTOR_KICK:
        apic_eoi();
        upcall_kick();
        break;
    case VECTOR_FLUSH:
        apic_eoi();
        flush_serve();
        break;
    case VECTOR_STOP:
        apic_eoi();
        cpu_stopped();
    case VECTOR_ERROR:
        apic_error();
        break;
    case VECTOR_SPURIOUS: /* has no end of interrupt */
        break;
    default:
        if (vector >= VECTOR_DEVICE_FIRST && vector <= VECTOR_DEVICE_LAST)
            apic_device_interrupt((uint8_t)vector);
        break;
    }
}

/* STI holds interrupts off for one more instruction: none is taken before HLT, so none is lost. */
void machine_idle(void)
{
    __asm__ volatile("sti; hlt; cli" ::: "memory");
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
