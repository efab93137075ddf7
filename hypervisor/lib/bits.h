/* SPDX-License-Identifier: MIT */
/*
 * Bits of words and of maps of 64-bit words. Plain functions are for data under a lock or of one
 * CPU; the atomic_ ones for words that other CPUs or a guest change too, and they order memory
 * both ways.
 */
#ifndef LAMINA_LIB_BITS_H
#define LAMINA_LIB_BITS_H

#include "lib/types.h"

#define BIT(n) (UINT64_C(1) << (n))

/* ---- words shared between CPUs: any integer type; the value from before -------------------- */

#define atomic_or(p, bits)  __atomic_fetch_or((p), (bits), __ATOMIC_SEQ_CST)
#define atomic_and(p, bits) __atomic_fetch_and((p), (bits), __ATOMIC_SEQ_CST)
#define atomic_add(p, n)    __atomic_fetch_add((p), (n), __ATOMIC_SEQ_CST)
#define atomic_sub(p, n)    __atomic_fetch_sub((p), (n), __ATOMIC_SEQ_CST)
#define atomic_xchg(p, v)   __atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)
#define atomic_read(p)      __atomic_load_n((p), __ATOMIC_SEQ_CST)
#define atomic_write(p, v)  __atomic_store_n((p), (v), __ATOMIC_SEQ_CST)
/* *p becomes `new` if it is *expect: true; else *expect gets what was found. */
#define atomic_cmpxchg(p, expect, new)                                                             \
    __atomic_compare_exchange_n((p), (expect), (new), false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
#define memory_barrier() __atomic_thread_fence(__ATOMIC_SEQ_CST)
/* Order of stores among themselves: x86 keeps it, only the compiler must too. */
#define store_barrier() __atomic_thread_fence(__ATOMIC_RELEASE)

/* ---- maps ---------------------------------------------------------------------------------- */

/* Macros, so that a map may also be guest_shared. */
#define bit_test(map, n)                                                                           \
    __extension__({                                                                                \
        size_t bit_ = (n);                                                                         \
        (bool)(READ_ONCE((map)[bit_ / 64]) >> bit_ % 64 & 1);                                      \
    })
/* Both return whether the bit was set before. */
#define atomic_bit_set(map, n)                                                                     \
    __extension__({                                                                                \
        size_t bit_ = (n);                                                                         \
        (bool)(atomic_or(&(map)[bit_ / 64], BIT(bit_ % 64)) >> bit_ % 64 & 1);                     \
    })
#define atomic_bit_clear(map, n)                                                                   \
    __extension__({                                                                                \
        size_t bit_ = (n);                                                                         \
        (bool)(atomic_and(&(map)[bit_ / 64], ~BIT(bit_ % 64)) >> bit_ % 64 & 1);                   \
    })
static inline void bit_set(uint64_t *map, size_t n)
{
    map[n / 64] |= BIT(n % 64);
}

/* ---- searching ----------------------------------------------------------------------------- */

/* Lowest and highest set bit of a word that is not 0. */
static inline unsigned bit_lowest(uint64_t word)
{
    return (unsigned)__builtin_ctzll(word);
}
static inline unsigned bit_highest(uint64_t word)
{
    return 63 - (unsigned)__builtin_clzll(word);
}
/* for_each_bit(n, word): n takes the number of each set bit of a 64-bit word, lowest first. */
#define for_each_bit(n, word)                                                                      \
    for (uint64_t bits_left_ = (word); bits_left_ && ((n) = bit_lowest(bits_left_), 1);            \
         bits_left_ &= bits_left_ - 1)

#endif
