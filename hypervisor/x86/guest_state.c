/* SPDX-License-Identifier: MIT */
/*
 * Switching a CPU from one vCPU to another: everything of a guest that lives in the processor and
 * not in guest_cpu.regs. Page tables, FPU, selectors and bases, debug registers, control registers;
 * descriptor tables are in descriptor.c. While no vCPU is loaded the CPU runs on idle_l4.
 */
#include "public/errno.h"
#include "x86/cpu.h"
#include "x86/recover.h"

#define DR7_ENABLES UINT64_C(0xff)
#define DR7_RESET   UINT64_C(0x400)

/* ---- page tables and mode -------------------------------------------------------------------- */

static uint64_t guest_cr3(const struct guest_cpu *g)
{
    return g->in_kernel ? g->cr3_kernel : g->cr3_user;
}

void machine_load_cr3(struct guest_cpu *g)
{
    cr3_set(guest_cr3(g));
}

void machine_toggle_mode(struct guest_cpu *g)
{
    g->in_kernel = !g->in_kernel;
    __asm__ volatile("swapgs" ::: "memory");
    machine_load_cr3(g);
}

void machine_load_ts(struct guest_cpu *g)
{
    uint64_t cr0;

    __asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
    if ((cr0 & CR0_TS) != g->cr0_ts)
        __asm__ volatile("mov %0, %%cr0" ::"r"((cr0 & ~(uint64_t)CR0_TS) | g->cr0_ts));
}

void machine_set_fsgsbase(bool on)
{
    uint64_t cr4 = cr4_get();

    if (!cpu_has.fsgsbase || !!(cr4 & CR4_FSGSBASE) == on)
        return;
    cr4_set(cr4 ^ CR4_FSGSBASE);
}

/* ---- selectors and bases --------------------------------------------------------------------- */

/* A base that is not canonical cannot have been accepted; never fault on it all the same. */
static void base_set(uint32_t msr, uint64_t base)
{
    msr_set(msr, is_canonical(base) ? base : 0);
}

void machine_load_bases(struct guest_cpu *g)
{
    base_set(MSR_FS_BASE, g->fs_base);
    base_set(MSR_GS_BASE, g->in_kernel ? g->gs_base_kernel : g->gs_base_user);
    base_set(MSR_KERNEL_GS_BASE, g->in_kernel ? g->gs_base_user : g->gs_base_kernel);
}

void machine_save_bases(struct guest_cpu *g)
{
    uint64_t active = msr_get(MSR_GS_BASE), other = msr_get(MSR_KERNEL_GS_BASE);

    g->fs_base = msr_get(MSR_FS_BASE);
    g->gs_base_kernel = g->in_kernel ? active : other;
    g->gs_base_user = g->in_kernel ? other : active;
}

/* The GS selector belongs to user mode: its base goes where user mode will find it. */
static bool user_gs_load(const struct guest_cpu *g, uint16_t selector)
{
    bool loaded;

    if (g->in_kernel)
        __asm__ volatile("swapgs" ::: "memory");
    loaded = gs_try_set(selector);
    if (g->in_kernel)
        __asm__ volatile("swapgs" ::: "memory");
    return loaded;
}

static bool selector_load(const struct guest_cpu *g, unsigned which, uint16_t sel)
{
    switch (which) {
    case 0:
        return ds_try_set(sel);
    case 1:
        return es_try_set(sel);
    case 2:
        return fs_try_set(sel);
    default:
        return user_gs_load(g, sel);
    }
}

int machine_load_selector(struct guest_cpu *g, unsigned which, uint16_t sel)
{
    uint16_t *const place[] = { &g->ds, &g->es, &g->fs, &g->gs };
    bool loaded = selector_load(g, which, sel);

    *place[which] = loaded ? sel : 0;
    return loaded ? 0 : -XEN_EFAULT;
}

