/* SPDX-License-Identifier: MIT */
/* Instructions that C has no words for, and what the files of metal/ share. */
#ifndef METAL_CPU_H
#define METAL_CPU_H

#include "common/machine.h"

static inline void out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void out16(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline void out32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t in8(uint16_t port)
{
    uint8_t value;

    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint16_t in16(uint16_t port)
{
    uint16_t value;

    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint32_t in32(uint16_t port)
{
    uint32_t value;

    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint64_t tsc_read(void)
{
    uint32_t low, high;

    __asm__ volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static inline void msr_write(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

static inline uint64_t physical(const void *address)
{
    return (uint64_t)address - VIRT_BASE;
}

#define VECTOR_TIMER 32u
#define VECTOR_KICK  33u

/* apic.c: the clock and its interrupt, and the other CPU. */
void clock_init(void);
void clock_wait(uint64_t ns);
void apic_init(void); /* on each CPU */
void apic_end(void);  /* of an interrupt */
unsigned apic_id(void);

/* pci.c: the first device of these numbers: its first port, 0: none. */
uint16_t pci_find(uint16_t vendor, uint16_t device);

#endif
