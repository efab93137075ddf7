/* SPDX-License-Identifier: MIT */
/*
 * The machine: all that the layers above may ask of x86/. tests/host/x86/machine.h replaces this
 * header when lib/, mm/ and core/ are compiled for the host.
 *
 * The hypervisor runs with interrupts off from entry to exit: it is never interrupted but by NMI,
 * #MC and #DB. Long work calls preempt_pending() (sys/percpu.h), which opens a window. A CPU that
 * spins (lock, flush acknowledgement) calls machine_relax(), which serves TLB flush requests of
 * others: so a flush may be asked for with locks held.
 */
#ifndef LAMINA_X86_MACHINE_H
#define LAMINA_X86_MACHINE_H

#include "lib/types.h"
#include "x86/guest.h"
#include "x86/layout.h"

/* ---- boot order, called once each by boot/main.c in this order ------------------------------- */

void machine_console_init(uint16_t port, unsigned baud); /* 16550 at `port`; 0: none */
/* The image with its bss, never to be given away. */
void machine_image_extent(maddr_t *start, maddr_t *end);
/* Map all RAM below `ram_end` into the direct map; `take(nr)` gives zeroed frames for tables. */
void machine_memory_init(maddr_t ram_end, mfn_t (*take)(uint64_t nr));
void machine_acpi_init(maddr_t rsdp_hint);   /* RSDP from the loader, or 0: search */
void machine_clock_init(void);               /* calibrates the TSC */
void machine_interrupts_init(void);          /* PIC off, LAPIC, IO-APICs masked */
/*
 * Bring up other CPUs, at most max in all; heap(bytes) gives zeroed, page-aligned memory in the
 * direct map. low_page: a page of RAM below 1 MiB (0x8000..0x9f000) to start them from; its content
 * is kept. 0: only this CPU.
 */
void machine_cpus_init(unsigned max, maddr_t low_page, void *(*heap)(size_t bytes));

/* ---- memory ---------------------------------------------------------------------------------- */

#define HYPERVISOR_START UINT64_C(0xffff800000000000) /* first byte a guest may not map */
#define HYPERVISOR_END   UINT64_C(0xffff880000000000) /* first byte above the hole */
#define M2P_GUEST_VIRT   HYPERVISOR_START             /* guest-readable M2P, 256 GiB */

/* Hypervisor address of a machine frame or address: the direct map, always present for RAM. */
static inline void *machine_map_maddr(maddr_t addr)
{
    return (void *)(DIRECT_VIRT + addr);
}
static inline void *machine_map(mfn_t mfn)
{
    return machine_map_maddr(mfn_to_maddr(mfn));
}
/* Machine address of an object in the direct map or in the hypervisor image. */
maddr_t machine_maddr(const void *p);
/* Map device registers (uncached), `bytes` long; boot and device set-up only; NULL: no room. */
void *machine_map_device(maddr_t addr, size_t bytes) must_check;
/* Extend the hypervisor's own tables: back `virt` with nr frames from `first` on (boot). */
void machine_map_frames(void *virt, mfn_t first, uint64_t nr, bool writable);
/* Map the M2P table (hypervisor view `table`) read-only for guests at M2P_GUEST_VIRT. */
void machine_map_m2p(mfn_t first, uint64_t nr_frames);
/* Write the hypervisor's 16 L4 slots (256..271) into a guest L4 at `l4`. */
void machine_l4_install(uint64_t *l4);
/* Highest machine address bits the processor supports. */
unsigned machine_maddr_bits(void);

/*
 * Copies between hypervisor and guest virtual memory in the current address space. Range checks are
 * the caller's (mm/guest.h). Return the number of bytes NOT copied: 0 on success.
 */
size_t machine_copy_from_guest(void *dst, gva_t src, size_t bytes) must_check;
size_t machine_copy_to_guest(gva_t dst, const void *src, size_t bytes) must_check;
size_t machine_clear_guest(gva_t dst, size_t bytes) must_check;
/* Fill and copy whole frames in the direct map. */
void machine_clear_frame(mfn_t mfn);
void machine_copy_frame(mfn_t dst, mfn_t src);

/* ---- TLB ------------------------------------------------------------------------------------- */