void selectors_save(struct guest_cpu *g)
{
    __asm__ volatile("mov %%ds, %0" : "=m"(g->ds));
    __asm__ volatile("mov %%es, %0" : "=m"(g->es));
    __asm__ volatile("mov %%fs, %0" : "=m"(g->fs));
    __asm__ volatile("mov %%gs, %0" : "=m"(g->gs));
}

/* Selectors first: they overwrite bases. The last guest's are replaced even by null ones. */
static void segments_load(struct guest_cpu *g)
{
    const uint16_t wanted[] = { g->ds, g->es, g->fs, g->gs };

    for (unsigned i = 0; i < ARRAY_SIZE(wanted); i++)
        if (!selector_load(g, i, wanted[i]))
            g->segments_bad = true; /* g keeps what was wanted: the failsafe frame shows it */
    machine_load_bases(g);
}

/* ---- debug registers ------------------------------------------------------------------------- */

static void debug_disarm(struct machine_cpu *cpu)
{
    if (!cpu->debug_armed)
        return;
    __asm__ volatile("mov %0, %%dr7" ::"r"(DR7_RESET));
    cpu->debug_armed = false;
}

void machine_load_debug(struct guest_cpu *g)
{
    struct machine_cpu *cpu = this_machine_cpu();

    debug_disarm(cpu);
    if (!(g->dr7 & DR7_ENABLES))
        return;
    __asm__ volatile("mov %0, %%dr0" ::"r"(g->dr[0]));
    __asm__ volatile("mov %0, %%dr1" ::"r"(g->dr[1]));
    __asm__ volatile("mov %0, %%dr2" ::"r"(g->dr[2]));
    __asm__ volatile("mov %0, %%dr3" ::"r"(g->dr[3]));
    __asm__ volatile("mov %0, %%dr7" ::"r"(g->dr7));
    cpu->debug_armed = true;
}

/* ---- all of it ------------------------------------------------------------------------------- */

void machine_guest_load(struct guest_cpu *g)
{
    struct machine_cpu *cpu = this_machine_cpu();

    cpu->loaded = g;
    g->cpu_stack = (uint64_t)cpu + BLOCK_STACK_TOP;
    guest_set_kernel_stack(g, g->kernel_ss, g->kernel_rsp);
    cpu->tss.rsp[0] = (uint64_t)(&g->regs + 1);
    cpu_entry[cpu->id].regs_end = cpu->tss.rsp[0];
    if (cpu_has.sysenter)
        msr_set(MSR_SYSENTER_ESP, cpu->tss.rsp[0]);
    if (cr3_get() != guest_cr3(g))
        machine_load_cr3(g);
    machine_load_gdt(g);
    machine_load_ldt(g);
    segments_load(g);
    machine_load_debug(g);
    machine_set_fsgsbase(g->cr4 & CR4_FSGSBASE);
    xsave_load(g);
    machine_load_ts(g);
    if (cpu_has.tsc_aux)
        msr_set(MSR_TSC_AUX, g->tsc_aux & 0xffffffff);
}

void machine_guest_save(struct guest_cpu *g)
{
    selectors_save(g);
    machine_save_bases(g);
    xsave_save(g);
}

/* The last guest's selectors and registers stay until the next one's replace them: there is no way
 * to ring 3 without machine_guest_load(). */
void machine_guest_none(void)
{
    struct machine_cpu *cpu = this_machine_cpu();

    cpu->loaded = NULL;
    cpu->tss.rsp[0] = 0;
    cpu_entry[cpu->id].regs_end = 0;
    cr3_set(machine_maddr(idle_l4));
    debug_disarm(cpu);
    descriptors_unload(cpu);
}

void machine_resume(struct guest_cpu *g)
{
    guest_exit_path(g, g->cpu_stack);
}

void machine_run(void (*loop)(void))
{
    stack_call(loop, (uint64_t)this_machine_cpu() + BLOCK_STACK_TOP);
}
