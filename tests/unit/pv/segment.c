/* SPDX-License-Identifier: MIT */
/*
 * pv/segment.c, pv/debug.c and pv/root.c: bases, stack, IOPL, TS, debug registers and roots, each
 * value as the guest may choose it and as the processor gets it. pv/exit.c: what is done on the way
 * out.
 */
#include "pv/fixture.h"

#define INSIDE    HYPERVISOR_START
#define DR6_RESET UINT64_C(0xffff0ff0)
#define DR7_RESET UINT64_C(0x400)
#define CR4_DE    UINT64_C(8)

START_TEST(segment_bases)
{
    machine.fs = 1, machine.gs = 2, machine.gs_other = 3; /* as wrfsbase left them */
    ck_assert_int_eq(segment_base_set(v, SEGBASE_FS, 0x1000), 0);
    ck_assert_uint_eq(machine.fs, 0x1000);
    ck_assert_uint_eq(machine.gs, 2);
    ck_assert_uint_eq(machine.gs_other, 3);
    ck_assert_int_eq(segment_base_set(v, SEGBASE_GS_USER, 0x2000), 0);
    ck_assert_uint_eq(machine.gs_other, 0x2000);
    ck_assert_int_eq(segment_base_set(v, SEGBASE_GS_KERNEL, 0x3000), 0);
    ck_assert_uint_eq(machine.gs, 0x3000);
    ck_assert_uint_eq(machine.fs, 0x1000);
    ck_assert_int_eq(segment_base_set(v, SEGBASE_FS, NOT_CANONICAL), -EINVAL);
    ck_assert_int_eq(segment_base_set(v, SEGBASE_GS_USER_SEL + 1, 0), -EINVAL);
    ck_assert_int_eq(segment_base_set(v, SEGBASE_GS_USER_SEL + 2, 0), -EINVAL);
    ck_assert_uint_eq(machine.base_loads, 3);
}
END_TEST

START_TEST(user_selector)
{
    ck_assert_int_eq(segment_base_set(v, SEGBASE_GS_USER_SEL, 0xe02b), 0);
    ck_assert_uint_eq(machine.selectors[3], 0xe02b);
    ck_assert_uint_eq(g->gs, 0xe02b);
    ck_assert_uint_eq(machine.base_loads, 0);
    machine.selector_answer = -EFAULT; /* refused: the null one */
    ck_assert_int_eq(segment_base_set(v, SEGBASE_GS_USER_SEL, 0x1233), 0);
    ck_assert_uint_eq(machine.selectors[3], 0x1233);
    ck_assert_uint_eq(g->gs, 0);
}
END_TEST

/* The page of the LDT that it names is there before the processor looks. */
START_TEST(user_selector_of_the_ldt)
{
    ck_assert_int_eq(ldt_set(v, GUEST_VA, 2048), 0);
    machine.l1_slot = mfn_to_maddr(_mfn(20));
    *(uint64_t *)machine_map_maddr(machine.l1_slot) = mfn_to_maddr(_mfn(21)) | 1;
    ck_assert_int_eq(segment_base_set(v, SEGBASE_GS_USER_SEL, 512 << 3 | 3), 0);
    ck_assert(mfn_eq(g->ldt_frames[1], MFN_INVALID)); /* a selector of the GDT */
    ck_assert_int_eq(segment_base_set(v, SEGBASE_GS_USER_SEL, 512 << 3 | 7), 0);
    ck_assert(mfn_eq(g->ldt_frames[0], MFN_INVALID));
    ck_assert(mfn_eq(g->ldt_frames[1], _mfn(21)));
    ck_assert_int_eq(segment_base_set(v, SEGBASE_GS_USER_SEL, 511 << 3 | 4), 0);
    ck_assert(mfn_eq(g->ldt_frames[0], _mfn(21)));
    ck_assert(mfn_eq(g->ldt_frames[2], MFN_INVALID));
}
END_TEST

START_TEST(kernel_stack)
{
    ck_assert_int_eq(stack_switch(v, 0xe028, STACK - 8), 0);
    ck_assert_uint_eq(g->kernel_ss, 0xe02b);
    ck_assert_uint_eq(g->kernel_rsp, STACK - 8);
    ck_assert_uint_eq(g->bounce_rsp, STACK - 16 - 7 * 8);
    ck_assert_int_eq(stack_switch(v, 0, HYPERVISOR_START + 0x100), 0);
    ck_assert_uint_eq(g->bounce_rsp, UINT64_C(1) << 62);
}
END_TEST

