/* SPDX-License-Identifier: MIT */
/*
 * What x86/machine.h promises, of a machine that has two CPUs, a TLB each, a clock that the driver
 * turns, and no devices: ports read as all ones, interrupts go nowhere.
 */
#include "sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bits.h"
#include "lib/errno.h"
#include "sys/log.h"
#include "x86/upcall.h"

#define GSIS 24

static struct sim_cpu *this(void)
{
    return &sim.cpu[sim_running];
}

/* ---- memory ---------------------------------------------------------------------------------- */

maddr_t machine_maddr(const void *p)
{
    uintptr_t offset = (uintptr_t)p - (uintptr_t)sim_ram;

    BUG_ON(offset >= SIM_RAM_BYTES);
    return offset;
}

void machine_map_m2p(mfn_t first, uint64_t nr_frames)
{
    (void)first, (void)nr_frames;
}

void machine_l4_install(uint64_t *l4)
{
    for (unsigned i = 256; i < 272; i++)
        l4[i] = UINT64_C(0x00f0000000000063) | (uint64_t)i << PAGE_SHIFT;
}

unsigned machine_maddr_bits(void)
{
    return 40;
}

/* ---- CPUs ------------------------------------------------------------------------------------ */

unsigned machine_cpu_id(void)
{
    return sim_running;
}

unsigned machine_nr_cpus(void)
{
    return SIM_CPUS;
}

uint32_t machine_apic_id(unsigned cpu)
{
    return cpu * 2;
}

void machine_kick_cpu(unsigned cpu)
{
    __atomic_store_n(&sim.cpu[cpu].kicked, true, __ATOMIC_SEQ_CST);
}

/* ---- guest state ----------------------------------------------------------------------------- */

size_t machine_xsave_size(void)
{
    return 832;
}

uint64_t machine_xcr0(void)
{
    return 7;
}

void machine_xsave_init(struct guest_cpu *g)
{
    memset(g->xsave, 0, machine_xsave_size());
}

static uint64_t guest_cr3(const struct guest_cpu *g)
{
    return g->in_kernel ? g->cr3_kernel : g->cr3_user;
}

void machine_load_cr3(struct guest_cpu *g)
{
    this()->cr3 = guest_cr3(g);
    sim_flush(sim_running);
}

/* As in ring 0, nothing is flushed when the tables stay the same. */
void machine_guest_load(struct guest_cpu *g)
{
    this()->g = g;
    if (this()->cr3 != guest_cr3(g))
        machine_load_cr3(g);
}

void machine_guest_save(struct guest_cpu *g)
{
    BUG_ON(this()->g != g);
}

void machine_guest_none(void)
{
    this()->g = NULL;
    this()->cr3 = 0;
    sim_flush(sim_running);
}

void machine_toggle_mode(struct guest_cpu *g)
{
    g->in_kernel = !g->in_kernel;
    machine_load_cr3(g);
}

#define NOTHING(name)                                                                              \
    void name(struct guest_cpu *g)                                                                 \
    {                                                                                              \
        BUG_ON(this()->g != g);                                                                    \
    }
NOTHING(machine_load_gdt)
NOTHING(machine_load_ldt)
NOTHING(machine_load_debug)
NOTHING(machine_load_ts)
NOTHING(machine_load_bases)
NOTHING(machine_save_bases)
NOTHING(machine_load_xcr0)

int machine_load_selector(struct guest_cpu *g, unsigned which, uint16_t sel)
{
    BUG_ON(this()->g != g || which > 3);
    return sel & 0x8000 ? -EFAULT : 0;
}

void machine_set_fsgsbase(bool on)
{
    (void)on;
}

int machine_ldt_page(gva_t va)
{
    (void)va;
    return -1;
}

/* ---- instructions with a result -------------------------------------------------------------- */

int machine_rdmsr(uint32_t msr, uint64_t *value)
{
    *value = 0;
    return msr & 0x800 ? -EFAULT : 0;
}

int machine_wrmsr(uint32_t msr, uint64_t value)
{
    (void)value;
    return msr & 0x800 ? -EFAULT : 0;
}

void machine_cpuid(uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    (void)sub;
    memset(out, 0, 4 * sizeof(out[0]));
    if (leaf == 0)
        out[0] = 0xd;
    if (leaf == 0x80000000)
        out[0] = 0x80000008;
    if (leaf == 0x80000001)
        out[3] = 1u << 20; /* NX */
}

uint32_t machine_in(uint16_t port, unsigned bytes)
{
    (void)port, (void)bytes;
    return UINT32_MAX;
}

