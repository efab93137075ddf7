/* SPDX-License-Identifier: MIT */
/*
 * pv/trap.c, pv/fault.c, pv/callback.c and pv/nmi.c: where each exception goes, and every word of
 * the frame that the guest finds. pv/iret.c: what comes back from a frame.
 */
#include "pv/fixture.h"

#include "public/callback.h"
#include "public/nmi.h"

/* RFLAGS that ring 3 may have, all at once; and those that a handler starts without. */
#define FLAGS_ALL   UINT64_C(0x254fd7)
#define FLAGS_RESET UINT64_C(0x54100) /* TF NT RF AC */

static void raise_exception(unsigned vector, uint32_t error_code)
{
    regs->entry_vector = vector;
    regs->error_code = error_code;
    upcall_exception(g);
}

START_TEST(frame_of_the_kernel)
{
    struct bounce_frame f;
    uint64_t rsp = regs->rsp;

    regs->rcx = 0x1111;
    regs->r11 = 0x2222;
    regs->rflags = FLAGS_ALL;
    raise_exception(0, 0);
    check_at_handler(0);
    ck_assert_uint_eq(regs->rsp, (rsp & ~UINT64_C(15)) - 7 * 8);
    f = frame_read(0, NULL);
    ck_assert_uint_eq(f.rcx, 0x1111);
    ck_assert_uint_eq(f.r11, 0x2222);
    ck_assert_uint_eq(f.rip, CODE);
    ck_assert_uint_eq(f.cs, FLAT_KERNEL_CS & ~3); /* RPL 0: it was the kernel */
    ck_assert_uint_eq(f.rflags, FLAGS_ALL);
    ck_assert_uint_eq(f.rsp, rsp);
    ck_assert_uint_eq(f.ss, FLAT_KERNEL_SS);
    ck_assert_uint_eq(regs->cs, FLAT_KERNEL_CS);
    ck_assert_uint_eq(regs->ss, FLAT_KERNEL_SS);
    ck_assert_uint_eq(regs->rflags, FLAGS_ALL & ~FLAGS_RESET);
    ck_assert_uint_eq(shared_page.vcpu_info[0].evtchn_upcall_mask, 0);
    ck_assert_uint_eq(machine.toggles, 0);
}
END_TEST

START_TEST(frame_of_user_code)
{
    struct bounce_frame f;

    user_mode();
    regs->cs = FLAT_RING3_CS32;
    regs->ss = 0x33;
    trap_inject(v, 0, 0);
    check_at_handler(0);
    ck_assert(g->in_kernel);
    ck_assert_uint_eq(machine.toggles, 1);
    ck_assert_uint_eq(regs->rsp, STACK - 7 * 8);
    f = frame_read(0, NULL);
    ck_assert_uint_eq(f.cs, FLAT_RING3_CS32); /* RPL 3: it was user code */
    ck_assert_uint_eq(f.ss, 0x33);
    ck_assert_uint_eq(f.rsp, USER_STACK);
    ck_assert_uint_eq(regs->cs, FLAT_KERNEL_CS);
    ck_assert_uint_eq(regs->ss, FLAT_KERNEL_SS);
    ck_assert_uint_eq(regs->entry_vector, 0);
}
END_TEST

START_TEST(upcall_mask_in_the_frame)
{
    struct bounce_frame f;

    shared_page.vcpu_info[0].evtchn_upcall_mask = 1;
    regs->rflags = FLAG_IF | 2;
    raise_exception(0, 0);
    f = frame_read(0, NULL);
    ck_assert_uint_eq(f.cs, (FLAT_KERNEL_CS & ~3) | UINT64_C(1) << 32);
    ck_assert_uint_eq(f.rflags, 2);
    ck_assert_uint_eq(shared_page.vcpu_info[0].evtchn_upcall_mask, 1);
}
END_TEST

START_TEST(a_gate_may_mask_events)
{
    regs->rflags = 2;
    raise_exception(1, 0);
    check_at_handler(1);
    ck_assert_uint_eq(frame_read(0, NULL).rflags, FLAG_IF | 2);
    ck_assert_uint_eq(shared_page.vcpu_info[0].evtchn_upcall_mask, 1);
}
END_TEST

