/* SPDX-License-Identifier: MIT */
/*
 * What ThreadSanitizer is told of volatile accesses, that is of READ_ONCE and WRITE_ONCE
 * (-tsan-distinguish-volatile calls these before each one). On x86 an aligned load is an acquiring
 * one and a store a releasing one, and neither is torn; so that is what they count as. A plain
 * access to the same word by another CPU is still a race.
 */
#include <sanitizer/tsan_interface_atomic.h>

/* Words not aligned or of 16 bytes are not single accesses: whoever uses one must look again. */
#define VOLATILE(bytes, bits)                                                                      \
    void __tsan_volatile_read##bytes(void *p);                                                     \
    void __tsan_volatile_read##bytes(void *p)                                                      \
    {                                                                                              \
        (void)__tsan_atomic##bits##_load(p, __tsan_memory_order_acquire);                          \
    }                                                                                              \
    void __tsan_volatile_write##bytes(void *p);                                                    \
    void __tsan_volatile_write##bytes(void *p)                                                     \
    {                                                                                              \
        (void)__tsan_atomic##bits##_fetch_or(p, 0, __tsan_memory_order_release);                   \
    }
VOLATILE(1, 8)
VOLATILE(2, 16)
VOLATILE(4, 32)
VOLATILE(8, 64)
