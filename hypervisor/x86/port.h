/* SPDX-License-Identifier: MIT */
/* Port input and output as single instructions, and the pause that device polling loops use. */
#ifndef LAMINA_X86_PORT_H
#define LAMINA_X86_PORT_H

#include "lib/types.h"

#define PORT_FUNCTIONS(bits, suffix)                                                               \
    static inline uint##bits##_t port_in##bits(uint16_t port)                                      \
    {                                                                                              \
        uint##bits##_t value;                                                                      \
                                                                                                   \
        __asm__ volatile("in" suffix " %1, %0" : "=a"(value) : "Nd"(port) : "memory");             \
        return value;                                                                              \
    }                                                                                              \
    static inline void port_out##bits(uint16_t port, uint##bits##_t value)                         \
    {                                                                                              \
        __asm__ volatile("out" suffix " %0, %1" : : "a"(value), "Nd"(port) : "memory");            \
    }

/* port_in8(port), port_out8(port, value); the same for 16 and 32. */
PORT_FUNCTIONS(8, "b")
PORT_FUNCTIONS(16, "w")
PORT_FUNCTIONS(32, "l")

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
