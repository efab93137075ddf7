/* SPDX-License-Identifier: MIT */
/*
 * What this kernel asks of the machine below it. Two folders answer: metal/, where the kernel owns
 * the processor and drives devices, and lamina/, where it asks the hypervisor. Their difference in
 * lines is the cost of the port.
 *
 * One linear mapping holds all memory: frame n is at VIRT_BASE + n * 4096.
 */
#ifndef KERNEL_MACHINE_H
#define KERNEL_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VIRT_BASE  0xffffffff80000000UL
#define PAGE_BYTES 4096UL
#define CPUS_MAX   2u

#define ENTRY_PRESENT 0x1UL
#define ENTRY_WRITE   0x2UL
#define ENTRY_USER    0x4UL
#define ENTRY_NX      (1UL << 63)

/* ---- what the machine does ---- */

void machine_print(const char *text, size_t bytes);
void machine_off(void) __attribute__((noreturn));

/* Free memory: frames first .. first + nr - 1, in the linear mapping, used by nobody. */
void machine_memory(uint64_t *first, uint64_t *nr);

uint64_t machine_now_ns(void);
/* kernel_alarm() is called on CPU 0 once that time has come; replaces an earlier alarm. */
void machine_alarm(uint64_t at_ns);
/*
 * Waits on `cpu`, the caller's own, until *word is not 0; interrupts are taken meanwhile. They are
 * held back while it looks: one that came between look and wait would be waited for in vain.
 */
void machine_wait(unsigned cpu, const volatile uint64_t *word);

/*
 * Page tables. An entry for a frame has the machine's form; a page becomes a table before it is
 * linked into another one; changes may be held back until the flush. The kernel's own mappings
 * are part of every root that was made by machine_root_make(). 0, or the machine refuses.
 */
uint64_t machine_entry(uint64_t frame, uint64_t flags);
uint64_t machine_entry_frame(uint64_t entry);
int machine_table_make(uint64_t frame);
int machine_root_make(uint64_t frame);
void machine_entry_write(uint64_t *entry, uint64_t value);
int machine_flush(void);
int machine_root_use(uint64_t frame);

/* Runs a program: its registers are zero but for these. Comes back through kernel_*() only. */
void machine_user_enter(uint64_t rip, uint64_t rsp) __attribute__((noreturn));

unsigned machine_nr_cpus(void);
/* Starts CPU 1 in main(), which must not return; machine_kick() then interrupts either CPU. */
int machine_cpu_start(void (*main)(void));
void machine_kick(unsigned cpu);

/* The first disk and the first interface; -1: there is none. A page at a time, whole sectors. */
int machine_disk_open(uint64_t *nr_sectors);
int machine_disk_transfer(bool is_write, uint64_t sector, void *page);
int machine_net_open(uint8_t mac[6]);
int machine_net_send(const void *frame, size_t bytes);
/* The next frame's bytes, or 0: none came before the deadline. */
size_t machine_net_receive(void *frame, size_t size, uint64_t deadline_ns);

/* ---- what it calls ---- */

struct call { /* a system call: number and arguments; the result goes into number */
    uint64_t number, a, b, c;
};

void kernel_main(void);
void kernel_alarm(void);
void kernel_kick(unsigned cpu);
void kernel_call(struct call *call);
/* A fault of a program (is_user) or of the kernel itself. */
void kernel_fault(unsigned vector, uint64_t rip, uint64_t address, bool is_user)
    __attribute__((noreturn));

#endif
