/* SPDX-License-Identifier: MIT */
/*
 * Start of day: src/start.S sets a stack of 16 KiB, keeps the start info, and calls guest_main().
 * Source: struct start_info (public/xen.h), public/elfnote.h; docs/abi.md, "How a domain starts".
 */
#ifndef LAMINA_START_H
#define LAMINA_START_H

#include "public/xen.h"

/* The virtual address of pseudo-physical frame 0; the initial mapping is linear from here on. */
#define VIRT_BASE 0xffffffff80000000UL

extern struct start_info *start_info;
extern uint64_t start_tsc; /* the time stamp counter at the guest's first instruction */

/* The guest's program, which the caller of this library writes: it runs on vCPU 0 with upcalls
 * masked. When it returns the domain powers off. */
void guest_main(void);

/* Ends this domain for `reason`, a SHUTDOWN_* code of public/sched.h; does not return. */
void guest_shutdown(unsigned reason) __attribute__((noreturn));

#endif