START_TEST(iopl_in_the_frame)
{
    iopl_set(v, 3);
    regs->rflags = FLAG_IOPL | 2; /* what the processor has does not count */
    raise_exception(0, 0);
    ck_assert_uint_eq(frame_read(0, NULL).rflags & FLAG_IOPL, 0);
    domain.vm_assist = 1u << VMASST_TYPE_architectural_iopl;
    iopl_show_all(&domain);
    raise_exception(0, 0);
    ck_assert_uint_eq(frame_read(0, NULL).rflags & FLAG_IOPL, FLAG_IOPL);
    iopl_set(v, 5); /* two bits of it */
    raise_exception(0, 0);
    ck_assert_uint_eq(frame_read(0, NULL).rflags & FLAG_IOPL, UINT64_C(1) << 12);
    ck_assert_uint_eq(regs->rflags & FLAG_IOPL, 0);
}
END_TEST

START_TEST(error_codes)
{
    static const bool has_one[32] = { [8] = true,  [10] = true, [11] = true, [12] = true,
                                      [13] = true, [14] = true, [17] = true, [21] = true };

    for (unsigned i = 0; i < 32; i++) {
        uint64_t extra = 0, rsp = regs->rsp;

        trap_inject(v, (uint8_t)i, 0x1230);
        check_at_handler(i);
        ck_assert_uint_eq(regs->rsp, (rsp & ~UINT64_C(15)) - (has_one[i] ? 8 : 7) * 8);
        (void)frame_read(has_one[i], &extra);
        ck_assert_uint_eq(extra, has_one[i] ? 0x1230 : 0);
        regs->rsp = rsp;
    }
    for (unsigned i = 32; i < 256; i++) {
        uint64_t rsp = regs->rsp;

        g->traps[i].address = HANDLER;
        trap_inject(v, (uint8_t)i, 1);
        ck_assert_uint_eq(regs->rsp, (rsp & ~UINT64_C(15)) - 7 * 8);
        regs->rsp = rsp;
    }
}
END_TEST

START_TEST(without_a_handler)
{
    g->traps[0].address = 0;
    raise_exception(0, 0);
    ck_assert_ptr_nonnull(machine.crash);
    ck_assert_uint_eq(regs->rip, CODE);
}
END_TEST

START_TEST(without_room_for_the_frame)
{
    host.fault_start = GUEST_VA;
    host.fault_end = GUEST_END;
    trap_inject(v, 0, 0);
    ck_assert_ptr_nonnull(machine.crash);
    ck_assert_uint_eq(regs->rip, CODE);
}
END_TEST

START_TEST(a_frame_the_entry_code_could_not_write)
{
    upcall_bounce_failed(g);
    ck_assert_ptr_nonnull(machine.crash);
}
END_TEST

/* ---- page faults ---- */

static uint32_t fault_at(gva_t cr2, uint32_t error_code)
{
    uint64_t extra;

    regs->error_code = error_code;
    upcall_page_fault(g, cr2);
    check_at_handler(14);
    (void)frame_read(1, &extra);
    ck_assert_uint_eq(g->cr2, cr2);
    ck_assert_uint_eq(shared_page.vcpu_info[0].arch.cr2, cr2);
    return (uint32_t)extra;
}

START_TEST(page_faults)
{
    ck_assert_uint_eq(fault_at(0x1000, 0x6), 0x2); /* both modes are ring 3: not "user" */
    ck_assert_uint_eq(fault_at(0x1004, 0x15), 0x11);
    user_mode();
    ck_assert_uint_eq(fault_at(0x1008, 0x6), 0x6);
    user_mode();
    ck_assert_uint_eq(fault_at(0x1009, 0x2), 0x6);
}
END_TEST

/* A page of the LDT, reached by a descriptor that the processor looks for in the window. */
static void ldt_give(unsigned page, uint64_t entry)
{
    ck_assert_int_eq(ldt_set(v, GUEST_VA, 1024), 0);
    machine.ldt_page = (int)page;
    machine.l1_slot = mfn_to_maddr(_mfn(20)) + 8;
    *(uint64_t *)machine_map_maddr(machine.l1_slot) = entry;
    machine.ldt_loads = 0;
}

