/* SPDX-License-Identifier: MIT */
/*
 * Bringing one CPU to the state that the rest relies on: its window (descriptor tables, block with
 * TSS, per-CPU data and stacks), control registers, and the registers that name the entry points.
 * Also the beginning of C: machine_boot().
 */
#include "x86/cpu.h"
#include "lib/string.h"
#include "x86/apic.h"
#include "x86/recover.h"
#include "x86/upcall.h"

#define BOOT_PAGES 24 /* L1 table, reserved page, 8 of data, 12 of stacks; two to spare */

struct smap_site {
    uint64_t address, last_byte;
};
extern const struct smap_site smap_sites[], smap_sites_end[];
extern char percpu_start[], percpu_end[];
extern char syscall_stubs[], syscall32_stubs[], sysenter_entry[];

struct cpu_features cpu_has;
static struct {
    uint32_t magic, info;
} loader; /* for upcall_boot() */

static uint8_t zero_page[PAGE_SIZE] __attribute__((section(".bss.page"), aligned(4096)));

uint64_t cpu_zero_page(void)
{
    return machine_maddr(zero_page);
}

/* The sites hold three-byte no-ops; patched through the direct map, before other CPUs run. */
static void smap_patch(void)
{
    for (const struct smap_site *site = smap_sites; site < smap_sites_end; site++) {
        uint8_t *code = machine_map_maddr(machine_maddr((void *)site->address));

        code[0] = 0x0f;
        code[1] = 0x01;
        code[2] = (uint8_t)site->last_byte;
    }
}

static void cpu_features_init(void)
{
    uint32_t r[4];

    machine_cpuid(0, 0, r);
    if (r[0] >= 7) {
        machine_cpuid(7, 0, r);
        cpu_has.fsgsbase = r[1] & 1;
        cpu_has.smep = r[1] >> 7 & 1;
        cpu_has.smap = r[1] >> 20 & 1;
        cpu_has.tsc_aux = r[2] >> 22 & 1;
    }
    machine_cpuid(1, 0, r);
    cpu_has.sysenter = r[3] >> 11 & 1;
    machine_cpuid(0x80000001, 0, r);
    cpu_has.gigabyte_pages = r[3] >> 26 & 1;
    cpu_has.tsc_aux |= r[3] >> 27 & 1;
    if (cpu_has.smap)
        smap_patch();
}

/* ---- a CPU's own pages ----------------------------------------------------------------------- */

static void descriptor_system(uint64_t *slot, uint64_t type, uint64_t base, uint64_t limit)
{
    slot[1] = base >> 32;
    slot[0] = limit | (base & 0xffffff) << 16 | type << 40 | UINT64_C(0x80) << 40 |
              (base >> 24 & 0xff) << 56;
}

void cpu_set_ldt(struct machine_cpu *c, unsigned entries)
{
    uint64_t base = (uint64_t)window_virt(c->id) + WINDOW_LDT;

    descriptor_system(&c->reserved_page[(SEL_LDT & 0xfff) / 8], 2, base, entries * 8 - 1);
}

/* Accessed bits are set beforehand: the processor never writes to these descriptors. */
static void reserved_page_fill(struct machine_cpu *c)
{
    uint64_t *d = c->reserved_page;

    d[(SEL_CS & 0xfff) / 8] = 0x00af9b000000ffff;
    d[(SEL_DS & 0xfff) / 8] = 0x00cf93000000ffff;
    d[(SEL_USER32 & 0xfff) / 8] = 0x00cffb000000ffff;
    d[(SEL_USER_DS & 0xfff) / 8] = 0x00cff3000000ffff;
    d[(SEL_USER_CS & 0xfff) / 8] = 0x00affb000000ffff;
    descriptor_system(&d[(SEL_TSS & 0xfff) / 8], 9, (uint64_t)&c->tss, sizeof(c->tss) - 1);
}

struct machine_cpu *cpu_create(unsigned id, void *(*page)(void))
{
    uint64_t *l1 = window_create(id, page);
    struct machine_cpu *c = machine_cpu_of(id);
    char *block = (char *)c;

