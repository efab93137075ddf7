/* SPDX-License-Identifier: MIT */
/*
 * What a vCPU in ring 3 does next: mostly a hypercall; also what it may do with its memory at any
 * time, faults that the hypervisor emulates, and what reaches its CPU from outside.
 */
#include "fuzz.h"

#include <string.h>

#include "core/grant_table.h"
#include "core/sched.h"
#include "lib/errno.h"
#include "mm/page.h"
#include "x86/upcall.h"

#define CODE_VA (ARGS_VA + ARGS_BYTES - 64)
#define STACK_VA (CODE_VA - 512)
#define CALL_RIP UINT64_C(0x402) /* behind a SYSCALL; two less: it is to be executed again */

/* ---- memory ---------------------------------------------------------------------------------- */

static void word_write(void *p, uint64_t value)
{
    uint64_t *word = (uint64_t *)((uintptr_t)p & ~UINT64_C(7));

    __atomic_store_n(word, value, __ATOMIC_RELAXED);
}

static void memory_touch(unsigned cpu, const struct domain *d)
{
    bool write = chance(2);
    void *p = sim_access(cpu, (gva_t)(chance(8) ? 512 + pick(4) : pick(24)) << PAGE_SHIFT |
                                  pick(32) * 8, write);

    if (p && write && !chance(4))
        word_write(p, value_entry(d));
}

/* A page of its own that it may write, however it mapped it before, and while it may. */
static void memory_prepare(const struct domain *d)
{
    mfn_t mfn = value_frame(d);
    const struct page *page = page_of(mfn);

    if (sim_parallel)
        return;
    if (mfn_valid(mfn) && page->owner == d->id && page->type_refs == 0)
        word_write((char *)machine_map(mfn) + pick(32) * 8, chance(4) ? 0 : value_entry(d));
}

static void grant_write(const struct domain *d)
{
    struct grant_entry_v1 *entry = grant_entry(d, pick(16));
    static const uint16_t flags[] = { GTF_permit_access, GTF_permit_access,
                                      GTF_permit_access | GTF_readonly, 0, GTF_accept_transfer };

    entry->domid = (domid_t)(chance(16) ? value_domid() : pick(SIM_DOMAINS));
    entry->frame = (uint32_t)mfn_x(value_frame(d));
    entry->flags = chance(16) ? (uint16_t)pick_word() : flags[pick(ARRAY_SIZE(flags))];
}

static void events_write(const struct domain *d, struct vcpu *v)
{
    struct vcpu_info *info = v->arch.info;

    info->evtchn_upcall_mask = (uint8_t)(chance(8) ? pick(256) : pick(2));
    info->evtchn_upcall_pending = (uint8_t)(chance(8) ? pick(256) : pick(2));
    d->shared->evtchn_mask[0] = pick_word();
    if (chance(4))
        d->shared->evtchn_pending[0] = pick_word();
}

/* ---- into the hypervisor --------------------------------------------------------------------- */

/* SYSCALL; from user mode the kernel's entry would be bounced to, and call from there. */
static void do_call(struct vcpu *v, void *arg)
{
    const struct call *call = arg;
    struct guest_regs *r = &v->arch.regs;

    if (!v->arch.in_kernel && v->arch.cr3_kernel)
        machine_toggle_mode(&v->arch);
    if (call) {
        r->rax = call->number;
        r->rdi = call->arg[0];
        r->rsi = call->arg[1];
        r->rdx = call->arg[2];
        r->r10 = call->arg[3];
        r->r8 = call->arg[4];
        r->r9 = call->arg[5];
    }
    r->rip = CALL_RIP;
    r->entry_vector = ENTRY_SYSCALL;
    run_calls++;
    if (run_note && call)
        run_note(call, NULL);
    upcall_hypercall(&v->arch);
    if (run_note && call)
        run_note(call, v);
}

struct fault {
    uint8_t vector;
    uint32_t error;
    gva_t cr2;
    uint8_t code[16];
    uint64_t reg[5];
};

static void do_fault(struct vcpu *v, void *arg)
{
    const struct fault *f = arg;
    struct guest_regs *r = &v->arch.regs;

    r->rip = CODE_VA;
    r->entry_vector = f->vector;
    r->error_code = f->error;
    r->rax = f->reg[0];
    r->rbx = f->cr2;
    r->rcx = f->reg[1];
    r->rdx = f->reg[2];
    if (f->vector == 14)
        upcall_page_fault(&v->arch, f->cr2);
    else
        upcall_exception(&v->arch);
}

static void do_interrupt(struct vcpu *v, void *arg)
{
    uintptr_t vector = (uintptr_t)arg;

    (void)v;
    if (vector)
        upcall_interrupt((uint8_t)vector);
    else
        upcall_console_input('a');
}

static void code_put(unsigned cpu, const uint8_t *code, size_t bytes)
{
    memcpy(sim.cpu[cpu].args + (CODE_VA - ARGS_VA), code, bytes);
}

