/* SPDX-License-Identifier: MIT */
/*
 * Exceptions, system calls and events of a guest kernel. The entry stubs (src/entry.S) turn the
 * hypervisor's bounce frame into a struct trap_frame, call the handler, and leave by the iret
 * hypercall; a handler may change any register of the frame.
 * Source: struct trap_info and the bounce frame of the Xen x86-64 PV ABI (docs/pv-rules.md);
 * hypercalls 0 (set_trap_table), 23 (iret) and 30 (callback_op).
 */
#ifndef LAMINA_TRAP_H
#define LAMINA_TRAP_H

#include <stdbool.h>
#include <stdint.h>

#include "public/xen.h"

#define VCPUS_MAX 4 /* that this library's stubs serve */

#define TRAP_SYSCALL  32 /* a SYSCALL from user mode */
#define TRAP_EVENT    33 /* the event upcall */
#define TRAP_FAILSAFE 34 /* the failsafe callback; its four selectors are dropped */
#define TRAPS         35

struct trap_frame {
    uint64_t r15, r14, r13, r12, r10, r9, r8, rbp, rdi, rsi, rdx, rbx, rax;
    uint64_t vector; /* low byte; above it, for TRAP_EVENT, the vCPU */
    uint64_t rcx, r11, error_code;
    uint64_t rip;
    uint32_t cs, saved_mask; /* saved_mask: event mask before the upcall masked it */
    uint64_t rflags, rsp, ss;
};

typedef void (*trap_handler)(struct trap_frame *frame);

/* Registers the stubs of all exceptions (DPL 0, but 3 for #BP and #OF), of system calls, events and
 * the failsafe callback; once, before anything may trap. */
void trap_init(void);
/* Sets the `handler` of a `vector`, 0..31 or TRAP_*, for all vCPUs; NULL is the default, which says
 * what happened and ends the domain. */
void trap_handle(unsigned vector, trap_handler handler);
/*
 * Registers `vector` (0..31) of the calling vCPU once more, with `flags`: the low two bits are the
 * DPL for INT, bit 2 masks upcalls at entry. Vcpus that start later take it over. Returns 0; the
 * call cannot fail with an address of ours.
 */
long trap_register(unsigned vector, uint8_t flags);

/* Fills the entry points of `context` for `vcpu` (1..VCPUS_MAX - 1) that is about to be started;
 * vcpu_start() does it. */
void trap_fill_context(unsigned vcpu, struct vcpu_guest_context *context);

/* Returns whether `frame` was made in user mode. */
static inline bool trap_from_user(const struct trap_frame *frame)
{
    return (frame->cs & 3) == 3;
}

/* Continues in user mode at `rip` on the stack `rsp`; comes back only by a trap, on the stack of
 * hypercall_stack_switch(). Needs a user page table (MMUEXT_NEW_USER_BASEPTR). */
void user_enter(uint64_t rip, uint64_t rsp) __attribute__((noreturn));

#endif
