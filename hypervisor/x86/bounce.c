/* SPDX-License-Identifier: MIT */
/*
 * The rare ways into a guest kernel that entry.S leaves to C: 32-bit SYSCALL, SYSENTER, and an
 * INT 0x80 that the guest's trap table refuses. All leave by the full exit path.
 */
#include "x86/bounce.h"
#include "x86/cpu.h"
#include "x86/upcall.h"

#define VECTOR_UD 6
#define VECTOR_GP 13

static void exception_raise(struct guest_cpu *g, uint32_t vector, uint32_t error, unsigned back)
{
    g->regs.entry_vector = vector;
    g->regs.error_code = error;
    g->regs.rip -= back;
    upcall_exception(g);
}

/* From user mode to a callback, with the frame of seven words. */
static void callback_bounce(struct guest_cpu *g, const struct guest_callback *callback)
{
    struct guest_regs *r = &g->regs;
    const uint8_t mask = g->info->evtchn_upcall_mask != 0;
    const uint64_t flags = r->rflags & ~(uint64_t)(EFLAGS_IF | EFLAGS_IOPL);
    const uint64_t frame[7] = {
        r->rcx, r->r11, r->rip, r->cs | (uint64_t)mask << 32,
        flags | g->frame_iopl | (mask ? 0 : EFLAGS_IF), r->rsp, r->ss,
    };

    machine_toggle_mode(g);
    if (machine_copy_to_guest(g->bounce_rsp, frame, sizeof(frame))) {
        upcall_bounce_failed(g);
        return;
    }
    if (callback->mask_events)
        g->info->evtchn_upcall_mask = 1;
    r->rip = callback->rip;
    r->cs = SEL_USER_CS;
    r->ss = SEL_USER_DS;
    r->rsp = g->bounce_rsp;
    r->rflags = EFLAGS_ALWAYS;
}

void syscall32_bounce(struct guest_cpu *g)
{
    if (g->in_kernel || !g->syscall32_cb.rip)
        exception_raise(g, VECTOR_UD, 0, 2);
    else
        callback_bounce(g, &g->syscall32_cb);
}

void sysenter_bounce(struct guest_cpu *g)
{
    if (g->in_kernel || !g->sysenter_cb.rip)
        exception_raise(g, VECTOR_GP, 0, 0);
    else
        callback_bounce(g, &g->sysenter_cb);
}

void int80_refuse(struct guest_cpu *g)
{
    exception_raise(g, VECTOR_GP, 0x80 * 8 + 2, 2);
}