void machine_flush_local(void);              /* all non-global entries of this CPU */
void machine_flush_page_local(gva_t va);
/* Flush on every CPU of `cpus` (bit per CPU, may hold this one) and wait until all have. */
void machine_flush_cpus(uint64_t cpus);
void machine_flush_page_cpus(uint64_t cpus, gva_t va);
void machine_flush_caches(void);             /* WBINVD */
void machine_flush_caches_all(void);         /* ... on every CPU; waits until all have */

/* ---- CPUs ------------------------------------------------------------------------------------ */

unsigned machine_cpu_id(void);               /* 0..machine_nr_cpus()-1, dense */
unsigned machine_nr_cpus(void);              /* CPUs that are up */
uint32_t machine_apic_id(unsigned cpu);
void *machine_cpu_block(unsigned cpu);       /* base of a CPU's per-CPU copy; see sys/percpu.h */
/* This CPU's: every stack of a CPU lies in its block of MACHINE_BLOCK_SIZE bytes. */
#define MACHINE_BLOCK_SIZE UINT64_C(0x20000)
#define MACHINE_BLOCK_DATA 0x1000 /* per-CPU variables start here in the block */
static inline void *machine_this_cpu_block(void)
{
    uint64_t sp;

    __asm__("mov %%rsp, %0" : "=r"(sp));
    return (char *)(sp & ~(MACHINE_BLOCK_SIZE - 1)) + MACHINE_BLOCK_DATA;
}
/* Wake `cpu` from idle or bring it to its exit path; upcall_kick() runs there. */
void machine_kick_cpu(unsigned cpu);
void machine_relax(void);                    /* in every spin loop */
void machine_interrupt_window(void);         /* let pending interrupts run, then off again */
void machine_idle(void);                     /* halt until an interrupt has been handled */
/* Stop all other CPUs for good (panic, reboot). */
void machine_stop_others(void);

/* ---- guest state ----------------------------------------------------------------------------- */

size_t machine_xsave_size(void);             /* bytes of guest_cpu.xsave */
uint64_t machine_xcr0(void);                 /* bits a guest may enable */
void machine_xsave_init(struct guest_cpu *g); /* the state after reset */
/* Put a vCPU's whole state on this CPU / store what only the CPU holds. */
void machine_guest_load(struct guest_cpu *g);
void machine_guest_save(struct guest_cpu *g);
/* No vCPU on this CPU: run on the hypervisor's own page tables. */
void machine_guest_none(void);
/* Leave for ring 3 through the exit path, on a fresh CPU stack. */
void machine_resume(struct guest_cpu *g) noreturn;
/* Run `loop` on a fresh CPU stack with no vCPU loaded. */
void machine_run(void (*loop)(void)) noreturn;
/* Reload one aspect of the vCPU loaded on this CPU, after g changed. */
void machine_load_gdt(struct guest_cpu *g);
void machine_load_ldt(struct guest_cpu *g);
void machine_load_debug(struct guest_cpu *g);
void machine_load_cr3(struct guest_cpu *g);  /* cr3_kernel or cr3_user, by in_kernel */
/* which: 0 ds, 1 es, 2 fs, 3 gs. -EFAULT: refused, it is null now. */
int machine_load_selector(struct guest_cpu *g, unsigned which, uint16_t sel) must_check;
void machine_load_ts(struct guest_cpu *g);   /* real CR0.TS = g->cr0_ts */
void machine_load_xcr0(struct guest_cpu *g); /* real XCR0 = g->xcr0, a valid subset of the host's */
/* Which 4 KiB page of this CPU's LDT window `va` lies in; -1: in none. */
int machine_ldt_page(gva_t va) must_check;
void machine_load_bases(struct guest_cpu *g);
void machine_save_bases(struct guest_cpu *g); /* wrfsbase/wrgsbase may have changed them */
void machine_set_fsgsbase(bool on);          /* real CR4.FSGSBASE follows the guest's choice */
/* Toggle between guest kernel and guest user: flips in_kernel, CR3 and GS bases. */
void machine_toggle_mode(struct guest_cpu *g);
/* Is the base canonical? */
static inline bool is_canonical(uint64_t va)
{
    return (uint64_t)((int64_t)(va << 16) >> 16) == va;
}

/* ---- instructions with a result -------------------------------------------------------------- */

int machine_rdmsr(uint32_t msr, uint64_t *value) must_check;  /* -EFAULT when it faults */
int machine_wrmsr(uint32_t msr, uint64_t value) must_check;
void machine_cpuid(uint32_t leaf, uint32_t sub, uint32_t out[4]); /* eax ebx ecx edx */
uint32_t machine_in(uint16_t port, unsigned bytes);
void machine_out(uint16_t port, unsigned bytes, uint32_t value);