START_TEST(first_touch_of_the_ldt)
{
    ldt_give(1, mfn_to_maddr(_mfn(21)) | 1);
    regs->error_code = 0;
    upcall_page_fault(g, HYPERVISOR_START);
    ck_assert_uint_eq(regs->rip, CODE);
    ck_assert_uint_eq(machine.ldt_loads, 1);
    ck_assert_uint_eq(machine.l1_asked, GUEST_VA + PAGE_SIZE);
    ck_assert(mfn_eq(g->ldt_frames[1], _mfn(21)));
    ck_assert_uint_eq(records[21].type_refs, 1);
    /* Once more: it is there already, so the fault is the guest's, at its own address. */
    regs->error_code = 0;
    upcall_page_fault(g, HYPERVISOR_START + 0x128);
    check_at_handler(14);
    ck_assert_uint_eq(g->cr2, GUEST_VA + PAGE_SIZE + 0x128);
}
END_TEST

START_TEST(faults_beside_the_ldt)
{
    ldt_give(0, mfn_to_maddr(_mfn(21)) | 1);
    (void)fault_at(HYPERVISOR_START - 8, 0); /* not in the hypervisor */
    (void)fault_at(HYPERVISOR_END, 0);
    (void)fault_at(HYPERVISOR_START, 1); /* not absent */
    (void)fault_at(HYPERVISOR_START, 4); /* not the processor's own access */
    machine.ldt_page = -1;
    (void)fault_at(HYPERVISOR_START, 0); /* not the window */
    ck_assert(mfn_eq(g->ldt_frames[0], MFN_INVALID));
    machine.ldt_page = 0;
    regs->error_code = 0;
    upcall_page_fault(g, HYPERVISOR_END - 8);
    ck_assert(mfn_eq(g->ldt_frames[0], _mfn(21)));
}
END_TEST

/* ---- #GP, #UD, #NM, INT n ---- */

START_TEST(general_protection)
{
    uint64_t extra;

    PUT_CODE(0xf4); /* hlt: not emulated */
    raise_exception(13, 0);
    check_at_handler(13);
    (void)frame_read(1, &extra);
    ck_assert_uint_eq(extra, 0);
    regs->rip = CODE;
    PUT_CODE(0x0f, 0x06); /* clts: emulated, but not for a bad selector */
    raise_exception(13, 0x18);
    check_at_handler(13);
    (void)frame_read(1, &extra);
    ck_assert_uint_eq(extra, 0x18);
    regs->rip = CODE;
    raise_exception(13, 0);
    ck_assert_uint_eq(regs->rip, CODE + 2);
}
END_TEST

START_TEST(software_interrupts)
{
    uint64_t extra;

    g->traps[0x80] = (struct trap_info){ .vector = 0x80, .flags = 3, .address = HANDLER + 0x800 };
    g->traps[0x81] = (struct trap_info){ .vector = 0x81, .flags = 0, .address = HANDLER + 0x810 };
    PUT_CODE(0x2e, 0xcd, 0x80);
    raise_exception(13, 0x80 << 3 | 2);
    ck_assert_uint_eq(regs->rip, HANDLER + 0x800);
    ck_assert_uint_eq(frame_read(0, NULL).rip, CODE + 3);
    regs->rip = CODE + 1; /* cannot be decoded: two bytes */
    PUT_CODE(0, 0x06);
    raise_exception(13, 0x80 << 3 | 2);
    ck_assert_uint_eq(frame_read(0, NULL).rip, CODE + 3);
    regs->rip = CODE;
    PUT_CODE(0x66, 0x0f, 0x06); /* another instruction */
    raise_exception(13, 0x80 << 3 | 2);
    ck_assert_uint_eq(frame_read(0, NULL).rip, CODE + 2);
    /* The kernel has level 1, or 0 with architectural IOPL; user code 3. */
    regs->rip = CODE;
    raise_exception(13, 0x81 << 3 | 2);
    check_at_handler(13);
    (void)frame_read(1, &extra);
    ck_assert_uint_eq(extra, 0x81 << 3 | 2);
    ck_assert_uint_eq(frame_read(1, &extra).rip, CODE);
    g->architectural_iopl = true;
    raise_exception(13, 0x81 << 3 | 2);
    ck_assert_uint_eq(regs->rip, HANDLER + 0x810);
    g->architectural_iopl = false;
    g->traps[0x81].flags = 1;
    raise_exception(13, 0x81 << 3 | 2);
    ck_assert_uint_eq(regs->rip, HANDLER + 0x810);
    g->traps[0x81].flags = 2;
    user_mode();
    raise_exception(13, 0x81 << 3 | 2);
    check_at_handler(13);
    g->traps[0x81] = (struct trap_info){ .flags = 3 };
    raise_exception(13, 0x81 << 3 | 2);
    check_at_handler(13);
    raise_exception(13, 0x80 << 3 | 3); /* not by the guest's own INT */
    check_at_handler(13);
}
END_TEST

