/* SPDX-License-Identifier: MIT */
/*
 * pv/context.c: the state of a vCPU after reset, and as tools or VCPUOP_initialise give it. What is
 * refused leaves the vCPU as it was; what is taken comes back the same.
 */
#include "pv/fixture.h"

#define ROOT      18 /* of the context, and its user root behind it */
#define TABLE     20 /* first frame of its GDT */
#define DR6_RESET UINT64_C(0xffff0ff0)

static struct vcpu_guest_context context;

static int set(void)
{
    return vcpu_set_context(v, &context);
}

/* A context with a value of its own in each field. */
static void start(void)
{
    uint64_t *words = (uint64_t *)&context.user_regs;

    guest_start();
    memset(&context, 0, sizeof(context));
    for (unsigned i = 0; i < offsetof(struct cpu_user_regs, es) / 8; i++)
        words[i] = 0x1000 + i;
    context.user_regs.cs = FLAT_KERNEL_CS & ~3;
    context.user_regs.ss = FLAT_KERNEL_SS & ~3;
    context.user_regs.rflags = UINT64_C(0x3040); /* IOPL 3 */
    context.user_regs.entry_vector = 0x55;
    context.user_regs.error_code = 0x66;
    context.user_regs.saved_upcall_mask = 1;
    context.user_regs.ds = 0x11;
    context.user_regs.es = 0x12;
    context.user_regs.fs = 0x13;
    context.user_regs.gs = 0x14;
    context.fs_base = 0x21000;
    context.gs_base_kernel = 0x22000;
    context.gs_base_user = 0x23000;
    context.flags = VGCF_in_kernel | VGCF_i387_valid;
    for (unsigned i = 0; i < sizeof(context.fpu_ctxt.x); i++)
        ((uint8_t *)context.fpu_ctxt.x)[i] = (uint8_t)(i | 1);
    for (unsigned i = 0; i < 256; i++)
        context.trap_ctxt[i] = (struct trap_info){
            .vector = 7, .flags = (uint8_t)(i & 7), .cs = 0xe033, .address = 0x40000 + i
        };
    context.ldt_base = GUEST_VA;
    context.ldt_ents = 33;
    context.gdt_frames[0] = TABLE;
    context.gdt_frames[1] = TABLE + 1;
    context.gdt_ents = 600;
    context.kernel_ss = 0xe028;
    context.kernel_sp = STACK;
    context.ctrlreg[0] = 8;
    context.ctrlreg[1] = mfn_to_maddr(_mfn(ROOT + 1)) | 1;
    context.ctrlreg[3] = mfn_to_maddr(_mfn(ROOT));
    context.ctrlreg[4] = 4;
    context.debugreg[0] = 0x31000;
    context.debugreg[3] = 0x34000;
    context.debugreg[6] = 0xffff0ff1;
    context.debugreg[7] = 0x401;
    context.event_callback_eip = 0x51000;
    context.failsafe_callback_eip = 0x52000;
    context.syscall_callback_eip = 0x53000;
    context.vm_assist = 1u << VMASST_TYPE_writable_pagetables;
    v->paused = VCPU_PAUSED_DOWN;
}

