/* SPDX-License-Identifier: MIT */
/*
 * The machine itself: serial line, descriptor and interrupt tables, page tables that the processor
 * reads as they are written, memory as the boot loader describes it.
 */
#include "common/memory.h"
#include "common/print.h"
#include "metal/cpu.h"

#define UART      0x3f8
#define MSR_STAR  0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_FMASK 0xc0000084
#define FLAGS_OFF 0x47700 /* TF IF DF IOPL NT AC: off in the kernel */
#define GATES     34

struct table_pointer {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

struct task_state {
    uint32_t reserved;
    uint64_t rsp0;
    uint8_t rest[92];
} __attribute__((packed));

extern const char trap_stubs[], trap_stack_end[], call_entry[], kernel_end[];
extern uint64_t boot_l4[512], gdt_tss[2];
extern uint32_t multiboot_info;

static uint64_t idt[GATES][2];
static struct task_state task;

/* ---- text ---- */

static void uart_init(void)
{
    static const uint8_t set[][2] = { { 1, 0 }, { 3, 0x80 }, { 0, 1 }, { 1, 0 }, { 3, 3 },
                                      { 2, 7 }, { 4, 3 } };

    for (unsigned i = 0; i < sizeof(set) / sizeof(set[0]); i++)
        out8((uint16_t)(UART + set[i][0]), set[i][1]);
}

void machine_print(const char *text, size_t bytes)
{
    for (; bytes; bytes--, text++) {
        while (!(in8(UART + 5) & 0x20))
            __builtin_ia32_pause();
        out8(UART, (uint8_t)*text);
    }
}

/* The ports by which QEMU's machines are switched off; where none works it stops. */
void machine_off(void)
{
    out16(0x604, 0x2000);
    out16(0xb004, 0x2000);
    for (;;)
        __asm__ volatile("cli\n\thlt");
}

/* ---- traps ---- */

void metal_trap(uint64_t vector, uint64_t rip, uint64_t cs);
void metal_trap(uint64_t vector, uint64_t rip, uint64_t cs)
{
    uint64_t address;

    if (vector == VECTOR_TIMER || vector == VECTOR_KICK) {
        apic_end();
        if (vector == VECTOR_TIMER)
            kernel_alarm();
        else
            kernel_kick(apic_id());
        return;
    }
    __asm__ volatile("movq %%cr2, %0" : "=r"(address));
    kernel_fault((unsigned)vector, rip, address, (cs & 3) == 3);
}

void traps_load(void);
void traps_load(void)
{
    struct table_pointer pointer = { sizeof(idt) - 1, (uint64_t)idt };

    __asm__ volatile("lidt %0" : : "m"(pointer));
}

static void traps_init(void)
{
    for (unsigned vector = 0; vector < GATES; vector++) {
        uint64_t at = (uint64_t)trap_stubs + 16 * vector;

        idt[vector][0] = (at & 0xffff) | 8UL << 16 | 0x8e00UL << 32 | (at >> 16 & 0xffff) << 48;
        idt[vector][1] = at >> 32;
    }
    traps_load();
}

/* System calls, and the stack for exceptions of programs. */
static void user_init(void)
{
    uint64_t base = (uint64_t)&task;

    task.rsp0 = (uint64_t)trap_stack_end;
    gdt_tss[0] = (sizeof(task) - 1) | (base & 0xffffff) << 16 | 0x89UL << 40 |
                 (base >> 24 & 0xff) << 56;
    gdt_tss[1] = base >> 32;
    __asm__ volatile("ltr %w0" : : "r"(48));
    msr_write(MSR_STAR, 24UL << 48 | 8UL << 32); /* SYSRET: data 32, code 40 */
    msr_write(MSR_LSTAR, (uint64_t)call_entry);
    msr_write(MSR_FMASK, FLAGS_OFF);
}

void machine_wait(unsigned cpu, const volatile uint64_t *word)
{
    (void)cpu;
    __asm__ volatile("cli" : : : "memory");
    while (!*word) /* STI takes effect behind the HLT */
        __asm__ volatile("sti\n\thlt\n\tcli" : : : "memory");
    __asm__ volatile("sti" : : : "memory");
}

/* ---- memory ---- */

/* From the kernel's end to that of memory, or of the first GiB. */
void machine_memory(uint64_t *first, uint64_t *nr)
{
    const uint32_t *info = (const uint32_t *)(VIRT_BASE + multiboot_info);
    uint64_t upper_kib = info[0] & 1 ? info[2] : 0, end = (upper_kib + 1024) / 4;

    *first = (physical(kernel_end) + PAGE_BYTES - 1) / PAGE_BYTES;
    if (end > 0x40000)
        end = 0x40000;
    *nr = end > *first ? end - *first : 0;
}

uint64_t machine_entry(uint64_t frame, uint64_t flags)
{
    return frame * PAGE_BYTES | flags;
}

uint64_t machine_entry_frame(uint64_t entry)
{
    return entry >> 12 & 0xffffffffff;
}

int machine_table_make(uint64_t frame)
{
    (void)frame;
    return 0;
}

int machine_root_make(uint64_t frame)
{
    ((uint64_t *)frame_address(frame))[511] = boot_l4[511];
    return 0;
}

void machine_entry_write(uint64_t *entry, uint64_t value)
{
    __atomic_store_n(entry, value, __ATOMIC_RELEASE);
}

int machine_flush(void)
{
    return 0; /* this kernel only adds entries, which the processor does not keep as absent */
}

int machine_root_use(uint64_t frame)
{
    __asm__ volatile("movq %0, %%cr3" : : "r"(frame * PAGE_BYTES) : "memory");
    return 0;
}

void metal_main(void);
void metal_main(void)
{
    uart_init();
    traps_init();
    user_init();
    apic_init();
    clock_init();
    __asm__ volatile("sti");
    kernel_main();
}
