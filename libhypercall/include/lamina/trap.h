/* SPDX-License-Identifier: MIT */
/*
 * Exceptions, system calls and events of a guest kernel. The entry stubs (src/entry.S) turn the
 * hypervisor's bounce frame into a struct trap_frame, call the handler, and leave by the iret
 * hypercall; a handler may change any register of the frame.
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

/* Register the stubs of all exceptions (DPL 0, but 3 and 4), system call and event callbacks. */
void trap_init(void);
/* Handler for a vector 0..31 or TRAP_*; NULL: the default, which reports and ends the domain. */
void trap_handle(unsigned vector, trap_handler handler);
/* Register `vector` with the hypervisor under these flags (low two bits DPL, bit 2 masks). */
long trap_register(unsigned vector, uint8_t flags);

/* The same stubs for a vCPU that is about to be started (vcpu.h does it). */
void trap_fill_context(unsigned vcpu, struct vcpu_guest_context *context);

/* Was the frame made in user mode? */
static inline bool trap_from_user(const struct trap_frame *frame)
{
    return (frame->cs & 3) == 3;
}

/* Continue in user mode at rip on rsp; comes back only by a trap. Needs a user page table. */
void user_enter(uint64_t rip, uint64_t rsp) __attribute__((noreturn));

#endif
