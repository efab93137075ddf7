/* SPDX-License-Identifier: MIT */
/*
 * Exceptions, upcalls and software interrupts as a PV kernel sees them. One function, bounce(),
 * builds the frame of the ABI; everything else decides what goes into it. The hot cases never come
 * here: entry.S bounces them by the same rules.
 *
 * A frame goes to the kernel stack, on the current one if the kernel ran and on the stack_switch()
 * one if user code did. A kernel whose stack cannot take a frame has broken itself beyond reply.
 */
#include "pv/trap.h"

#include "core/domain.h"
#include "mm/guest.h"
#include "pv/guest_cpu.h"
#include "lib/errno.h"
#include "x86/upcall.h"

#define FLAG_TF   (UINT64_C(1) << 8)
#define FLAG_IF   (UINT64_C(1) << 9)
#define FLAG_IOPL (UINT64_C(3) << 12)
#define FLAG_NT   (UINT64_C(1) << 14)
#define FLAG_RF   (UINT64_C(1) << 16)
#define FLAG_VM   (UINT64_C(1) << 17)
#define FLAG_AC   (UINT64_C(1) << 18)
#define FLAGS_KEPT_IN_RING_3 UINT64_C(0x254dd5) /* status flags, TF, DF, NT, RF, AC, ID */

#define DR6_SINGLE_STEP (UINT64_C(1) << 14)
#define PF_USER         0x4u
#define ERROR_FROM_IDT  0x2u /* error code: the fault was about an IDT entry */
#define ERROR_EXTERNAL  0x1u

enum { DB = 1, UD = 6, NM = 7, GP = 13, PF = 14 };
/* #DF #TS #NP #SS #GP #PF #AC #CP push an error code. */
#define VECTORS_WITH_ERROR ((1u << 8) | (0x1fu << 10) | (1u << 17) | (1u << 21))

#define FRAME_WORDS_MAX 11

uint64_t rflags_fix(uint64_t rflags)
{
    return (rflags & FLAGS_KEPT_IN_RING_3) | FLAG_IF | 2;
}

/*
 * Continue v at `handler` with the frame rcx, r11, extra, rip, cs, rflags, rsp, ss. The upcall
 * mask in the frame is `masked`; upcalls are masked from here on if `mask_events`.
 */
static void bounce(struct vcpu *v, gva_t handler, bool masked, bool mask_events,
                   const uint64_t *extra, unsigned nr_extra)
{
    struct guest_cpu *g = &v->arch;
    struct guest_regs *regs = &g->regs;
    uint64_t frame[FRAME_WORDS_MAX], rsp;
    unsigned n = 0;

    if (handler == 0) {
        domain_crash(v->domain, "exception without a handler");
        return;
    }
    frame[n++] = regs->rcx;
    frame[n++] = regs->r11;
    for (unsigned i = 0; i < nr_extra; i++)
        frame[n++] = extra[i];
    frame[n++] = regs->rip;
    frame[n++] = (g->in_kernel ? regs->cs & ~3u : regs->cs) | (masked ? UINT64_C(1) << 32 : 0);
    /* IF is the inverse of the upcall mask, IOPL the virtual one. */
    frame[n++] = (regs->rflags & ~(FLAG_IF | FLAG_IOPL)) | READ_ONCE(g->frame_iopl) |
                 (masked ? 0 : FLAG_IF);
    frame[n++] = regs->rsp;
    frame[n++] = regs->ss;

    rsp = ((g->in_kernel ? regs->rsp : g->kernel_rsp) & ~UINT64_C(15)) - n * sizeof(frame[0]);
    if (!g->in_kernel)
        machine_toggle_mode(g);
    if (copy_to_guest(guest_ptr(rsp), frame, n * sizeof(frame[0])) != 0) {
        domain_crash(v->domain, "exception frame does not fit on the kernel stack");
        return;
    }
    regs->rip = handler;
    /* As in Xen, 64-bit handlers run in the flat segment whatever their entry names. */
    regs->cs = selector_fix(FLAT_KERNEL_CS);
    regs->ss = FLAT_KERNEL_SS;
    regs->rsp = rsp;
    regs->rflags = rflags_fix(regs->rflags & ~(FLAG_AC | FLAG_VM | FLAG_RF | FLAG_NT | FLAG_TF));
    regs->entry_vector = 0; /* rcx and r11 count: no way back by SYSRET */
    if (mask_events)
        WRITE_ONCE(g->info->evtchn_upcall_mask, 1);
}

static bool is_masked(const struct vcpu *v)
{
    return READ_ONCE(v->arch.info->evtchn_upcall_mask) != 0;
}

/* Through the guest's trap table; has_error decides about the extra word. */
static void inject(struct vcpu *v, uint8_t vector, bool has_error, uint32_t error_code)
{
    const struct trap_info *ti = &v->arch.traps[vector];
    uint64_t extra = error_code;

    bounce(v, ti->address, is_masked(v), TI_GET_IF(ti), &extra, has_error);
}

