/* SPDX-License-Identifier: MIT */
/*
 * What the machine layer asks of the layers above: the only calls that go up. Each is defined once,
 * above x86/. All run with interrupts off on the CPU's own stack.
 */
#ifndef LAMINA_X86_UPCALL_H
#define LAMINA_X86_UPCALL_H

#include "x86/guest.h"

/*
 * The boot CPU, in long mode on its own stack, with the first 4 GiB in the direct map and
 * exceptions caught; `magic` and `info` are what the multiboot loader left in EAX and EBX. Never
 * returns.
 * boot/main.c: the boot order as one list.
 */
void upcall_boot(uint32_t magic, maddr_t info) noreturn;
/* An application processor, ready to run vCPUs: never returns. core/sched.c */
void upcall_cpu_ready(void) noreturn;

/*
 * From ring 3, registers in g->regs. On return the exit path runs.
 * upcall_hypercall: SYSCALL from guest-kernel mode; hypercall/. User-mode SYSCALLs bounce in
 * entry.S, which calls upcall_bounce_failed when it cannot (no callback, page fault on the stack).
 */
void upcall_hypercall(struct guest_cpu *g);
/* Exceptions that entry.S did not bounce itself: anything but its hot cases. pv/trap.c */
void upcall_exception(struct guest_cpu *g);
/* Page fault from ring 3; cr2 already read. pv/fault.c */
void upcall_page_fault(struct guest_cpu *g, gva_t cr2);
/* Writing a bounce frame to the guest stack faulted: failsafe does not apply, the guest is lost. */
void upcall_bounce_failed(struct guest_cpu *g);
/* A user-mode SYSCALL or SYSENTER of 32-bit code, to its callback. pv/trap.c */
void upcall_callback(struct guest_cpu *g, const struct guest_callback *callback);
/* IRETQ touched a page of the LDT window: true, it is mapped now. pv/descriptor.c */
bool upcall_ldt_fault(struct guest_cpu *g, unsigned page);
/* iret hypercall slow path (bad frame, segments that fault): pv/iret.c */
void upcall_iret(struct guest_cpu *g);
/* A data selector could not be loaded on the way to ring 3: failsafe callback. pv/trap.c */
void upcall_failsafe(struct guest_cpu *g);
/* IRETQ refused code, stack or address of g->regs, by the exception that they tell. pv/trap.c */
void upcall_iretq_refused(struct guest_cpu *g);

/*
 * The exit path, when g->work is not 0 or an event is pending and unmasked: schedules, runs timers,
 * delivers the event upcall. May not return (context switch goes by machine_resume). core/sched.c
 */
void upcall_exit_work(struct guest_cpu *g);

/* External interrupt `vector`, acknowledged as its kind needs; from any context. core/irq.c */
void upcall_interrupt(uint8_t vector);
/* This CPU's deadline passed (LAPIC timer interrupt). sys/timer.c */
void upcall_deadline(void);
/* Another CPU asked this one to look at its work: sets nothing, wakes from halt. */
void upcall_kick(void);
/* NMI and machine check; `in_guest` says what they interrupted. pv/nmi.c */
void upcall_nmi(bool in_guest);
void upcall_machine_check(bool in_guest);
/* Serial input: one byte as received. core/console.c */
void upcall_console_input(uint8_t byte);

/*
 * We are inconsistent: print, stop the machine. sys/log.c; declared here because x86/ is below
 * sys/.
 */
void panic(const char *fmt, ...) printf_like(1, 2) noreturn;
#ifndef BUG_ON
#define BUG_ON(cond)                                                                        \
    do {                                                                                    \
        if (unlikely(cond))                                                                 \
            panic("BUG at %s:%d: %s", __FILE__, __LINE__, #cond);                           \
    } while (0)
#endif

#endif