START_TEST(reset)
{
    regs->rax = 1;
    iopl_set(v, 3);
    memset(&g->ds, 0xff, sizeof(g->ds));
    g->es = g->fs = g->gs = 9;
    g->fs_base = g->gs_base_kernel = g->gs_base_user = 9;
    g->in_kernel = false;
    g->segments_bad = v->nmi_pending = true;
    g->xcr0 = 7;
    g->dr[2] = g->cr2 = g->tsc_aux = 9;
    g->cr0_ts = 8;
    g->cr4 = 4;
    g->gdt_entries = g->ldt_entries = 9;
    g->ldt_base = 9;
    g->gdt_frames[0] = g->ldt_frames[0] = g->gdt_frames[13] = g->ldt_frames[15] = _mfn(9);
    g->syscall_cb.rip = g->syscall32_cb.rip = g->sysenter_cb.rip = 9;
    g->event_cb.rip = g->failsafe_cb.rip = 9;
    g->event_cb.mask_events = true;
    guest_cpu_reset(v);
    ck_assert_uint_eq(regs->rax | regs->rip | regs->rsp | regs->entry_vector, 0);
    ck_assert_uint_eq(regs->rflags, FLAG_IF | 2);
    ck_assert_uint_eq(g->iopl, 0);
    ck_assert_uint_eq(g->ds | g->es | g->fs | g->gs, 0);
    ck_assert_uint_eq(g->fs_base | g->gs_base_kernel | g->gs_base_user, 0);
    ck_assert(g->in_kernel && !g->segments_bad && !v->nmi_pending);
    ck_assert_uint_eq(g->xcr0, 1);
    ck_assert_uint_eq(machine.xsave_inits, 1);
    ck_assert_uint_eq(g->dr[2] | g->cr2 | g->tsc_aux | g->cr0_ts, 0);
    ck_assert_uint_eq(g->dr6, DR6_RESET);
    ck_assert_uint_eq(g->cr4, 0x620);
    ck_assert_uint_eq(g->gdt_entries | g->ldt_entries | g->ldt_base, 0);
    for (unsigned i = 0; i < 16; i++)
        ck_assert(mfn_eq(g->ldt_frames[i], MFN_INVALID) &&
                  (i >= GDT_FRAMES_MAX || mfn_eq(g->gdt_frames[i], MFN_INVALID)));
    ck_assert_uint_eq(g->syscall_cb.rip | g->syscall32_cb.rip | g->sysenter_cb.rip, 0);
    ck_assert_uint_eq(g->event_cb.rip | g->failsafe_cb.rip, 0);
    ck_assert(!g->event_cb.mask_events);
    ck_assert_uint_eq(g->traps[14].address, 0);
    ck_assert_uint_eq(g->kernel_rsp, 0);
    ck_assert_uint_eq(g->kernel_ss, FLAT_KERNEL_SS);
}
END_TEST

START_TEST(all_of_it)
{
    ck_assert_int_eq(set(), 0);
    for (unsigned i = 0; i < offsetof(struct guest_regs, error_code) / 8; i++)
        ck_assert_uint_eq(((uint64_t *)regs)[i], 0x1000 + i);
    ck_assert_uint_eq(regs->rip, context.user_regs.rip);
    ck_assert_uint_eq(regs->rsp, context.user_regs.rsp);
    ck_assert_uint_eq(regs->cs, FLAT_KERNEL_CS);
    ck_assert_uint_eq(regs->ss, FLAT_KERNEL_SS);
    ck_assert_uint_eq(regs->rflags, FLAG_IF | 0x42);
    ck_assert_uint_eq(regs->entry_vector | regs->error_code | regs->saved_upcall_mask, 0);
    ck_assert_uint_eq(g->iopl, 3);
    ck_assert(g->in_kernel && v->initialised);
    ck_assert_uint_eq(g->ds, 0x11);
    ck_assert_uint_eq(g->es, 0x12);
    ck_assert_uint_eq(g->fs, 0x13);
    ck_assert_uint_eq(g->gs, 0x14);
    ck_assert_uint_eq(g->fs_base, 0x21000);
    ck_assert_uint_eq(g->gs_base_kernel, 0x22000);
    ck_assert_uint_eq(g->gs_base_user, 0x23000);
    ck_assert_uint_eq(g->kernel_ss, 0xe02b);
    ck_assert_uint_eq(g->kernel_rsp, STACK);
    ck_assert_uint_eq(g->cr0_ts, 8);
    ck_assert_uint_eq(g->cr4, 0x624);
    ck_assert_uint_eq(g->dr[0], 0x31000);
    ck_assert_uint_eq(g->dr[3], 0x34000);
    ck_assert_uint_eq(g->dr6, 0xffff0ff1);
    ck_assert_uint_eq(g->dr7, 0x401);
    ck_assert_uint_eq(g->event_cb.rip, 0x51000);
    ck_assert_uint_eq(g->failsafe_cb.rip, 0x52000);
    ck_assert_uint_eq(g->syscall_cb.rip, 0x53000);
    ck_assert(g->event_cb.mask_events);
    ck_assert(!g->failsafe_cb.mask_events && !g->syscall_cb.mask_events);
    ck_assert_uint_eq(domain.vm_assist, 1u << VMASST_TYPE_writable_pagetables);
    for (unsigned i = 0; i < 256; i++) {
        ck_assert_uint_eq(g->traps[i].vector, i);
        ck_assert_uint_eq(g->traps[i].flags, i & 7);
        ck_assert_uint_eq(g->traps[i].address, 0x40000 + i);
    }
}
END_TEST

