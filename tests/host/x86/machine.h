/* SPDX-License-Identifier: MIT */
/*
 * Stands in for hypervisor/x86/machine.h in the host build. Machine frames are an array, guest
 * virtual addresses are addresses of the test program, time and CPU number are variables that the
 * test sets, and what cannot be done on the host is counted. Only what the layers above x86/ ask
 * for is here: a new call that does not link says that a layer asks for more than it did.
 */
#ifndef LAMINA_X86_MACHINE_H
#define LAMINA_X86_MACHINE_H

#include "lib/types.h"
#include "x86/guest.h"

/* ---- what a test sets and reads ------------------------------------------------------------ */

#define HOST_FRAMES_MAX 8192 /* 32 MiB: more than any test hands out */

struct host_machine {
    unsigned cpu, nr_cpus;      /* running CPU, CPUs that are up */
    uint64_t now_ns;            /* machine_now_ns() */
    bool preempt;               /* answer of preempt_pending() */
    uint64_t preempt_after;     /* ... which turns true after so many calls; 0: never by itself */
    gva_t fault_start, fault_end; /* guest accesses that touch [start, end) fault there */
    mfn_t ours;                 /* machine_frame_is_ours() says yes to it */
    /* counted */
    uint64_t mapped;            /* by machine_map(): bit per frame number modulo 64 */
    uint64_t nr_flushes;        /* TLB flushes asked for */
    uint64_t flushed_cpus;      /* CPUs named in them, together */
    uint64_t kicked_cpus;       /* machine_kick_cpu() */
    uint64_t nr_preempt_calls;
    uint64_t deadline_ns;       /* last machine_set_deadline() */
};
extern struct host_machine host;

/* Everything as at start: memory is filled with a pattern, nothing handed out by host_take(). */
void host_reset(void);
/* `take` for frames_init(): frames from the end of the array downwards, zeroed. */
mfn_t host_take(uint64_t nr);
/* First byte above what host_take() has left. */
maddr_t host_ram_end(void);

/* ---- memory -------------------------------------------------------------------------------- */

#define HYPERVISOR_START UINT64_C(0xffff800000000000)
#define HYPERVISOR_END   UINT64_C(0xffff880000000000)
#define M2P_GUEST_VIRT   HYPERVISOR_START

void *machine_map(mfn_t mfn);
void *machine_map_maddr(maddr_t addr);
maddr_t machine_maddr(const void *p);
void machine_map_m2p(mfn_t first, uint64_t nr_frames);
void machine_l4_install(uint64_t *l4);
unsigned machine_maddr_bits(void);
size_t machine_copy_from_guest(void *dst, gva_t src, size_t bytes) must_check;
size_t machine_copy_to_guest(gva_t dst, const void *src, size_t bytes) must_check;
size_t machine_clear_guest(gva_t dst, size_t bytes) must_check;
void machine_clear_frame(mfn_t mfn);
void machine_copy_frame(mfn_t dst, mfn_t src);

/* What machine_l4_install() writes into a hypervisor slot. */
#define HOST_L4_ENTRY(slot) (UINT64_C(0x00f0000000000063) | (uint64_t)(slot) << 12)

/* ---- TLB ----------------------------------------------------------------------------------- */

void machine_flush_local(void);
void machine_flush_page_local(gva_t va);
void machine_flush_cpus(uint64_t cpus);
void machine_flush_page_cpus(uint64_t cpus, gva_t va);
void machine_flush_caches(void);
void machine_flush_caches_all(void);

/* ---- CPUs ---------------------------------------------------------------------------------- */

unsigned machine_cpu_id(void);
unsigned machine_nr_cpus(void);
void *machine_cpu_block(unsigned cpu); /* all host CPUs share one copy of the per-CPU variables */
void *machine_this_cpu_block(void);
void machine_kick_cpu(unsigned cpu);
void machine_relax(void);
void machine_interrupt_window(void);

static inline bool is_canonical(uint64_t va)
{
    return (uint64_t)((int64_t)(va << 16) >> 16) == va;
}

/* ---- instructions with a result, time ------------------------------------------------------ */

void machine_cpuid(uint32_t leaf, uint32_t sub, uint32_t out[4]); /* NX yes, all else no */
uint64_t machine_tsc(void);
uint64_t machine_tsc_khz(void);
uint64_t machine_now_ns(void);
struct machine_clock {
    uint64_t base_tsc, base_ns;
    uint32_t mul;
    int8_t shift;
    bool stable;
};
void machine_clock_read(struct machine_clock *out);
void machine_set_deadline(uint64_t ns);
uint64_t machine_wallclock_s(void);

/* ---- interrupts: what core/irq.h names ----------------------------------------------------- */

struct machine_msi {
    uint16_t seg;
    uint8_t bus, devfn;
    uint16_t entry;
    uint64_t table_base;
    uint16_t nr;
    bool is_msix;
    uint16_t cap;
    volatile uint32_t *slot;
};
unsigned machine_nr_gsis(void);
int machine_gsi_route(unsigned gsi, uint8_t vector, bool level, bool low, unsigned cpu) must_check;
void machine_gsi_mask(unsigned gsi);
void machine_gsi_unmask(unsigned gsi);
bool machine_gsi_reserved(unsigned gsi);
int machine_vector_alloc(void) must_check;
void machine_vector_free(uint8_t vector);
int machine_msi_setup(struct machine_msi *msi, uint8_t vector, unsigned cpu) must_check;
void machine_msi_mask(struct machine_msi *msi, bool masked);
void machine_msi_teardown(struct machine_msi *msi);

bool machine_frame_is_ours(mfn_t mfn);

/* ---- asked for by hypercall/: a test that gets there defines it ---- */

uint32_t machine_apic_id(unsigned cpu);
int machine_ioapic_read(maddr_t apic_base, uint32_t reg, uint32_t *value) must_check;
int machine_acpi_sleep(uint8_t state, uint16_t pm1a, uint16_t pm1b) must_check;

/* ---- asked for by pv/: tests/unit/pv/fixture.h defines it ---- */

size_t machine_xsave_size(void);
uint64_t machine_xcr0(void);
void machine_xsave_init(struct guest_cpu *g);
void machine_load_gdt(struct guest_cpu *g);
void machine_load_ldt(struct guest_cpu *g);
void machine_load_debug(struct guest_cpu *g);
void machine_load_cr3(struct guest_cpu *g);
int machine_load_selector(struct guest_cpu *g, unsigned which, uint16_t sel) must_check;
void machine_load_ts(struct guest_cpu *g);
void machine_load_xcr0(struct guest_cpu *g);
int machine_ldt_page(gva_t va) must_check;
void machine_load_bases(struct guest_cpu *g);
void machine_save_bases(struct guest_cpu *g);
void machine_set_fsgsbase(bool on);
void machine_toggle_mode(struct guest_cpu *g);
int machine_rdmsr(uint32_t msr, uint64_t *value) must_check;
int machine_wrmsr(uint32_t msr, uint64_t value) must_check;
uint32_t machine_in(uint16_t port, unsigned bytes);
void machine_out(uint16_t port, unsigned bytes, uint32_t value);
uint32_t machine_pci_read(uint16_t seg, uint8_t bus, uint8_t devfn, uint16_t reg, unsigned bytes);
void machine_pci_write(uint16_t seg, uint8_t bus, uint8_t devfn, uint16_t reg, unsigned bytes,
                       uint32_t value);

#endif