START_TEST(invalid_opcodes)
{
    PUT_CODE(0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2);
    regs->rax = XEN_CPUID_FIRST_LEAF;
    raise_exception(6, 0);
    ck_assert_uint_eq(regs->rip, CODE + 7);
    ck_assert_uint_eq(regs->rbx, XEN_CPUID_SIGNATURE_EBX);
    PUT_CODE(0x0f, 0x0b, 'x', 'e', 'm', 0x0f, 0xa2);
    regs->rip = CODE;
    raise_exception(6, 0);
    check_at_handler(6);
    ck_assert_uint_eq(frame_read(0, NULL).rip, CODE);
    regs->rip = GUEST_VA;
    host.fault_start = GUEST_VA;
    host.fault_end = GUEST_VA + 8;
    raise_exception(6, 0);
    check_at_handler(6);
}
END_TEST

START_TEST(no_device)
{
    fpu_taskswitch(v, true);
    raise_exception(7, 0);
    check_at_handler(7);
    ck_assert_uint_eq(g->cr0_ts, 0);
    ck_assert_uint_eq(machine.ts_loads, 2);
}
END_TEST

/* ---- steps over emulated instructions ---- */

START_TEST(single_steps)
{
    regs->rflags = FLAG_TF | FLAG_RF | FLAG_IF | 2;
    trap_insn_done(v, 3);
    check_at_handler(1);
    ck_assert_uint_eq(g->dr6 & 0x4000, 0x4000);
    ck_assert_uint_eq(frame_read(0, NULL).rip, CODE + 3);
    ck_assert_uint_eq(frame_read(0, NULL).rflags, FLAG_TF | FLAG_IF | 2);
    regs->rip = CODE;
    trap_insn_done(v, 2);
    ck_assert_uint_eq(regs->rip, CODE + 2);
}
END_TEST

START_TEST(rip_of_32_bits)
{
    regs->rip = UINT64_C(0xffffffff);
    trap_insn_done(v, 2);
    ck_assert_uint_eq(regs->rip, UINT64_C(0x100000001));
    regs->rip = UINT64_C(0xffffffff);
    regs->cs = FLAT_RING3_CS32;
    trap_insn_done(v, 2);
    ck_assert_uint_eq(regs->rip, 1);
}
END_TEST

/* ---- events, NMIs, callbacks ---- */

START_TEST(event_upcall)
{
    struct vcpu_info *info = &shared_page.vcpu_info[0];

    info->evtchn_upcall_pending = 1;
    trap_deliver_event(v); /* no callback yet */
    ck_assert_uint_eq(regs->rip, CODE);
    ck_assert_int_eq(callback_register(v, CALLBACKTYPE_event, 0, HANDLER + 0x700), 0);
    info->evtchn_upcall_mask = 1;
    trap_deliver_event(v);
    ck_assert_uint_eq(regs->rip, CODE);
    info->evtchn_upcall_mask = 0;
    info->evtchn_upcall_pending = 0;
    trap_deliver_event(v);
    ck_assert_uint_eq(regs->rip, CODE);
    info->evtchn_upcall_pending = 1;
    trap_deliver_event(v);
    ck_assert_uint_eq(regs->rip, HANDLER + 0x700);
    ck_assert_uint_eq(info->evtchn_upcall_mask, 1);
    ck_assert_uint_eq(frame_read(0, NULL).rflags & FLAG_IF, FLAG_IF);
    ck_assert_uint_eq(frame_read(0, NULL).cs, FLAT_KERNEL_CS & ~3);
}
END_TEST

START_TEST(nmi_delivery)
{
    struct vcpu_info *info = &shared_page.vcpu_info[0];

    g->traps[TRAP_NMI].address = 0;
    nmi_send(v);
    ck_assert_uint_eq(machine.nr_kicks, 1);
    ck_assert(v->nmi_pending);
    ck_assert_uint_eq(g->work, WORK_NMI);
    trap_deliver_event(v); /* it waits for a handler */
    ck_assert(v->nmi_pending);
    ck_assert_uint_eq(regs->rip, CODE);
    ck_assert_int_eq(callback_register(v, CALLBACKTYPE_nmi, 0, HANDLER + 0x900), 0);
    ck_assert_int_eq(callback_register(v, CALLBACKTYPE_event, 0, HANDLER + 0x700), 0);
    info->evtchn_upcall_pending = 1; /* comes later: the NMI masks events */
    trap_deliver_event(v);
    ck_assert_uint_eq(regs->rip, HANDLER + 0x900);
    ck_assert_uint_eq(frame_read(0, NULL).rip, CODE);
    ck_assert_uint_eq(frame_read(0, NULL).cs, FLAT_KERNEL_CS & ~3);
    ck_assert_uint_eq(info->evtchn_upcall_mask, 1);
    ck_assert(!v->nmi_pending);
    trap_deliver_event(v);
    ck_assert_uint_eq(regs->rip, HANDLER + 0x900);
}
END_TEST