START_TEST(iopl)
{
    iopl_set(v, 6);
    ck_assert_uint_eq(g->iopl, 2);
    ck_assert(!g->architectural_iopl);
    ck_assert_uint_eq(g->frame_iopl, 0);
    iopl_set(&vcpus[1], 3);
    domain.vm_assist = 1u << VMASST_TYPE_architectural_iopl;
    iopl_show_all(&domain);
    ck_assert_uint_eq(g->frame_iopl, 2 << 12);
    ck_assert_uint_eq(vcpus[1].arch.frame_iopl, 3 << 12);
    ck_assert(vcpus[1].arch.architectural_iopl);
    domain.vm_assist = ~(1u << VMASST_TYPE_architectural_iopl);
    iopl_show_all(&domain);
    ck_assert(!g->architectural_iopl);
    ck_assert_uint_eq(g->frame_iopl, 0);
}
END_TEST

START_TEST(task_switched)
{
    fpu_taskswitch(v, false); /* as it was */
    ck_assert_uint_eq(machine.ts_loads, 0);
    fpu_taskswitch(v, true);
    ck_assert_uint_eq(g->cr0_ts, 8);
    fpu_taskswitch(v, true);
    ck_assert_uint_eq(machine.ts_loads, 1);
    fpu_taskswitch(v, false);
    ck_assert_uint_eq(g->cr0_ts, 0);
    ck_assert_uint_eq(machine.ts_loads, 2);
}
END_TEST

/* ---- debug registers ---- */

START_TEST(breakpoint_addresses)
{
    uint64_t got;

    for (unsigned i = 0; i < 4; i++) {
        ck_assert_int_eq(debugreg_set(v, i, 0x1000 + i), 0);
        ck_assert_int_eq(debugreg_get(v, i, &got), 0);
        ck_assert_uint_eq(got, 0x1000 + i);
        ck_assert_int_eq(debugreg_set(v, i, NOT_CANONICAL), -EPERM);
        ck_assert_int_eq(debugreg_set(v, i, INSIDE), -EPERM);
        ck_assert_int_eq(debugreg_set(v, i, HYPERVISOR_END - 1), -EPERM);
        ck_assert_uint_eq(g->dr[i], 0x1000 + i);
        ck_assert_int_eq(debugreg_set(v, i, HYPERVISOR_END), 0);
        ck_assert_uint_eq(g->dr[i], HYPERVISOR_END);
    }
    ck_assert_uint_eq(machine.debug_loads, 8);
    ck_assert_int_eq(debugreg_set(&vcpus[1], 0, 0x1000), 0);
    ck_assert_uint_eq(machine.debug_loads, 8);
    debugreg_reset(v);
    for (unsigned i = 0; i < 4; i++)
        ck_assert_uint_eq(g->dr[i], 0);
    ck_assert_uint_eq(g->dr6, DR6_RESET);
    ck_assert_uint_eq(g->dr7, DR7_RESET);
}
END_TEST

START_TEST(debug_status)
{
    uint64_t got;

    ck_assert_int_eq(debugreg_set(v, 6, 0xffffffff), 0);
    ck_assert_uint_eq(g->dr6, 0xffffefff);
    ck_assert_int_eq(debugreg_set(v, 6, 0), 0);
    ck_assert_int_eq(debugreg_get(v, 6, &got), 0);
    ck_assert_uint_eq(got, DR6_RESET);
    ck_assert_int_eq(debugreg_set(v, 6, UINT64_C(1) << 32), -EINVAL);
    ck_assert_int_eq(debugreg_set(v, 7, UINT64_C(1) << 32), -EINVAL);
    ck_assert_int_eq(debugreg_set(v, 7, UINT64_C(1) << 33 | 1), -EINVAL);
}
END_TEST

/* GD, bit 13, is the one that is refused; what the processor reserves is dropped. */
START_TEST(debug_control)
{
    uint64_t got;

    ck_assert_int_eq(debugreg_set(v, 7, 0xddddd3ff), 0);
    ck_assert_uint_eq(g->dr7, 0xdddd03ff | DR7_RESET);
    ck_assert_int_eq(debugreg_set(v, 7, 0xddddf3ff), -EPERM);
    ck_assert_int_eq(debugreg_get(v, 7, &got), 0);
    ck_assert_uint_eq(got, 0xdddd03ff | DR7_RESET);
}
END_TEST

