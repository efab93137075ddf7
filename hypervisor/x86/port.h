/* SPDX-License-Identifier: MIT */
/* Port input and output as single instructions, and the pause that device polling loops use. */
#ifndef LAMINA_X86_PORT_H
#define LAMINA_X86_PORT_H

#include "lib/types.h"

static inline uint8_t port_in8(uint16_t port)
{
    uint8_t value;

    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline uint16_t port_in16(uint16_t port)
{
    uint16_t value;

    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline uint32_t port_in32(uint16_t port)
{
    uint32_t value;

    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline void port_out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void port_out16(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void port_out32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

/* A PC's traditional delay of about one microsecond: port 0x80 has no device behind it. */
static inline void port_delay(void)
{
    port_out8(0x80, 0);
}

static inline void port_pause(void)
{
    __asm__ volatile("pause" : : : "memory");
}

#endif