START_TEST(hardware_nmi)
{
    static const struct {
        uint32_t port, reasons;
    } seen[] = {
        { 0xff, XEN_NMIREASON_unknown },
        { 0x3f, XEN_NMIREASON_unknown },
        { 0x80, XEN_NMIREASON_pci_serr },
        { 0x40, XEN_NMIREASON_io_error },
        { 0xc0, XEN_NMIREASON_pci_serr | XEN_NMIREASON_io_error },
    };

    upcall_nmi(true); /* no dom0 yet */
    control_domain = &domain;
    g->traps[TRAP_NMI].address = 0;
    upcall_nmi(true); /* no handler yet */
    ck_assert(!v->nmi_pending);
    g->traps[TRAP_NMI].address = HANDLER;
    for (unsigned i = 0; i < ARRAY_SIZE(seen); i++) {
        v->nmi_pending = false;
        shared_page.arch.nmi_reason = 0;
        machine.in_value = seen[i].port;
        upcall_nmi(i & 1);
        ck_assert(v->nmi_pending);
        ck_assert_uint_eq(machine.io.port, 0x61);
        ck_assert_uint_eq(machine.io.bytes, 1);
        ck_assert_uint_eq(shared_page.arch.nmi_reason, seen[i].reasons);
    }
    domain.vcpu[0] = NULL;
    upcall_nmi(true);
    domain.vcpu[0] = v;
}
END_TEST

START_TEST(callbacks)
{
    static const struct {
        uint16_t type;
        size_t where;
    } known[] = {
        { CALLBACKTYPE_event, offsetof(struct guest_cpu, event_cb) },
        { CALLBACKTYPE_failsafe, offsetof(struct guest_cpu, failsafe_cb) },
        { CALLBACKTYPE_syscall, offsetof(struct guest_cpu, syscall_cb) },
        { CALLBACKTYPE_syscall32, offsetof(struct guest_cpu, syscall32_cb) },
        { CALLBACKTYPE_sysenter, offsetof(struct guest_cpu, sysenter_cb) },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(known); i++) {
        const struct guest_callback *cb = (const void *)((char *)g + known[i].where);

        ck_assert_int_eq(callback_register(v, known[i].type, CALLBACKF_mask_events, 0x1000 + i), 0);
        ck_assert_uint_eq(cb->rip, 0x1000 + i);
        ck_assert(cb->mask_events);
        ck_assert_int_eq(callback_register(v, known[i].type, 0, 0x2000 + i), 0);
        ck_assert(!cb->mask_events);
        ck_assert_int_eq(callback_register(v, known[i].type, 0, NOT_CANONICAL), -EINVAL);
        ck_assert_uint_eq(cb->rip, 0x2000 + i);
        ck_assert_int_eq(callback_unregister(v, known[i].type), -EINVAL);
    }
    ck_assert_uint_eq(g->event_cb.rip, 0x2000);
    for (uint16_t none = 8; none < 11; none++) {
        ck_assert_int_eq(callback_register(v, none, 0, 0x1000), -ENOSYS);
        ck_assert_int_eq(callback_unregister(v, none), -ENOSYS);
    }
    ck_assert_int_eq(callback_register(&vcpus[1], CALLBACKTYPE_event, 0, 0x1000), 0);
}
END_TEST