/* Condition 2 watches a port: only with CR4.DE, and never on the processor. */
START_TEST(port_breakpoints)
{
    uint64_t got;

    for (unsigned i = 0; i < 4; i++) {
        uint64_t condition = UINT64_C(0xe) << (16 + 4 * i), local = UINT64_C(1) << (2 * i);
        uint64_t global = local << 1, beside = UINT64_C(3) << (2 * ((i + 1) & 3));

        g->cr4 = 0;
        ck_assert_int_eq(debugreg_set(v, 7, condition | local), -EPERM);
        ck_assert_int_eq(debugreg_set(v, 7, condition | global), -EPERM);
        ck_assert_int_eq(debugreg_set(v, 7, condition | beside), 0);
        ck_assert_uint_eq(g->dr7, beside | DR7_RESET);
        ck_assert_uint_eq(g->dr7_io, condition);
        g->cr4 = CR4_DE;
        ck_assert_int_eq(debugreg_set(v, 7, condition | local | beside), 0);
        ck_assert_uint_eq(g->dr7, beside | DR7_RESET);
        ck_assert_uint_eq(g->dr7_io, condition | local);
        ck_assert_int_eq(debugreg_get(v, 7, &got), 0);
        ck_assert_uint_eq(got, condition | local | beside | DR7_RESET);
    }
    debugreg_reset(v);
    ck_assert_uint_eq(g->dr7_io, 0);
}
END_TEST

START_TEST(names_of_debug_registers)
{
    uint64_t got;

    ck_assert_int_eq(debugreg_set(v, 4, 0), 0);
    ck_assert_int_eq(debugreg_get(v, 4, &got), 0);
    ck_assert_uint_eq(got, DR6_RESET);
    ck_assert_int_eq(debugreg_set(v, 5, 3), 0);
    ck_assert_int_eq(debugreg_get(v, 5, &got), 0);
    ck_assert_uint_eq(got, DR7_RESET | 3);
    g->cr4 = CR4_DE;
    for (unsigned i = 4; i < 10; i++) {
        int wanted = i == 6 || i == 7 ? 0 : -ENODEV;

        ck_assert_int_eq(debugreg_get(v, i, &got), wanted);
        ck_assert_int_eq(debugreg_set(v, i, 0), wanted);
    }
}
END_TEST

/* ---- roots ---- */

#define OTHER_L4 _mfn(18)

START_TEST(kernel_root)
{
    ck_assert_int_eq(root_set_kernel(v, OTHER_L4), 0);
    ck_assert_uint_eq(g->cr3_kernel, mfn_to_maddr(OTHER_L4));
    ck_assert_uint_eq(machine.roots[16], 0);
    ck_assert_uint_eq(machine.roots[18], 1);
    ck_assert_uint_eq(machine.cr3_loads, 1);
    ck_assert_int_eq(root_set_kernel(v, OTHER_L4), 0); /* flushes at least */
    ck_assert_uint_eq(machine.cr3_loads, 2);
    ck_assert_uint_eq(machine.roots[18], 1);
    ck_assert_int_eq(root_set_kernel(v, _mfn(0)), -EINVAL);
    machine.root_refused = _mfn(19);
    ck_assert_int_eq(root_set_kernel(v, _mfn(19)), -EINVAL);
    ck_assert_uint_eq(g->cr3_kernel, mfn_to_maddr(OTHER_L4));
    ck_assert_uint_eq(machine.roots[18], 1);
    ck_assert_uint_eq(machine.cr3_loads, 2);
    user_mode();
    ck_assert_int_eq(root_set_kernel(v, KERNEL_L4), 0);
    ck_assert_uint_eq(machine.cr3_loads, 2);
}
END_TEST

START_TEST(user_root)
{
    ck_assert_int_eq(root_set_user(v, OTHER_L4), 0);
    ck_assert_uint_eq(machine.cr3_loads, 0);
    ck_assert_uint_eq(machine.roots[17], 0);
    ck_assert_int_eq(root_set_user(v, _mfn(0)), 0);
    ck_assert_uint_eq(g->cr3_user, 0);
    ck_assert_uint_eq(machine.roots[18], 0);
    user_mode();
    ck_assert_int_eq(root_set_user(v, OTHER_L4), 0);
    ck_assert_uint_eq(machine.cr3_loads, 1);
    vcpus[1].arch.in_kernel = false; /* a vCPU that runs elsewhere or nowhere */
    ck_assert_int_eq(root_set_user(&vcpus[1], OTHER_L4), 0);
    ck_assert_uint_eq(machine.cr3_loads, 1);
    ck_assert_uint_eq(machine.roots[18], 2);
    root_drop(&vcpus[1]);
    ck_assert_uint_eq(machine.roots[18], 1);
}
END_TEST