START_TEST(references)
{
    ck_assert_int_eq(set(), 0);
    ck_assert_uint_eq(g->cr3_kernel, mfn_to_maddr(_mfn(ROOT)));
    ck_assert_uint_eq(g->cr3_user, mfn_to_maddr(_mfn(ROOT + 1)));
    ck_assert_uint_eq(machine.roots[16] + machine.roots[17], 0); /* the old ones */
    ck_assert_uint_eq(machine.roots[ROOT], 1);
    ck_assert_uint_eq(machine.roots[ROOT + 1], 1);
    ck_assert_uint_eq(g->ldt_base, GUEST_VA);
    ck_assert_uint_eq(g->ldt_entries, 33);
    ck_assert_uint_eq(g->gdt_entries, 600);
    ck_assert_uint_eq(records[TABLE + 1].type_refs, 1);
    context.ctrlreg[1] &= ~UINT64_C(1); /* no user root, whatever it names */
    context.gdt_ents = 0;
    ck_assert_int_eq(set(), 0);
    ck_assert_uint_eq(g->cr3_user, 0);
    ck_assert_uint_eq(machine.roots[ROOT + 1], 0);
    ck_assert_uint_eq(machine.roots[ROOT], 1);
    ck_assert_uint_eq(records[TABLE].type_refs + records[TABLE + 1].type_refs, 0);
}
END_TEST

START_TEST(flags)
{
    context.flags = VGCF_in_kernel | VGCF_failsafe_disables_events;
    ck_assert_int_eq(set(), 0);
    ck_assert(g->failsafe_cb.mask_events && !g->syscall_cb.mask_events);
    context.flags = VGCF_syscall_disables_events; /* and in user mode */
    ck_assert_int_eq(set(), 0);
    ck_assert(!g->failsafe_cb.mask_events && g->syscall_cb.mask_events);
    ck_assert(!g->in_kernel);
    context.ctrlreg[1] = 0; /* where there would be no tables */
    ck_assert_int_eq(set(), -EINVAL);
    context.flags = VGCF_in_kernel;
    ck_assert_int_eq(set(), 0);
}
END_TEST

/* Each alone makes it bad, and then nothing has changed. */
START_TEST(refused)
{
    static uint64_t *const addresses[] = {
        &context.user_regs.rip,
        &context.event_callback_eip,
        &context.failsafe_callback_eip,
        &context.syscall_callback_eip,
        &context.fs_base,
        &context.gs_base_kernel,
        &context.gs_base_user,
        &context.debugreg[0],
        &context.debugreg[3],
        &context.trap_ctxt[0].address,
        &context.trap_ctxt[255].address,
    };
    static const struct {
        uint64_t *where, bad;
    } others[] = {
        { &context.debugreg[2], HYPERVISOR_START },
        { &context.debugreg[6], UINT64_C(1) << 32 },
        { &context.debugreg[7], UINT64_C(1) << 33 },
        { &context.ldt_base, GUEST_VA + 1 },
        { &context.ldt_ents, LDT_ENTRIES_MAX + 1 },
        { &context.ldt_ents, UINT64_C(1) << 32 },
        { &context.gdt_ents, FIRST_RESERVED_GDT_ENTRY + 1 },
        { &context.gdt_ents, UINT64_C(1) << 32 },
        { &context.vm_assist, UINT64_C(1) << 32 },
        { &context.vm_assist, 1u << 31 },
        { &context.ctrlreg[3], 0 },
        { &context.gdt_frames[1], 50 },
        { &context.ctrlreg[1], (FRAMES << PAGE_SHIFT) | 1 },
    };
    struct guest_cpu before = *g;

    for (unsigned i = 0; i < ARRAY_SIZE(addresses) + ARRAY_SIZE(others); i++) {
        bool is_address = i < ARRAY_SIZE(addresses);
        uint64_t *where = is_address ? addresses[i] : others[i - ARRAY_SIZE(addresses)].where;
        uint64_t good = *where;

        *where = is_address ? NOT_CANONICAL : others[i - ARRAY_SIZE(addresses)].bad;
        ck_assert_msg(set() == -EINVAL, "%u", i);
        *where = good;
        ck_assert_mem_eq(g, &before, sizeof(before));
        ck_assert_uint_eq(machine.roots[16], 1);
        ck_assert_uint_eq(machine.roots[17], 1);
        ck_assert_uint_eq(machine.roots[ROOT] + machine.roots[ROOT + 1], 0);
        ck_assert_uint_eq(records[TABLE].type_refs, 0);
        ck_assert(!v->initialised);
        ck_assert_uint_eq(domain.vm_assist, 0);
    }
    context.gdt_ents = FIRST_RESERVED_GDT_ENTRY;
    for (unsigned i = 0; i < GDT_FRAMES_MAX; i++)
        context.gdt_frames[i] = TABLE + i;
    ck_assert_int_eq(set(), 0);
    ck_assert_uint_eq(g->gdt_entries, FIRST_RESERVED_GDT_ENTRY);
}
END_TEST

