/* SPDX-License-Identifier: MIT */
/*
 * The whole state of a vCPU at once: after reset, and as VCPUOP_initialise and the toolstack give
 * it. Everything in a context is checked and every reference taken before anything changes, so a
 * refused one leaves the vCPU as it was.
 */
#include "lib/bits.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/update.h"
#include "pv/guest_cpu.h"
#include "pv/trap.h"
#include "sys/log.h"

#define CR0_TS           UINT64_C(8)
#define CR0_PE_PG        UINT64_C(0x80000001)
#define GDT_FRAME_ENTRIES 512
#define RFLAGS_IOPL(f)   (((f) >> 12) & 3)
#define XSAVE_LEGACY     512
#define XSTATE_X87_SSE   UINT64_C(3)
#define FXSAVE_MXCSR     24
#define MXCSR_DEFINED    0xffffu
#define CONTEXT_CR_KERNEL 3
#define CONTEXT_CR_USER   1
#define CR_USER_VALID     UINT64_C(1)

void guest_cpu_reset(struct vcpu *v)
{
    struct guest_cpu *g = &v->arch;
    static const struct guest_callback none;

    memset(&g->regs, 0, sizeof(g->regs));
    g->regs.rflags = rflags_fix(0);
    g->syscall_cb = g->syscall32_cb = g->sysenter_cb = none;
    g->event_cb = g->failsafe_cb = none;
    trap_reset(v);
    guest_set_kernel_stack(g, FLAT_KERNEL_SS, 0);
    g->in_kernel = true;
    iopl_set(v, 0);
    g->ds = g->es = g->fs = g->gs = 0;
    g->fs_base = g->gs_base_kernel = g->gs_base_user = 0;
    g->gdt_entries = g->ldt_entries = 0;
    g->ldt_base = 0;
    for (unsigned i = 0; i < ARRAY_SIZE(g->gdt_frames); i++)
        g->gdt_frames[i] = MFN_INVALID;
    for (unsigned i = 0; i < ARRAY_SIZE(g->ldt_frames); i++)
        g->ldt_frames[i] = MFN_INVALID;
    g->segments_bad = false;
    g->xcr0 = 1; /* x87, as after reset */
    machine_xsave_init(g);
    debugreg_reset(v);
    g->cr0_ts = 0;
    g->cr2 = 0;
    g->cr4 = cr4_fix(0);
    g->tsc_aux = 0;
    v->nmi_pending = false;
}

static bool addresses_ok(const struct vcpu_guest_context *c)
{
    for (unsigned i = 0; i < ARRAY_SIZE(c->trap_ctxt); i++)
        if (!is_canonical(c->trap_ctxt[i].address))
            return false;
    return is_canonical(c->user_regs.rip) && is_canonical(c->event_callback_eip) &&
           is_canonical(c->failsafe_callback_eip) && is_canonical(c->syscall_callback_eip) &&
           is_canonical(c->fs_base) && is_canonical(c->gs_base_kernel) &&
           is_canonical(c->gs_base_user);
}

static bool debug_ok(const struct vcpu_guest_context *c)
{
    for (unsigned i = 0; i < 4; i++)
        if (!debug_address_ok(c->debugreg[i]))
            return false;
    return c->debugreg[6] >> 32 == 0 && c->debugreg[7] >> 32 == 0;
}

/* Both roots, or neither. */
static int roots_get(struct vcpu *v, mfn_t kernel, mfn_t user)
{
    struct mm_account *acct = &v->domain->mm;
    int rc = pt_root_get(acct, kernel);

    if (rc != 0 || mfn_x(user) == 0)
        return rc;
    rc = pt_root_get(acct, user);
    if (rc != 0)
        root_put(v, kernel);
    return rc;
}

static void set_registers(struct guest_cpu *g, const struct vcpu_guest_context *c)
{
    const struct cpu_user_regs *u = &c->user_regs;

    memcpy(&g->regs, u, offsetof(struct cpu_user_regs, es));
    g->regs.entry_vector = 0;
    g->regs.error_code = 0;
    g->regs.saved_upcall_mask = 0;
    g->regs.cs = selector_fix(u->cs);
    g->regs.ss = selector_fix(u->ss);
    g->regs.rflags = rflags_fix(u->rflags);
    g->in_kernel = c->flags & VGCF_in_kernel;
    g->ds = u->ds;
    g->es = u->es;
    g->fs = u->fs;
    g->gs = u->gs;
    g->fs_base = c->fs_base;
    g->gs_base_kernel = c->gs_base_kernel;
    g->gs_base_user = c->gs_base_user;
    guest_set_kernel_stack(g, selector_fix((uint16_t)c->kernel_ss), c->kernel_sp);
}

static void set_callbacks(struct guest_cpu *g, const struct vcpu_guest_context *c)
{
    g->event_cb = (struct guest_callback){ c->event_callback_eip, true };
    g->failsafe_cb = (struct guest_callback){ c->failsafe_callback_eip,
                                              c->flags & VGCF_failsafe_disables_events };
    g->syscall_cb = (struct guest_callback){ c->syscall_callback_eip,
                                             c->flags & VGCF_syscall_disables_events };
}

/* The image is the legacy part of the save area; XRSTOR faults on reserved bits of MXCSR. */
static void set_fpu(struct guest_cpu *g, const struct vcpu_guest_context *c)
{
    uint8_t *area = g->xsave;
    uint64_t present;
    uint32_t mxcsr;

    machine_xsave_init(g);
    if (!(c->flags & VGCF_i387_valid) || machine_xsave_size() < XSAVE_LEGACY + 64)
        return;
    memcpy(area, c->fpu_ctxt.x, 416); /* what follows is the processor's or software's own */
    memcpy(&mxcsr, area + FXSAVE_MXCSR, sizeof(mxcsr));
    mxcsr &= MXCSR_DEFINED;
    memcpy(area + FXSAVE_MXCSR, &mxcsr, sizeof(mxcsr));
    memcpy(&present, area + XSAVE_LEGACY, sizeof(present));
    present |= XSTATE_X87_SSE;
    memcpy(area + XSAVE_LEGACY, &present, sizeof(present));
}