START_TEST(release_of_a_root_in_steps)
{
    machine.root_restarts = 2;
    ck_assert_int_eq(root_set_kernel(v, OTHER_L4), -ERESTART);
    ck_assert(mfn_eq(g->root_old, KERNEL_L4));
    ck_assert_uint_eq(g->cr3_kernel, mfn_to_maddr(OTHER_L4));
    ck_assert_int_eq(root_set_kernel(v, OTHER_L4), -ERESTART);
    ck_assert_uint_eq(machine.roots[16], 1);
    ck_assert_int_eq(root_set_kernel(v, OTHER_L4), 0);
    ck_assert_uint_eq(machine.roots[16], 0);
    ck_assert_uint_eq(machine.roots[18], 1);
    ck_assert_uint_eq(mfn_x(g->root_old), 0);
}
END_TEST

START_TEST(all_roots_dropped)
{
    machine.root_restarts = 1;
    ck_assert_int_eq(root_set_kernel(v, OTHER_L4), -ERESTART);
    machine.root_restarts = 3;
    ck_assert_int_eq(ldt_set(v, GUEST_VA, 1), 0);
    ck_assert_int_eq(gdt_set(v, (uint64_t[]){ 20 }, 1), 0);
    g->ldt_frames[0] = _mfn(21);
    ck_assert_int_eq(frame_get(&domain.mm, _mfn(21), PT_SEGDESC), 0);
    vcpu_release_context(v);
    for (unsigned i = 0; i < FRAMES; i++) {
        ck_assert_uint_eq(machine.roots[i], 0);
        ck_assert_uint_eq(records[i].type_refs, 0);
    }
    ck_assert_uint_eq(g->cr3_kernel | g->cr3_user | mfn_x(g->root_old), 0);
    ck_assert_uint_eq(g->gdt_entries | g->ldt_entries, 0);
    ck_assert_uint_eq(host.nr_preempt_calls, 3);
    vcpu_release_context(v); /* nothing is there */
}
END_TEST

/* ---- the way out ---- */

static bool exit_switches(void)
{
    jmp_buf away;
    unsigned before = machine.nr_switches;

    machine.on_switch = &away;
    if (setjmp(away) == 0)
        upcall_exit_work(g);
    return machine.nr_switches != before;
}

START_TEST(work_on_the_way_out)
{
    g->work = WORK_TIMER;
    ck_assert(!exit_switches());
    ck_assert_uint_eq(machine.nr_timer_runs, 1);
    ck_assert_uint_eq(machine.nr_time_updates, 0);
    ck_assert_uint_eq(g->work, 0);
    machine.cpu_work = WORK_TIME; /* noted for the CPU, not the vCPU */
    ck_assert(!exit_switches());
    ck_assert_uint_eq(machine.nr_timer_runs, 1);
    ck_assert_uint_eq(machine.nr_time_updates, 1);
    ck_assert_uint_eq(machine.nr_reaps, 0);
    domains_reap_wanted = true;
    ck_assert(!exit_switches());
    ck_assert_uint_eq(machine.nr_reaps, 1);
}
END_TEST

START_TEST(reasons_to_switch)
{
    g->work = WORK_SCHEDULE;
    ck_assert(exit_switches());
    ck_assert_uint_eq(g->work, 0);
    machine.cpu_work = WORK_PAUSE;
    ck_assert(exit_switches());
    v->paused = VCPU_PAUSED_DOMAIN;
    ck_assert(exit_switches());
    v->paused = 0;
    v->blocked = true;
    ck_assert(exit_switches());
    v->blocked = false;
    ck_assert(!exit_switches());
}
END_TEST

START_TEST(events_on_the_way_out)
{
    g->traps[TRAP_NMI].address = HANDLER + 0x900;
    v->nmi_pending = true;
    g->work = WORK_NMI | WORK_SCHEDULE;
    ck_assert(exit_switches());
    ck_assert_uint_eq(g->work, WORK_NMI); /* brings it back here */
    ck_assert_uint_eq(regs->rip, CODE);
    ck_assert(!exit_switches());
    ck_assert_uint_eq(g->work, 0);
    ck_assert_uint_eq(regs->rip, HANDLER + 0x900);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        segment_bases,
        user_selector,
        user_selector_of_the_ldt,
        kernel_stack,
        iopl,
        task_switched,
        breakpoint_addresses,
        debug_status,
        debug_control,
        port_breakpoints,
        names_of_debug_registers,
        kernel_root,
        user_root,
        release_of_a_root_in_steps,
        all_roots_dropped,
        work_on_the_way_out,
        reasons_to_switch,
        events_on_the_way_out,
    };

    return FIXTURE_RUN("pv/segment", tests);
}