/* ---- time ------------------------------------------------------------------------------------ */

uint64_t machine_tsc(void);
uint64_t machine_tsc_khz(void);
uint64_t machine_now_ns(void);               /* since boot; monotonic on all CPUs */
/* now = base_ns + ((tsc - base_tsc) << shift or >> -shift) * mul >> 32: what guests are told */
struct machine_clock {
    uint64_t base_tsc, base_ns;
    uint32_t mul;
    int8_t shift;
    bool stable; /* invariant TSC, synchronised */
};
void machine_clock_read(struct machine_clock *out);
/*
 * upcall_deadline() once on this CPU at `ns`, at once if that is past; UINT64_MAX: never. It may
 * come early (the hardware's count is limited): whoever is not due then asks again.
 */
void machine_set_deadline(uint64_t ns);
uint64_t machine_wallclock_s(void);          /* CMOS clock, seconds since 1970, at boot */

/* ---- interrupts ------------------------------------------------------------------------------ */

/* Interrupt inputs of the IO-APICs, by global system interrupt number. */
unsigned machine_nr_gsis(void);
/* Bind `vector` to the input, edge or level, high or low, masked, to `cpu`. 0, -EINVAL: no such. */
int machine_gsi_route(unsigned gsi, uint8_t vector, bool level, bool low, unsigned cpu) must_check;
void machine_gsi_mask(unsigned gsi);
void machine_gsi_unmask(unsigned gsi);
bool machine_gsi_reserved(unsigned gsi);     /* the hypervisor's own (console): leave it alone */
/* A register of the I/O APIC at `apic_base`; 0, or -EINVAL: no such controller or register. */
int machine_ioapic_read(maddr_t apic_base, uint32_t reg, uint32_t *value) must_check;
/* A vector in the device range for `cpu`s; -ENOSPC. */
int machine_vector_alloc(void) must_check;
void machine_vector_free(uint8_t vector);

/* One MSI or MSI-X message of a PCI function. */
struct machine_msi {
    uint16_t seg;
    uint8_t bus, devfn;
    uint16_t entry;       /* MSI-X table entry */
    uint64_t table_base;  /* BAR address of the MSI-X table, 0 for MSI */
    uint16_t nr;          /* vectors, MSI only; 1 */
    bool is_msix;
    uint16_t cap;         /* configuration offset of the capability; filled in */
    volatile uint32_t *slot; /* MSI-X table entry, mapped; filled in */
};
/*
 * Program the message; called again, it moves to another vector or CPU. 0, -EINVAL (no such entry,
 * table, vector or CPU), -ENODEV (no such capability), -EOPNOTSUPP (nr above 1), -ENOMEM. It starts
 * masked, or not enabled where it cannot be masked: machine_msi_mask(msi, false) lets it come.
 */
int machine_msi_setup(struct machine_msi *msi, uint8_t vector, unsigned cpu) must_check;
void machine_msi_mask(struct machine_msi *msi, bool masked);
void machine_msi_teardown(struct machine_msi *msi);
/* PCI configuration, type 1 or MMCFG, under one lock: 1, 2 or 4 bytes. */
uint32_t machine_pci_read(uint16_t seg, uint8_t bus, uint8_t devfn, uint16_t reg, unsigned bytes);
void machine_pci_write(uint16_t seg, uint8_t bus, uint8_t devfn, uint16_t reg, unsigned bytes,
                       uint32_t value);

/* ---- console and end ------------------------------------------------------------------------- */

void machine_console_write(const char *s, size_t n); /* may wait for the UART */
void machine_reboot(void) noreturn;
void machine_poweroff(void) noreturn;        /* best effort; halts when nothing works */
void machine_halt(void) noreturn;
/* Enter an ACPI sleep state with values from dom0's AML: writes PM1a/PM1b control. */
int machine_acpi_sleep(uint8_t state, uint16_t pm1a, uint16_t pm1b) must_check;
maddr_t machine_acpi_rsdp(void);             /* 0: none */
/* The hypervisor's own device ranges, not to be given to dom0: */
bool machine_port_is_ours(uint16_t port);
bool machine_frame_is_ours(mfn_t mfn);       /* LAPIC, IO-APICs, HPET */

#endif