/* Two names of one thing: what is set by one is seen by the other. */
START_TEST(nmi_callback_is_a_trap)
{
    const struct trap_info *ti = &g->traps[TRAP_NMI];

    ck_assert_int_eq(callback_register(v, CALLBACKTYPE_nmi, 0, 0x1000), 0);
    ck_assert_uint_eq(ti->address, 0x1000);
    ck_assert_uint_eq(ti->vector, TRAP_NMI);
    ck_assert_uint_eq(ti->cs, FLAT_KERNEL_CS);
    ck_assert(TI_GET_IF(ti));
    ck_assert_uint_eq(TI_GET_DPL(ti), 0);
    ck_assert_int_eq(callback_register(v, CALLBACKTYPE_nmi, 0, NOT_CANONICAL), -EINVAL);
    ck_assert_uint_eq(ti->address, 0x1000);
    ck_assert_int_eq(callback_unregister(v, CALLBACKTYPE_nmi), 0);
    ck_assert_uint_eq(ti->address, 0);
    ck_assert_int_eq(trap_set(v, &(struct trap_info){ TRAP_NMI, 4, FLAT_KERNEL_CS, 0x2000 }), 0);
    v->nmi_pending = true;
    trap_deliver_event(v);
    ck_assert_uint_eq(regs->rip, 0x2000);
}
END_TEST

START_TEST(callback_from_user_code)
{
    user_mode();
    shared_page.vcpu_info[0].evtchn_upcall_mask = 1;
    upcall_callback(g, &(struct guest_callback){ HANDLER + 0x500, false });
    ck_assert_uint_eq(regs->rip, HANDLER + 0x500);
    ck_assert_uint_eq(frame_read(0, NULL).cs >> 32, 1);
    shared_page.vcpu_info[0].evtchn_upcall_mask = 0;
    upcall_callback(g, &(struct guest_callback){ HANDLER + 0x510, true });
    ck_assert_uint_eq(frame_read(0, NULL).cs >> 32, 0);
    ck_assert_uint_eq(shared_page.vcpu_info[0].evtchn_upcall_mask, 1);
}
END_TEST

START_TEST(failsafe)
{
    uint64_t extra[4];

    g->failsafe_cb = (struct guest_callback){ HANDLER + 0x600, true };
    g->ds = 1, g->es = 2, g->fs = 3, g->gs = 4;
    upcall_failsafe(g);
    ck_assert_uint_eq(regs->rip, HANDLER + 0x600);
    (void)frame_read(4, extra);
    for (unsigned i = 0; i < 4; i++)
        ck_assert_uint_eq(extra[i], i + 1);
    ck_assert_uint_eq(frame_read(4, extra).ss, FLAT_KERNEL_SS);
    ck_assert_uint_eq(shared_page.vcpu_info[0].evtchn_upcall_mask, 1);
}
END_TEST

START_TEST(failsafe_comes_once)
{
    g->failsafe_cb = (struct guest_callback){ HANDLER + 0x600, true };
    g->segments_bad = true;
    upcall_failsafe(g);
    ck_assert(!g->segments_bad);
}
END_TEST

/* What IRETQ refuses is its exception, whatever instruction stands where the frame goes. */
START_TEST(iretq_refused)
{
    static const uint64_t errors[] = { 0, 0x18 };
    uint64_t extra[1];

    for (unsigned i = 0; i < ARRAY_SIZE(errors); i++) {
        regs->rip = NOT_CANONICAL;
        regs->entry_vector = 13;
        regs->error_code = (uint32_t)errors[i];
        upcall_iretq_refused(g);
        check_at_handler(13);
        ck_assert_uint_eq(frame_read(1, extra).rip, NOT_CANONICAL);
        ck_assert_uint_eq(extra[0], errors[i]);
    }
}
END_TEST

/* ---- trap tables ---- */

START_TEST(trap_tables_set)
{
    struct trap_info info = { .vector = 0x90, .flags = 7, .cs = 0x1234, .address = 0x5000 };

    ck_assert_int_eq(trap_set(v, &info), 0);
    ck_assert_mem_eq(&g->traps[0x90], &info, sizeof(info));
    info.address = NOT_CANONICAL;
    ck_assert_int_eq(trap_set(v, &info), -EINVAL);
    ck_assert_uint_eq(g->traps[0x90].address, 0x5000);
    info = g->traps[255] = g->traps[0x90];
    trap_reset(v);
    for (unsigned i = 0; i < 256; i++) {
        ck_assert_uint_eq(g->traps[i].address, 0);
        ck_assert_uint_eq(g->traps[i].vector, i);
        ck_assert_uint_eq(g->traps[i].flags, 0);
    }
}
END_TEST

/* ---- iret ---- */

static struct iret_context *iret_frame(void)
{
    struct iret_context *f = (struct iret_context *)(STACK - 0x200);