/* A write to one of its tables, which are mapped read-only at known pages. */
static void table_write_fault(unsigned cpu, const struct domain *d)
{
    static const uint8_t code[][8] = {
        { 0x48, 0x89, 0x03 },                   /* mov %rax, (%rbx) */
        { 0x89, 0x03 },                         /* mov %eax, (%rbx) */
        { 0x88, 0x03 },                         /* mov %al, (%rbx) */
        { 0xf0, 0x48, 0x0f, 0xb1, 0x0b },       /* lock cmpxchg %rcx, (%rbx) */
        { 0x48, 0x87, 0x03 },                   /* xchg %rax, (%rbx) */
        { 0xf0, 0x48, 0x0f, 0xba, 0x2b, 0x01 }, /* lock btsq $1, (%rbx) */
        { 0x48, 0x09, 0x03 },                   /* or %rax, (%rbx) */
        { 0x48, 0xc7, 0x03, 0, 0, 0, 0 },       /* movq $0, (%rbx) */
    };
    static struct fault f[SIM_CPUS];

    f[cpu] = (struct fault){ .vector = 14, .error = chance(8) ? pick(32) : 7 };
    f[cpu].cr2 = chance(8) ? value_va()
                           : (gva_t)(WORLD_DATA + pick(WORLD_TABLES)) << PAGE_SHIFT |
                                 pick(24) * 8 | (chance(8) ? pick(8) : 0);
    f[cpu].reg[0] = value_entry(d);
    f[cpu].reg[1] = value_entry(d);
    code_put(cpu, code[pick(ARRAY_SIZE(code))], sizeof(code[0]));
    sim_step(cpu, do_fault, &f[cpu]);
}

/* An instruction that is refused in ring 3, or any bytes; or an exception of any kind. */
static void privileged_fault(unsigned cpu, const struct domain *d)
{
    static const uint8_t code[][4] = {
        { 0xf4 }, { 0xfa }, { 0xfb }, { 0x0f, 0x20, 0xd8 }, { 0x0f, 0x22, 0xd8 },
        { 0x0f, 0x32 }, { 0x0f, 0x30 }, { 0xe4, 0x80 }, { 0xee }, { 0x6e }, { 0x0f, 0x06 },
        { 0x0f, 0x09 }, { 0x0f, 0x22, 0xe0 }, { 0x0f, 0x21, 0xc0 }, { 0x0f, 0x23, 0xf8 },
        { 0x0f, 0x01, 0xd1 }, { 0xcd, 0x80 }, { 0x0f, 0x01, 0x3b },
    };
    static struct fault f[SIM_CPUS];
    uint8_t bytes[16];

    f[cpu] = (struct fault){ .vector = 13, .error = chance(8) ? (uint32_t)pick(2048) : 0,
                             .cr2 = value_va() };
    if (chance(8))
        f[cpu].vector = (uint8_t)pick(32);
    for (unsigned i = 0; i < 3; i++)
        f[cpu].reg[i] = value_any(d);
    for (unsigned i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(chance(8) ? pick(256) : 0x90);
    if (!chance(4))
        memcpy(bytes, code[pick(ARRAY_SIZE(code))], sizeof(code[0]));
    code_put(cpu, bytes, sizeof(bytes));
    if (f[cpu].vector != 2 && f[cpu].vector != 18 && f[cpu].vector != 14)
        sim_step(cpu, do_fault, &f[cpu]);
}

static void hypercall(unsigned cpu, const struct domain *d)
{
    static struct call call[SIM_CPUS];

    args_reset();
    call_make(&sim.cpu[cpu], d, &call[cpu]);
    sim_step(cpu, do_call, &call[cpu]);
}

/* What a sane kernel sees to: handlers, and a stack for their frames. Else few guests live long. */
static void sanity(struct vcpu *v)
{
    struct guest_cpu *g = &v->arch;

    if (v->domain->is_control ? chance(256) : chance(32))
        return;
    for (unsigned i = 0; i < 32; i++)
        if (g->traps[i].address == 0)
            g->traps[i].address = 0x1000;
    g->regs.rsp = STACK_VA;
    guest_set_kernel_stack(g, FLAT_KERNEL_SS, STACK_VA);
    if (!g->event_cb.rip)
        g->event_cb.rip = 0x500;
    if (!g->failsafe_cb.rip)
        g->failsafe_cb.rip = 0x600;
}

void ring3_step(unsigned cpu)
{
    struct vcpu *v = sim_vcpu(cpu);
    const struct domain *d = v->domain;
    unsigned what;

    sanity(v);

    /* The hypervisor asked for the same call again: most guests do. */
    if (v->arch.regs.rip == CALL_RIP - 2 && !chance(8)) {
        sim_step(cpu, do_call, NULL);
        return;
    }
    what = pick(32);
    if (what < 18)
        hypercall(cpu, d);
    else if (what < 21)
        memory_touch(cpu, d);
    else if (what < 23)
        memory_prepare(d);
    else if (what < 26)
        grant_write(d);
    else if (what < 27)
        events_write(d, v);
    else if (what < 29)
        table_write_fault(cpu, d);
    else if (what < 30)
        privileged_fault(cpu, d);
    else if (what < 31) /* one CPU serves the UART */
        sim_step(cpu, do_interrupt, (void *)(uintptr_t)(chance(2) && !(sim_parallel && cpu)
                                                            ? 0
                                                            : 0x40 + pick(16)));
    else {
        sim_time_pass((uint64_t)pick(256) * 100000);
        sim_step(cpu, NULL, NULL);
    }
}