    c->id = id;
    c->window_l1 = l1;
    c->reserved_page = page();
    reserved_page_fill(c);
    for (unsigned i = 0; i < GDT_FRAMES_MAX; i++)
        pte_write(&l1[(WINDOW_GDT >> PAGE_SHIFT) + i], machine_maddr(zero_page) | PTE_RODATA);
    pte_write(&l1[(WINDOW_GDT >> PAGE_SHIFT) + GDT_FRAMES_MAX],
              machine_maddr(c->reserved_page) | PTE_DATA);
    c->tss.ist[IST_DB - 1] = (uint64_t)block + BLOCK_STACK_DB;
    c->tss.ist[IST_NMI - 1] = (uint64_t)block + BLOCK_STACK_NMI;
    c->tss.ist[IST_MC - 1] = (uint64_t)block + BLOCK_STACK_MC;
    c->tss.ist[IST_DF - 1] = (uint64_t)block + BLOCK_STACK_DF;
    c->tss.io_map = sizeof(c->tss); /* beyond the limit: every port traps */
    memcpy(block + BLOCK_PERCPU, percpu_start, (size_t)(percpu_end - percpu_start));
    return c;
}

/* ---- on the CPU itself ----------------------------------------------------------------------- */

static void descriptors_load(struct machine_cpu *c)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) gdtr = { (GDT_FRAMES_MAX + 1) * PAGE_SIZE - 1,
                                       (uint64_t)window_virt(c->id) + WINDOW_GDT };

    __asm__ volatile("lgdt %0\n\t"
                     "pushq %1\n\t"
                     "lea 1f(%%rip), %%rax\n\t"
                     "push %%rax\n\t"
                     "lretq\n"
                     "1:\tmov %2, %%ss\n\t"
                     "ltr %w3\n\t"
                     "lldt %w4"
                     ::"m"(gdtr), "i"(SEL_CS), "r"(SEL_DS), "r"(SEL_TSS), "r"(0)
                     : "rax", "memory");
    idt_load();
}

static void entry_points_load(unsigned id)
{
    msr_set(MSR_EFER, msr_get(MSR_EFER) | EFER_SCE | EFER_NXE);
    msr_set(MSR_STAR, (uint64_t)SEL_USER32 << 48 | (uint64_t)SEL_CS << 32);
    msr_set(MSR_LSTAR, (uint64_t)syscall_stubs + id * 32);
    msr_set(MSR_CSTAR, (uint64_t)syscall32_stubs + id * 32);
    /* NT above all: IRETQ with it set would end in a double fault. */
    msr_set(MSR_SFMASK, EFLAGS_TF | EFLAGS_IF | EFLAGS_DF | EFLAGS_IOPL | EFLAGS_NT | EFLAGS_RF |
                            EFLAGS_VM | EFLAGS_AC);
    if (cpu_has.sysenter) {
        msr_set(MSR_SYSENTER_CS, SEL_CS);
        msr_set(MSR_SYSENTER_EIP, (uint64_t)sysenter_entry);
    }
}

static void control_registers_load(void)
{
    uint64_t cr4 = CR4_DE | CR4_PAE | CR4_MCE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT;

    if (cpu_has.smep)
        cr4 |= CR4_SMEP;
    if (cpu_has.smap)
        cr4 |= CR4_SMAP;
    cr4_set(cr4);
    __asm__ volatile("mov %0, %%cr0" ::"r"((uint64_t)(CR0_PG | CR0_AM | CR0_WP | CR0_NE | CR0_ET |
                                                      CR0_MP | CR0_PE)));
    msr_set(MSR_PAT, 0x050100070406);
}

void cpu_enter(struct machine_cpu *c)
{
    cr3_set(machine_maddr(idle_l4));
    control_registers_load();
    descriptors_load(c);
    entry_points_load(c->id);
    if (cpu_has.tsc_aux)
        msr_set(MSR_TSC_AUX, 0);
    xsave_cpu_init();
}

/* ---- the beginning --------------------------------------------------------------------------- */

static void *boot_page(void)
{
    static uint8_t pages[BOOT_PAGES][PAGE_SIZE]
        __attribute__((section(".bss.page"), aligned(4096)));
    static unsigned used;

    return pages[used++];
}

static void boot_continue(void)
{
    upcall_boot(loader.magic, loader.info);
}

/* On the boot stack, with the tables of boot.S. */
void machine_boot(uint32_t magic, uint32_t info)
{
    struct machine_cpu *c;

    loader.magic = magic;
    loader.info = info;
    paging_init();
    cpu_features_init();
    idt_init();
    c = cpu_create(0, boot_page);
    cpu_enter(c);
    stack_call(boot_continue, (uint64_t)c + BLOCK_STACK_TOP);
}
