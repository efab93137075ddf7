/* SPDX-License-Identifier: MIT */
/*
 * The local APIC of each CPU: enabling it, ending interrupts, and messages between CPUs. x2APIC,
 * reached by MSRs, where the firmware turned it on or a hypervisor below us offers it, which can
 * serve an MSR at less cost than memory; else xAPIC, reached by memory: on the bare machine x2APIC
 * would want interrupt remapping. One mode holds for all CPUs.
 *
 * Local inputs: LINT0, where an 8259 would interrupt, is masked; LINT1 is the PC's NMI.
 */
#include "x86/apic.h"
#include "x86/apic_regs.h"
#include "x86/firmware.h"
#include "x86/ioapic.h"
#include "x86/machine.h"
#include "x86/port.h"
#include "x86/regs.h"
#include "x86/uart.h"

#define CPUID_1_ECX_X2APIC     (1u << 21)
#define CPUID_1_ECX_HYPERVISOR (1u << 31)

#define MSR_X2APIC   0x800 /* plus register offset / 16 */
#define BASE_X2APIC  (UINT64_C(1) << 10)
#define BASE_ENABLED (UINT64_C(1) << 11)
#define BASE_ADDRESS UINT64_C(0x000ffffffffff000)

#define SPURIOUS_ENABLE 0x100
#define COMMAND_FIXED   0x00000
#define COMMAND_INIT    0x00500
#define COMMAND_STARTUP 0x00600
#define COMMAND_PENDING 0x01000
#define COMMAND_ASSERT  0x04000
#define COMMAND_LEVEL   0x08000

#define SEND_POLLS_MAX 1000000 /* a message is taken within microseconds; a second is a dead bus   \
                                */

static struct {
    volatile uint8_t *regs; /* xAPIC; NULL in x2APIC mode */
    bool x2apic;
} apic;

uint32_t apic_read(uint32_t reg)
{
    if (apic.x2apic)
        return (uint32_t)msr_get(MSR_X2APIC + reg / 16);
    return *(volatile uint32_t *)(apic.regs + reg);
}

void apic_write(uint32_t reg, uint32_t value)
{
    if (apic.x2apic)
        msr_set(MSR_X2APIC + reg / 16, value);
    else
        *(volatile uint32_t *)(apic.regs + reg) = value;
}

uint32_t apic_id(void)
{
    uint32_t id = apic_read(APIC_ID);

    return apic.x2apic ? id : id >> 24;
}

void apic_eoi(void)
{
    apic_write(APIC_EOI, 0);
}

/* ---- messages -------------------------------------------------------------------------------- */

static void command_wait(void)
{
    for (unsigned i = 0; i < SEND_POLLS_MAX; i++) {
        if (!(apic_read(APIC_COMMAND) & COMMAND_PENDING))
            return;
        port_pause();
    }
}

static void command_send(uint32_t dest, uint32_t command)
{
    if (apic.x2apic) {
        /* An MSR write here orders nothing: what the receiver shall see must be visible first. */
        __asm__ volatile("mfence; lfence" : : : "memory");
        msr_set(MSR_X2APIC + APIC_COMMAND / 16, (uint64_t)dest << 32 | command);
        return;
    }
    command_wait();
    apic_write(APIC_COMMAND_DEST, dest << 24);
    apic_write(APIC_COMMAND, command);
    command_wait();
}

void apic_send_ipi(uint32_t dest, uint8_t vector)
{
    command_send(dest, COMMAND_FIXED | COMMAND_ASSERT | vector);
}

void apic_send_init(uint32_t dest)
{
    command_send(dest, COMMAND_INIT | COMMAND_ASSERT | COMMAND_LEVEL);
    if (!apic.x2apic) /* the release that old xAPICs wait for; newer ones ignore it */
        command_send(dest, COMMAND_INIT | COMMAND_LEVEL);
}

void apic_send_startup(uint32_t dest, uint8_t page)
{
    command_send(dest, COMMAND_STARTUP | COMMAND_ASSERT | page);
}

unsigned apic_ids(uint32_t *ids, unsigned max)
{
    const struct acpi_info *acpi = firmware_acpi();
    unsigned nr = 0;

    if (acpi->nr_cpus == 0 && max > 0) {
        ids[0] = apic_id();
        return 1;
    }
    for (unsigned i = 0; i < acpi->nr_cpus && nr < max; i++) {
        if (apic.x2apic || acpi->cpu[i] < 0xff) /* xAPIC: 0xff is everyone */
            ids[nr++] = acpi->cpu[i];
    }
    return nr;
}

/* ---- set-up ---------------------------------------------------------------------------------- */

/* Nothing acts on the error itself: the message concerned is lost, and its sender's bound fires. */
void apic_error(void)
{
    apic_write(APIC_ERROR_STATUS, 0);
    (void)apic_read(APIC_ERROR_STATUS);
}

/* A loader may leave an interrupt in service, which would block all of its priority and below. */
static void in_service_clear(void)
{
    for (unsigned i = 0; i < 256; i++) {
        uint32_t any = 0;

        for (uint32_t r = 0; r < 8; r++)
            any |= apic_read(APIC_IN_SERVICE + r * 0x10);
        if (!any)
            return;
        apic_eoi();
    }
}

/* One step after the other: from off there is no way to x2APIC. */
static void apic_enable(void)
{
    uint64_t base = msr_get(MSR_APIC_BASE) | BASE_ENABLED;

    msr_set(MSR_APIC_BASE, base);
    if (apic.x2apic)
        msr_set(MSR_APIC_BASE, base | BASE_X2APIC);
}

void apic_cpu_init(void)
{
    apic_enable();
    apic_write(APIC_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
    apic_write(APIC_TASK_PRIORITY, 0);
    apic_write(APIC_LVT_LINT0, LVT_MASKED);
    apic_write(APIC_LVT_LINT1, LVT_NMI);
    apic_write(APIC_LVT_ERROR, VECTOR_ERROR);
    apic_write(APIC_ERROR_STATUS, 0);
    in_service_clear();
    apic_timer_cpu_init();
}

static bool x2apic_offered(void)
{
    uint32_t out[4];

    machine_cpuid(1, 0, out);
    return (out[2] & CPUID_1_ECX_X2APIC) && (out[2] & CPUID_1_ECX_HYPERVISOR);
}

static void apic_init(void)
{
    uint64_t base = msr_get(MSR_APIC_BASE);

    apic.x2apic = ((base & BASE_ENABLED) && (base & BASE_X2APIC)) || x2apic_offered();
    if (!apic.x2apic)
        apic.regs = machine_map_device(base & BASE_ADDRESS, PAGE_SIZE);
    if (!apic.x2apic && !apic.regs) {
        static const char text[] = "Lamina: no room to map the local APIC\r\n";

        machine_console_write(text, sizeof(text) - 1);
        machine_halt();
    }
    apic_enable();
}

void machine_interrupts_init(void)
{
    pic_init();
    apic_init();
    ioapic_init();
    apic_timer_init();
    apic_cpu_init();
    uart_receive_init();
}
