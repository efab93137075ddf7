/* SPDX-License-Identifier: MIT */
/*
 * What a micro-guest says: one outcome, after any number of checks. A guest is one page of code,
 * `void test_main(void)`; the framework prints `LAMINA-GUEST <outcome>` and ends the domain.
 *
 *   success  every check held
 *   skip     this machine or hypervisor does not offer what is tested; the reason is printed
 *   failure  a check did not hold: the hypervisor is wrong
 *   error    the test itself could not be carried out
 */
#ifndef TESTS_GUEST_CHECK_H
#define TESTS_GUEST_CHECK_H

#include <stddef.h>

#include "lamina/console.h"
#include "lamina/event.h"
#include "lamina/hypercall.h"
#include "lamina/paging.h"
#include "lamina/start.h"
#include "lamina/trap.h"
#include "public/errno.h"

void test_main(void);

void test_failure(const char *file, int line, const char *what, long got, long wanted);
void test_skip(const char *why) __attribute__((noreturn));
/* Are we dom0? A guest that makes no sense elsewhere calls the second at its begin. */
bool test_is_dom0(void);
void test_needs_dom0(void);
/* Skips on other hypervisors, which do not promise what follows: say why. */
void test_needs_lamina(const char *why);
/* The number of the domain that this is. */
domid_t test_self(void);
void test_error(const char *what, long result) __attribute__((noreturn));

/* The check: both values are printed when they differ; the guest goes on. */
#define CHECK(got, wanted)                                                                   \
    do {                                                                                     \
        long got_ = (long)(got), wanted_ = (long)(wanted);                                   \
        if (got_ != wanted_)                                                                 \
            test_failure(__FILE__, __LINE__, #got, got_, wanted_);                           \
        else                                                                                 \
            test_checks++;                                                                   \
    } while (0)
/*
 * An attempt on frames that must be refused. Xen answers EBUSY where a mapping or a type stands in
 * the way and EINVAL or EPERM elsewhere; no caller tells them apart, so neither does this.
 */
#define CHECK_REFUSED(call)                                                                  \
    do {                                                                                     \
        long got_ = (long)(call);                                                            \
        if (got_ != -XEN_EINVAL && got_ != -XEN_EBUSY && got_ != -XEN_EPERM)                 \
            test_failure(__FILE__, __LINE__, #call, got_, -XEN_EINVAL);                      \
        else                                                                                 \
            test_checks++;                                                                   \
    } while (0)
/* What only dom0 may do: others must get -EPERM whatever they ask for. */
#define CHECK_DOM0(call, wanted) CHECK(call, test_is_dom0() ? (wanted) : -XEN_EPERM)
/*
 * An operation on a domain that does not exist. Others than dom0 may be told that they may not act
 * on it, which says less.
 */
#define CHECK_NOBODY(call)                                                                   \
    do {                                                                                     \
        long got_ = (long)(call);                                                            \
        if (got_ != -XEN_ESRCH && (got_ != -XEN_EPERM || test_is_dom0()))                    \
            test_failure(__FILE__, __LINE__, #call, got_, -XEN_ESRCH);                       \
        else                                                                                 \
            test_checks++;                                                                   \
    } while (0)
/* Set-up that must work before anything can be tested. */
#define NEED(call)                                                                           \
    do {                                                                                     \
        long result_ = (long)(call);                                                         \
        if (result_)                                                                         \
            test_error(#call, result_);                                                      \
    } while (0)

extern unsigned long test_checks;

/*
 * Run `code(arg)` in guest kernel mode and catch one exception: its vector, or -1 when none came.
 * The last frame is kept. Vectors must have been registered by trap_init() (the framework does).
 */
long test_catch(void (*code)(void *arg), void *arg);
extern struct trap_frame test_caught;
extern const struct trap_frame *test_caught_at; /* where it lay on the stack */
extern char test_trap_stack_end[];            /* the stack that test_iret() gives */

/* Read or write one byte there: -1, or the vector of the exception (frame: test_caught). */
long test_read(const volatile void *address);
long test_write(volatile void *address);
/* Leave by the iret hypercall with this frame: the vector of the next trap, which for user mode may
 * be TRAP_SYSCALL. Traps from user mode land on a stack that only test_iret() uses. */
long test_iret(const struct iret_context *context);
/* System time in ns, by the clock of vCPU 0 (needs event_init()). */
uint64_t test_now(void);

/* A page of one's own, in .bss: mapped writable, and initially zero. */
#define PAGE __attribute__((aligned(4096)))

/* A second L4 with the kernel's mappings as user page table, pinned and installed. */
void test_user_tables(void);
uint64_t test_user_root(void); /* its frame */
/* Leave user mode from a trap handler: the frame goes on at `resume`, on the boot stack. */
void test_leave_user(struct trap_frame *frame, void (*resume)(void));

#endif