/* Values were checked; a DR7 with an I/O breakpoint that CR4 does not allow stays at reset. */
static void set_debug(struct vcpu *v, const struct vcpu_guest_context *c)
{
    debugreg_reset(v);
    for (unsigned i = 0; i < 8; i++)
        if (i != 4 && i != 5 && debugreg_set(v, i, c->debugreg[i]) != 0)
            continue;
}

void vcpu_get_context(const struct vcpu *v, struct vcpu_guest_context *c)
{
    const struct guest_cpu *g = &v->arch;
    struct cpu_user_regs *u = &c->user_regs;

    memset(c, 0, sizeof(*c));
    c->flags = VGCF_i387_valid | (g->in_kernel ? VGCF_in_kernel : 0) |
               (vcpu_is_down(v) ? 0 : VGCF_online) |
               (g->failsafe_cb.mask_events ? VGCF_failsafe_disables_events : 0) |
               (g->syscall_cb.mask_events ? VGCF_syscall_disables_events : 0);
    memcpy(u, &g->regs, offsetof(struct cpu_user_regs, es));
    u->entry_vector = 0;
    u->rflags |= (uint64_t)g->iopl << 12;
    u->ds = g->ds;
    u->es = g->es;
    u->fs = g->fs;
    u->gs = g->gs;
    c->fs_base = g->fs_base;
    c->gs_base_kernel = g->gs_base_kernel;
    c->gs_base_user = g->gs_base_user;
    memcpy(c->fpu_ctxt.x, g->xsave, sizeof(c->fpu_ctxt.x));
    memcpy(c->trap_ctxt, g->traps, sizeof(c->trap_ctxt));
    c->ldt_base = g->ldt_base;
    c->ldt_ents = g->ldt_entries;
    c->gdt_ents = g->gdt_entries;
    for (unsigned i = 0; i < DIV_ROUND_UP(g->gdt_entries, GDT_FRAME_ENTRIES); i++)
        c->gdt_frames[i] = mfn_x(g->gdt_frames[i]);
    c->kernel_ss = g->kernel_ss;
    c->kernel_sp = g->kernel_rsp;
    c->ctrlreg[0] = CR0_PE_PG | g->cr0_ts;
    c->ctrlreg[CONTEXT_CR_KERNEL] = xen_pfn_to_cr3(g->cr3_kernel >> PAGE_SHIFT);
    if (g->cr3_user)
        c->ctrlreg[CONTEXT_CR_USER] = xen_pfn_to_cr3(g->cr3_user >> PAGE_SHIFT) | CR_USER_VALID;
    c->ctrlreg[2] = g->cr2;
    c->ctrlreg[4] = g->cr4;
    memcpy(c->debugreg, g->dr, sizeof(g->dr));
    c->debugreg[6] = g->dr6;
    c->debugreg[7] = g->dr7 | g->dr7_io;
    c->event_callback_eip = g->event_cb.rip;
    c->failsafe_callback_eip = g->failsafe_cb.rip;
    c->syscall_callback_eip = g->syscall_cb.rip;
    c->vm_assist = v->domain->vm_assist;
}

int vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *c)
{
    struct guest_cpu *g = &v->arch;
    bool has_user = c->ctrlreg[CONTEXT_CR_USER] & CR_USER_VALID;
    mfn_t kernel = _mfn(xen_cr3_to_pfn(c->ctrlreg[CONTEXT_CR_KERNEL]));
    mfn_t user = _mfn(has_user ? xen_cr3_to_pfn(c->ctrlreg[CONTEXT_CR_USER]) : 0);
    int rc;

    if (!addresses_ok(c) || !debug_ok(c) || !ldt_ok(c->ldt_base, c->ldt_ents) ||
        c->gdt_ents > FIRST_RESERVED_GDT_ENTRY || (c->vm_assist & ~(uint64_t)VM_ASSIST_KNOWN) ||
        (!(c->flags & VGCF_in_kernel) && mfn_x(user) == 0))
        return -EINVAL;
    rc = roots_get(v, kernel, user);
    if (rc != 0)
        return rc;
    rc = gdt_set(v, c->gdt_frames, (unsigned)c->gdt_ents);
    if (rc != 0) {
        root_put(v, kernel);
        root_put(v, user);
        return rc;
    }
    rc = ldt_set(v, c->ldt_base, (unsigned)c->ldt_ents);
    BUG_ON(rc); /* it was checked */
    root_drop(v);
    g->cr3_kernel = mfn_to_maddr(kernel);
    g->cr3_user = mfn_to_maddr(user);
    set_registers(g, c);
    set_callbacks(g, c);
    set_fpu(g, c);
    g->cr0_ts = c->ctrlreg[0] & CR0_TS;
    g->cr4 = cr4_fix(c->ctrlreg[4]);
    set_debug(v, c);
    for (unsigned i = 0; i < ARRAY_SIZE(c->trap_ctxt); i++) {
        g->traps[i] = c->trap_ctxt[i];
        g->traps[i].vector = (uint8_t)i;
    }
    if (v->id == 0)
        atomic_or(&v->domain->vm_assist, (uint32_t)c->vm_assist);
    iopl_set(v, RFLAGS_IOPL(c->user_regs.rflags));
    v->initialised = true;
    return 0;
}
