/* SPDX-License-Identifier: MIT */
/*
 * One CPU as x86/ keeps it: struct machine_cpu at the base of the CPU's block, and what the files
 * of this folder offer each other about it.
 */
#ifndef LAMINA_X86_CPU_H
#define LAMINA_X86_CPU_H

#include "lib/limits.h"
#include "x86/layout.h"
#include "x86/machine.h"
#include "x86/regs.h"

struct tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3, io_map;
} __attribute__((packed));

struct machine_cpu {
    /* --- set once --- */
    unsigned id;
    uint32_t apic_id;
    uint64_t *window_l1;       /* L1 table of the CPU's window */
    uint64_t *reserved_page;   /* descriptors at selector 0xe000 and up */

    /* --- this CPU only --- */
    struct guest_cpu *loaded;  /* vCPU whose state the processor holds, or NULL */
    unsigned gdt_pages;        /* guest pages in the GDT window */
    unsigned ldt_pages;        /* bit per guest page in the LDT window */
    bool debug_armed;          /* DR7 is not 0 */
    uint64_t xcr0;             /* what the register holds */
    struct tss tss __attribute__((aligned(16)));
};

static inline struct machine_cpu *this_machine_cpu(void)
{
    return (struct machine_cpu *)((char *)machine_this_cpu_block() - BLOCK_PERCPU);
}
static inline struct machine_cpu *machine_cpu_of(unsigned cpu)
{
    return (struct machine_cpu *)((char *)machine_cpu_block(cpu) - BLOCK_PERCPU);
}

/* Per-CPU words that the SYSCALL stubs reach relative to RIP; entry.S. */
struct cpu_entry {
    uint64_t scratch_rsp;
    uint64_t regs_end; /* end of the loaded vCPU's regs */
    uint64_t pad[6];
};
extern struct cpu_entry cpu_entry[CPUS_MAX];

/* paging.c */
extern uint64_t idle_l4[512], boot_l4[512];
void paging_init(void);                      /* W^X for the image, the CPU windows' tables */
void *window_virt(unsigned cpu);
/* Give a CPU its window: tables and pages from `page()`, zeroed. */
uint64_t *window_create(unsigned cpu, void *(*page)(void));
void pte_write(uint64_t *slot, uint64_t value);

/* cpu.c */
struct cpu_features {
    bool smep, smap, gigabyte_pages, tsc_aux, fsgsbase, sysenter;
};
extern struct cpu_features cpu_has;          /* set by the boot CPU, the same for all */
struct machine_cpu *cpu_create(unsigned cpu, void *(*page)(void));
void cpu_enter(struct machine_cpu *cpu);     /* on the CPU itself: descriptors, MSRs, CR0, CR4 */
uint64_t cpu_zero_page(void);                /* machine address of a page of zeroes */
void cpu_set_ldt(struct machine_cpu *cpu, unsigned entries); /* the LDT descriptor */
void machine_boot(uint32_t magic, uint32_t info) noreturn; /* from boot.S */

/* descriptor.c */
void descriptors_unload(struct machine_cpu *cpu);

/* xsave.c */
void xsave_cpu_init(void);
void xsave_load(struct guest_cpu *g);
void xsave_save(struct guest_cpu *g);

/* tlb.c */
void flush_serve(void);                      /* answer another CPU's request, if any */

/* idt.c, interrupt.c */
void idt_init(void);
void idt_load(void);
void interrupt_dispatch(uint32_t vector);

/* entry.c: what assembly calls */
void trap_in_hypervisor(struct guest_regs *frame); /* any vector, from ring 0 */
void ist_trap(struct guest_cpu *g);                /* #DB, NMI, #MC from ring 3 */
void iretq_failed(struct guest_cpu *g);            /* an exception on the way to ring 3 */
void syscall32_bounce(struct guest_cpu *g);
void sysenter_bounce(struct guest_cpu *g);

/* guest_state.c */
void selectors_save(struct guest_cpu *g);

/* exception.S: leave for ring 3 with the stack at `stack`; call `function` on it. */
void guest_exit_path(struct guest_cpu *g, uint64_t stack) noreturn;
void stack_call(void (*function)(void), uint64_t stack) noreturn;

#endif