    *f = (struct iret_context){ .rax = 0xa,
                                .r11 = 0xb,
                                .rcx = 0xc,
                                .rip = CODE + 0x40,
                                .cs = FLAT_KERNEL_CS & ~3,
                                .rflags = UINT64_MAX,
                                .rsp = STACK - 0x300,
                                .ss = 0xe028 };
    regs->rsp = (uint64_t)f;
    return f;
}

START_TEST(iret_to_the_kernel)
{
    (void)iret_frame();
    shared_page.vcpu_info[0].evtchn_upcall_mask = 1;
    upcall_iret(g);
    ck_assert_ptr_null(machine.crash);
    ck_assert_uint_eq(regs->rip, CODE + 0x40);
    ck_assert_uint_eq(regs->cs, FLAT_KERNEL_CS);
    ck_assert_uint_eq(regs->ss, 0xe02b);
    ck_assert_uint_eq(regs->rsp, STACK - 0x300);
    ck_assert_uint_eq(regs->rflags, FLAGS_ALL); /* no IOPL, no VM */
    ck_assert_uint_eq(regs->rax, 0xa);
    ck_assert_uint_eq(regs->r11, 0xb);
    ck_assert_uint_eq(regs->rcx, 0xc);
    ck_assert_uint_eq(regs->entry_vector, 0);
    ck_assert_uint_eq(shared_page.vcpu_info[0].evtchn_upcall_mask, 0);
    ck_assert_uint_eq(machine.toggles, 0);
    ck_assert_uint_eq(g->iopl, 0);
}
END_TEST

START_TEST(iret_to_user_code)
{
    struct iret_context *f = iret_frame();

    f->cs = FLAT_RING3_CS64;
    f->rflags = 0;
    upcall_iret(g);
    ck_assert_uint_eq(machine.toggles, 1);
    ck_assert(!g->in_kernel);
    ck_assert_uint_eq(regs->rflags, FLAG_IF | 2);
    ck_assert_uint_eq(shared_page.vcpu_info[0].evtchn_upcall_mask, 1);
}
END_TEST

START_TEST(iret_errors)
{
    struct iret_context *f = iret_frame();
    uint64_t extra;

    f->rip = NOT_CANONICAL;
    upcall_iret(g);
    check_at_handler(13);
    ck_assert_uint_eq(frame_read(1, &extra).rip, NOT_CANONICAL);
    ck_assert_uint_eq(extra, 0);
    f = iret_frame();
    f->cs = FLAT_RING3_CS64;
    g->cr3_user = 0;
    regs->rip = CODE;
    upcall_iret(g);
    ck_assert_ptr_nonnull(machine.crash);
    ck_assert_uint_eq(machine.toggles, 0);
    ck_assert_uint_eq(regs->rip, CODE);
    machine.crash = NULL;
    host.fault_start = (gva_t)f;
    host.fault_end = (gva_t)(f + 1);
    upcall_iret(g);
    ck_assert_ptr_nonnull(machine.crash);
    ck_assert_uint_eq(regs->rip, CODE);
}
END_TEST

START_TEST(iret_with_iopl)
{
    struct iret_context *f = iret_frame();

    domain.vm_assist = 1u << VMASST_TYPE_architectural_iopl;
    iopl_show_all(&domain);
    f->rflags = UINT64_C(2) << 12;
    upcall_iret(g);
    ck_assert_uint_eq(g->iopl, 2);
    ck_assert_uint_eq(g->frame_iopl, UINT64_C(2) << 12);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        frame_of_the_kernel,
        frame_of_user_code,
        upcall_mask_in_the_frame,
        a_gate_may_mask_events,
        iopl_in_the_frame,
        error_codes,
        without_a_handler,
        without_room_for_the_frame,
        a_frame_the_entry_code_could_not_write,
        page_faults,
        first_touch_of_the_ldt,
        faults_beside_the_ldt,
        general_protection,
        software_interrupts,
        invalid_opcodes,
        no_device,
        single_steps,
        rip_of_32_bits,
        event_upcall,
        nmi_delivery,
        hardware_nmi,
        nmi_callback_is_a_trap,
        callbacks,
        callback_from_user_code,
        failsafe,
        failsafe_comes_once,
        iretq_refused,
        trap_tables_set,
        iret_to_the_kernel,
        iret_to_user_code,
        iret_errors,
        iret_with_iopl,
    };

    return FIXTURE_RUN("pv/trap", tests);
}