START_TEST(fpu)
{
    uint8_t *area = xsave_areas[0];
    uint32_t mxcsr;
    uint64_t present;

    ck_assert_int_eq(set(), 0);
    ck_assert_uint_eq(machine.xsave_inits, 1);
    ck_assert_mem_eq(area, context.fpu_ctxt.x, 24);
    memcpy(&mxcsr, area + 24, 4);
    ck_assert_uint_eq(mxcsr, 0x1919); /* of 0x1b1b1919 what is defined */
    ck_assert_mem_eq(area + 28, (uint8_t *)context.fpu_ctxt.x + 28, 416 - 28);
    ck_assert_uint_eq(area[416], 0);
    memcpy(&present, area + 512, 8);
    ck_assert_uint_eq(present, 3);
    context.flags = VGCF_in_kernel;
    ck_assert_int_eq(set(), 0);
    ck_assert_uint_eq(area[0] | area[512], 0); /* as after reset */
    context.flags = VGCF_in_kernel | VGCF_i387_valid;
    machine.xsave_size = 576;
    ck_assert_int_eq(set(), 0);
    ck_assert_uint_eq(area[512], 3);
    machine.xsave_size = 575; /* no room for the header */
    ck_assert_int_eq(set(), 0);
    ck_assert_uint_eq(area[512], 0);
}
END_TEST

START_TEST(debug_registers)
{
    context.debugreg[1] = 0x32000;
    context.debugreg[2] = 0x33000;
    context.debugreg[4] = context.debugreg[5] = UINT64_MAX; /* not looked at */
    context.debugreg[7] = 0x20002; /* an I/O breakpoint without CR4.DE: stays at reset */
    ck_assert_int_eq(set(), 0);
    ck_assert_uint_eq(g->dr[1], 0x32000);
    ck_assert_uint_eq(g->dr[2], 0x33000);
    ck_assert_uint_eq(g->dr7, 0x400);
    context.ctrlreg[4] = 8;
    ck_assert_int_eq(set(), 0);
    ck_assert_uint_eq(g->dr7 | g->dr7_io, 0x20402);
}
END_TEST

/* vm_assist is the domain's: the first vCPU brings it, and adds to what is there. */
START_TEST(assists)
{
    v->id = 1;
    ck_assert_int_eq(set(), 0);
    ck_assert_uint_eq(domain.vm_assist, 0);
    v->id = 0;
    domain.vm_assist = 1u << VMASST_TYPE_architectural_iopl;
    ck_assert_int_eq(set(), 0);
    ck_assert_uint_eq(domain.vm_assist,
                      1u << VMASST_TYPE_architectural_iopl | 1u << VMASST_TYPE_writable_pagetables);
    ck_assert_uint_eq(g->frame_iopl, 0x3000);
}
END_TEST