void trap_inject(struct vcpu *v, uint8_t vector, uint32_t error_code)
{
    inject(v, vector, vector < 32 && (VECTORS_WITH_ERROR >> vector) & 1, error_code);
}

void trap_inject_page_fault(struct vcpu *v, gva_t cr2, uint32_t error_code)
{
    /* Both guest modes are ring 3; the guest's handler wants to know which of its own it was. */
    error_code = (error_code & ~PF_USER) | (v->arch.in_kernel ? 0 : PF_USER);
    v->arch.cr2 = cr2;
    WRITE_ONCE(v->arch.info->arch.cr2, cr2);
    inject(v, PF, true, error_code);
}

void trap_insn_done(struct vcpu *v, unsigned length)
{
    struct guest_regs *regs = &v->arch.regs;
    bool is_64;

    (void)code_address(v, &is_64);
    regs->rip += length;
    if (!is_64)
        regs->rip = (uint32_t)regs->rip;
    regs->rflags &= ~FLAG_RF;
    if (regs->rflags & FLAG_TF) {
        v->arch.dr6 |= DR6_SINGLE_STEP;
        trap_inject(v, DB, 0);
    }
}

void trap_deliver_event(struct vcpu *v)
{
    struct guest_cpu *g = &v->arch;

    if (vcpu_nmi_deliverable(v)) {
        WRITE_ONCE(v->nmi_pending, false);
        bounce(v, g->traps[TRAP_NMI].address, is_masked(v), true, NULL, 0);
    }
    if (g->event_cb.rip != 0 && READ_ONCE(g->info->evtchn_upcall_pending) && !is_masked(v))
        bounce(v, g->event_cb.rip, false, true, NULL, 0);
}

int trap_set(struct vcpu *v, const struct trap_info *info)
{
    struct trap_info *ti = &v->arch.traps[info->vector];

    if (!is_canonical(info->address))
        return -EINVAL;
    *ti = *info;
    return 0;
}

void trap_reset(struct vcpu *v)
{
    for (unsigned i = 0; i < 256; i++)
        v->arch.traps[i] = (struct trap_info){ .vector = (uint8_t)i };
}

/*
 * #GP about a gate: all gates of the real table are closed to ring 3, so INT n comes this way. It
 * is two bytes unless somebody put prefixes in front.
 */
static bool soft_interrupt(struct vcpu *v, uint8_t vector)
{
    const struct trap_info *ti = &v->arch.traps[vector];
    struct insn in;

    if (ti->address == 0 || TI_GET_DPL(ti) < guest_level(&v->arch))
        return false;
    v->arch.regs.rip += insn_fetch(v, &in) && in.opcode == 0xcd ? in.length : 2;
    inject(v, vector, false, 0);
    return true;
}

static void general_protection(struct vcpu *v, uint32_t error_code)
{
    if ((error_code & (ERROR_FROM_IDT | ERROR_EXTERNAL)) == ERROR_FROM_IDT) {
        if (soft_interrupt(v, (uint8_t)(error_code >> 3)))
            return;
    } else if (error_code == 0 && emulate_privileged(v)) {
        return;
    }
    trap_inject(v, GP, error_code);
}

void upcall_exception(struct guest_cpu *g)
{
    struct vcpu *v = (struct vcpu *)g;
    uint8_t vector = (uint8_t)g->regs.entry_vector;
    uint32_t error_code = g->regs.error_code;

    switch (vector) {
    case GP:
        general_protection(v, error_code);
        break;
    case UD:
        if (!emulate_invalid_op(v))
            trap_inject(v, UD, 0);
        break;
    case NM:
        trap_inject(v, NM, 0);
        fpu_taskswitch(v, false); /* so that the handler may use the FPU at once */
        break;
    default:
        trap_inject(v, vector, error_code);
    }
}

void upcall_callback(struct guest_cpu *g, const struct guest_callback *callback)
{
    struct vcpu *v = (struct vcpu *)g;

    bounce(v, callback->rip, is_masked(v), callback->mask_events, NULL, 0);
}

void upcall_bounce_failed(struct guest_cpu *g)
{
    domain_crash(((struct vcpu *)g)->domain, "exception frame does not fit on the kernel stack");
}

/*
 * A data selector did not load: the failsafe frame shows all four as they were wanted, and the
 * processor has a null one where it refused. By the difference the guest knows that it may try
 * again. Once: null ones load.
 */
void upcall_failsafe(struct guest_cpu *g)
{
    struct vcpu *v = (struct vcpu *)g;
    const uint64_t extra[4] = { g->ds, g->es, g->fs, g->gs };

    g->segments_bad = false;
    bounce(v, g->failsafe_cb.rip, is_masked(v), g->failsafe_cb.mask_events, extra,
           ARRAY_SIZE(extra));
}

/*
 * Nothing is emulated: the instruction there has not begun. A kernel gets what its own IRETQ would
 * raise, but from where it wanted to go.
 */
void upcall_iretq_refused(struct guest_cpu *g)
{
    trap_inject((struct vcpu *)g, (uint8_t)g->regs.entry_vector, g->regs.error_code);
}