void machine_out(uint16_t port, unsigned bytes, uint32_t value)
{
    (void)port, (void)bytes, (void)value;
}

/* ---- time ------------------------------------------------------------------------------------ */

uint64_t machine_tsc(void)
{
    return __atomic_load_n(&sim.now_ns, __ATOMIC_RELAXED);
}

uint64_t machine_tsc_khz(void)
{
    return 1000000;
}

uint64_t machine_now_ns(void)
{
    return __atomic_add_fetch(&sim.now_ns, 1, __ATOMIC_RELAXED);
}

void sim_time_pass(uint64_t ns)
{
    (void)__atomic_add_fetch(&sim.now_ns, ns, __ATOMIC_RELAXED);
}

void machine_clock_read(struct machine_clock *out)
{
    uint64_t now = machine_tsc();

    *out = (struct machine_clock){ .base_tsc = now, .base_ns = now,
                                   .mul = UINT32_C(1) << 31, .shift = 1, .stable = true };
}

void machine_set_deadline(uint64_t ns)
{
    this()->deadline_ns = ns;
}

uint64_t machine_wallclock_s(void)
{
    return UINT64_C(1600000000);
}

/* ---- interrupts ------------------------------------------------------------------------------ */

unsigned machine_nr_gsis(void)
{
    return GSIS;
}

int machine_gsi_route(unsigned gsi, uint8_t vector, bool level, bool low, unsigned cpu)
{
    (void)vector, (void)level, (void)low;
    return gsi < GSIS && cpu < SIM_CPUS ? 0 : -EINVAL;
}

void machine_gsi_mask(unsigned gsi)
{
    BUG_ON(gsi >= GSIS);
}

void machine_gsi_unmask(unsigned gsi)
{
    BUG_ON(gsi >= GSIS);
}

bool machine_gsi_reserved(unsigned gsi)
{
    return gsi == 4;
}

int machine_ioapic_read(maddr_t apic_base, uint32_t reg, uint32_t *value)
{
    *value = reg;
    return apic_base == 0xfec00000 ? 0 : -EINVAL;
}

int machine_vector_alloc(void)
{
    uint8_t next = __atomic_fetch_add(&sim.next_vector, 1, __ATOMIC_RELAXED);

    if (next < 0xe0)
        return next;
    __atomic_fetch_sub(&sim.next_vector, 1, __ATOMIC_RELAXED);
    return -ENOSPC;
}

void machine_vector_free(uint8_t vector)
{
    BUG_ON(vector < 0x40 || vector >= __atomic_load_n(&sim.next_vector, __ATOMIC_RELAXED));
}

int machine_msi_setup(struct machine_msi *msi, uint8_t vector, unsigned cpu)
{
    (void)vector;
    return msi->nr > 1 || cpu >= SIM_CPUS ? -EINVAL : 0;
}

void machine_msi_mask(struct machine_msi *msi, bool masked)
{
    (void)msi, (void)masked;
}

void machine_msi_teardown(struct machine_msi *msi)
{
    (void)msi;
}

uint32_t machine_pci_read(uint16_t seg, uint8_t bus, uint8_t devfn, uint16_t reg, unsigned bytes)
{
    (void)seg, (void)bus, (void)devfn, (void)reg, (void)bytes;
    return UINT32_MAX;
}

void machine_pci_write(uint16_t seg, uint8_t bus, uint8_t devfn, uint16_t reg, unsigned bytes,
                       uint32_t value)
{
    (void)seg, (void)bus, (void)devfn, (void)reg, (void)bytes, (void)value;
}

/* ---- console and end ------------------------------------------------------------------------- */

void machine_console_write(const char *s, size_t n)
{
    static int loud = -1;

    if (loud < 0)
        loud = getenv("SIM_LOG") != NULL;
    if (loud)
        (void)!fwrite(s, 1, n, stderr);
}

int machine_acpi_sleep(uint8_t state, uint16_t pm1a, uint16_t pm1b)
{
    (void)state, (void)pm1a, (void)pm1b;
    return -EINVAL;
}

bool machine_port_is_ours(uint16_t port)
{
    return (port & 0xfff8) == 0x3f8;
}

bool machine_frame_is_ours(mfn_t mfn)
{
    return mfn_x(mfn) == 1;
}

/* The hypervisor says that it is inconsistent: the finding of a run. */
void __wrap_panic(const char *fmt, ...) printf_like(1, 2) noreturn;
void __wrap_panic(const char *fmt, ...)
{
    va_list args;

    fprintf(stderr, "panic: ");
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    if (sim_on_panic)
        sim_on_panic();
    abort();
}