START_TEST(comes_back)
{
    static struct vcpu_guest_context got;

    context.ctrlreg[4] = 8;
    context.debugreg[7] = 0x20401;
    context.flags |= VGCF_failsafe_disables_events;
    ck_assert_int_eq(set(), 0);
    g->cr2 = 0x77;
    regs->entry_vector = 3;
    memset(&got, 0xff, sizeof(got));
    vcpu_get_context(v, &got);
    ck_assert_uint_eq(got.flags, VGCF_in_kernel | VGCF_i387_valid | VGCF_failsafe_disables_events);
    ck_assert_uint_eq(got.user_regs.r15, 0x1000);
    ck_assert_uint_eq(got.user_regs.rsp, context.user_regs.rsp);
    ck_assert_uint_eq(got.user_regs.entry_vector, 0);
    ck_assert_uint_eq(got.user_regs.rflags, 0x3242);
    ck_assert_uint_eq(got.user_regs.ds, 0x11);
    ck_assert_uint_eq(got.user_regs.es, 0x12);
    ck_assert_uint_eq(got.user_regs.fs, 0x13);
    ck_assert_uint_eq(got.user_regs.gs, 0x14);
    ck_assert_uint_eq(got.fs_base, 0x21000);
    ck_assert_uint_eq(got.gs_base_kernel, 0x22000);
    ck_assert_uint_eq(got.gs_base_user, 0x23000);
    ck_assert_mem_eq(got.fpu_ctxt.x, xsave_areas[0], sizeof(got.fpu_ctxt.x));
    ck_assert_mem_eq(got.trap_ctxt, g->traps, sizeof(got.trap_ctxt));
    ck_assert_uint_eq(got.ldt_base, GUEST_VA);
    ck_assert_uint_eq(got.ldt_ents, 33);
    ck_assert_uint_eq(got.gdt_ents, 600);
    ck_assert_uint_eq(got.gdt_frames[0], TABLE);
    ck_assert_uint_eq(got.gdt_frames[1], TABLE + 1);
    ck_assert_uint_eq(got.gdt_frames[2], 0);
    ck_assert_uint_eq(got.kernel_ss, 0xe02b);
    ck_assert_uint_eq(got.kernel_sp, STACK);
    ck_assert_uint_eq(got.ctrlreg[0], 0x80000009);
    ck_assert_uint_eq(got.ctrlreg[1], context.ctrlreg[1]);
    ck_assert_uint_eq(got.ctrlreg[2], 0x77);
    ck_assert_uint_eq(got.ctrlreg[3], context.ctrlreg[3]);
    ck_assert_uint_eq(got.ctrlreg[4], 0x628);
    ck_assert_uint_eq(got.debugreg[0], 0x31000);
    ck_assert_uint_eq(got.debugreg[3], 0x34000);
    ck_assert_uint_eq(got.debugreg[6], 0xffff0ff1);
    ck_assert_uint_eq(got.debugreg[7], 0x20401);
    ck_assert_uint_eq(got.event_callback_eip, 0x51000);
    ck_assert_uint_eq(got.failsafe_callback_eip, 0x52000);
    ck_assert_uint_eq(got.syscall_callback_eip, 0x53000);
    ck_assert_uint_eq(got.vm_assist, 1u << VMASST_TYPE_writable_pagetables);
}
END_TEST

START_TEST(flags_come_back)
{
    static struct vcpu_guest_context got;

    context.flags = VGCF_syscall_disables_events;
    ck_assert_int_eq(set(), 0);
    v->paused = 0;
    vcpu_get_context(v, &got);
    ck_assert_uint_eq(got.flags, VGCF_i387_valid | VGCF_online | VGCF_syscall_disables_events);
    context.ctrlreg[1] = 0;
    context.flags = VGCF_in_kernel;
    ck_assert_int_eq(set(), 0);
    vcpu_get_context(v, &got);
    ck_assert_uint_eq(got.flags, VGCF_i387_valid | VGCF_online | VGCF_in_kernel);
    ck_assert_uint_eq(got.ctrlreg[1], 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        reset, all_of_it,       references, flags,      refused,
        fpu,   debug_registers, assists,    comes_back, flags_come_back,
    };

    return FIXTURE_RUN_FROM("pv/context", start, tests);
}
