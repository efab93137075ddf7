/* SPDX-License-Identifier: MIT */
/*
 * Counter ticks to nanoseconds and back. The fraction is found by long division bit by bit, so that
 * it is exact to its last place and needs no division wider than 64 bits.
 */
#include "x86/scale.h"

#define HZ_MIN UINT64_C(1000)
#define HZ_MAX UINT64_C(1000000000000)

struct scale scale_from_hz(uint64_t hz)
{
    uint64_t q, r;
    int shift = 0;

    hz = MIN(MAX(hz, HZ_MIN), HZ_MAX);
    q = (NS_PER_S << 32) / hz; /* NS_PER_S has 30 bits */
    r = (NS_PER_S << 32) % hz;
    for (; q >> 31 == 0; shift--) {
        q <<= 1;
        r <<= 1;
        if (r >= hz) {
            r -= hz;
            q++;
        }
    }
    for (; q >> 32 != 0; shift++)
        q >>= 1;
    return (struct scale){ (uint32_t)q, (int8_t)shift };
}

uint64_t scale_to_ns(struct scale s, uint64_t ticks)
{
    ticks = s.shift >= 0 ? ticks << s.shift : ticks >> -s.shift;
    return (uint64_t)((unsigned __int128)ticks * s.mul >> 32);
}

uint64_t scale_to_ticks(struct scale s, uint64_t ns)
{
    uint64_t whole = ns / s.mul, rest = ns % s.mul, shifted;

    if (whole >> 32 != 0)
        return UINT64_MAX;
    /* The least x with x * mul >= ns << 32, in two steps: the remainder is below 2^32. */
    shifted = (rest << 32) / s.mul + ((rest << 32) % s.mul != 0);
    if (__builtin_add_overflow(whole << 32, shifted, &shifted))
        return UINT64_MAX;
    if (s.shift >= 0)
        return (shifted >> s.shift) + ((shifted & ((UINT64_C(1) << s.shift) - 1)) != 0);
    return shifted << -s.shift >> -s.shift == shifted ? shifted << -s.shift : UINT64_MAX;
}
