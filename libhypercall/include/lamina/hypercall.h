/* SPDX-License-Identifier: MIT */
/*
 * The hypercall transport of a guest kernel: SYSCALL with the number in RAX and up to six arguments
 * in RDI, RSI, RDX, R10, R8, R9; the result is in RAX, and RCX and R11 are lost.
 * Behind it stand the typed wrappers, one per row of hypercalls.tbl, each with its contract.
 *
 * Common to the four calls here: `nr` is a __HYPERVISOR_* number, a0, a1, a2, a3, a4
 * and a5 the arguments in order.
 * Source: the hypercall convention of the Xen x86-64 PV ABI; docs/hypercalls.md.
 */
#ifndef LAMINA_HYPERCALL_H
#define LAMINA_HYPERCALL_H

#include <stdint.h>

/*
 * Makes a hypercall with six arguments, by SYSCALL straight from the caller. For those that the
 * generated wrappers do not serve; the macros give the ones without need of an asm of their own.
 * Returns its result; -XEN_ENOSYS: there is no such call, or what the call itself says.
 */
static inline long _hypercall6(unsigned long nr, unsigned long a0, unsigned long a1,
                               unsigned long a2, unsigned long a3, unsigned long a4,
                               unsigned long a5)
{
    register unsigned long r10 __asm__("r10") = a3;
    register unsigned long r8 __asm__("r8") = a4;
    register unsigned long r9 __asm__("r9") = a5;

    __asm__ volatile("syscall"
                     : "+a"(nr), "+D"(a0), "+S"(a1), "+d"(a2), "+r"(r10), "+r"(r8), "+r"(r9)
                     :
                     : "rcx", "r11", "memory");
    return (long)nr;
}

#define _hypercall5(nr, a, b, c, d, e) _hypercall6(nr, a, b, c, d, e, 0)
#define _hypercall4(nr, a, b, c, d)    _hypercall5(nr, a, b, c, d, 0)
#define _hypercall3(nr, a, b, c)       _hypercall4(nr, a, b, c, 0)

/*
 * The same with two: no register is loaded in vain. Returns its result; -XEN_ENOSYS: no such call.
 */
static inline long _hypercall2(unsigned long nr, unsigned long a0, unsigned long a1)
{
    /* A continued call may leave anything in the argument registers: they count as changed. */
    __asm__ volatile("syscall" : "+a"(nr), "+D"(a0), "+S"(a1) : : "rcx", "r11", "memory");
    return (long)nr;
}

/* The same with one. Returns its result; -XEN_ENOSYS: no such call. */
static inline long _hypercall1(unsigned long nr, unsigned long a0)
{
    return _hypercall2(nr, a0, 0);
}

/* The same with none. Returns its result; -XEN_ENOSYS: no such call. */
static inline long _hypercall0(unsigned long nr)
{
    return _hypercall2(nr, 0, 0);
}

/* A guest kernel's memory stays where it is: structures pass by their own address. */
#define _hypercall_stage(pointer, size)            ((unsigned long)(pointer))
#define _hypercall_unstage(pointer, address, size) ((void)0)

#include "hypercall_wrappers.h"

#endif
