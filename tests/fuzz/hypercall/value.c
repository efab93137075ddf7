/* SPDX-License-Identifier: MIT */
/* Values that an attacker would choose: what exists, what just does not, and the edges. */
#include "fuzz.h"

SIM_PER_CPU struct input input;

bool input_is_over(void)
{
    return input.at && input.at >= input.end;
}

static uint64_t random_next(void)
{
    uint64_t z = input.random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static uint8_t byte(void)
{
    if (!input.at)
        return (uint8_t)(random_next() >> 24);
    return input.at < input.end ? *input.at++ : 0;
}

unsigned pick(unsigned n)
{
    if (n <= 1)
        return 0;
    return (n > 256 ? (unsigned)byte() << 8 | byte() : byte()) % n;
}

bool chance(unsigned of)
{
    return pick(of) == of - 1; /* an input that has ended says no */
}

uint64_t pick_word(void)
{
    uint64_t word = 0;

    for (unsigned i = 0; i < 8; i++)
        word = word << 8 | byte();
    return word;
}

/* ---- values ---------------------------------------------------------------------------------- */

uint64_t value_entry(const struct domain *d)
{
    static const uint64_t flags[] = { 0x27, 0x25, 0x67, 0x65, 0x07, 0x05, 0x1e7, 0x3f };
    uint64_t entry = mfn_to_maddr(value_frame(d));

    switch (pick(16)) {
    case 13:
        return 0;
    case 14:
        return entry | (pick_word() & UINT64_C(0xfff0000000000fff));
    case 15:
        return entry | pick(4096);
    default:
        return entry | flags[pick(ARRAY_SIZE(flags))] | (chance(16) ? UINT64_C(1) << 63 : 0);
    }
}

domid_t value_domid(void)
{
    static const domid_t special[] = { DOMID_SELF, DOMID_SELF, DOMID_IO, DOMID_XEN, DOMID_INVALID,
                                       DOMID_FIRST_RESERVED, 0xffff, 1023, 1024 };

    return chance(2) ? (domid_t)pick(SIM_DOMAINS + 1) : special[pick(ARRAY_SIZE(special))];
}

uint64_t value_number(void)
{
    static const uint64_t edge[] = {
        UINT64_MAX, UINT64_MAX - 1, UINT64_C(1) << 63, INT64_MAX, UINT32_MAX, INT32_MAX,
        UINT64_C(1) << 32, UINT64_C(1) << 31, 65535, 65536, 4095, 4096, 4097, 511, 512, 513,
        1023, 1024, 63, 64, 31, 32, 255, 256, 7167, 7168, UINT64_C(1) << 52, UINT64_C(1) << 40,
        SIM_FRAMES, SIM_FRAMES - 1, UINT64_C(1) << 58,
    };

    return chance(3) ? edge[pick(ARRAY_SIZE(edge))] : pick(12);
}

uint64_t value_any(const struct domain *d)
{
    switch (pick(12)) {
    case 0:
        return mfn_x(value_frame(d));
    case 1:
        return value_entry(d);
    case 2:
        return value_slot(d);
    case 3:
        return value_va();
    case 4:
        return value_domid();
    case 5:
        return pick_word();
    case 6:
        return ARGS_VA + pick(64) * 8u;
    default:
        return value_number();
    }
}
