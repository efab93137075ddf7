/* SPDX-License-Identifier: MIT */
/*
 * Planted mistakes for the analysers that come with a compiler or alone; never linked.
 */
#include "lib/types.h"
#include "mm/alloc.h"

struct planted {
    uint64_t value;
};

uint64_t planted_null(const struct planted *p);
unsigned planted_beyond(void);
uint64_t planted_widened(uint32_t nr);

uint64_t planted_null(const struct planted *p)
{
    if (!p)
        return p->value; /* finds: analyzer cppcheck tidy */
    return 0;
}

unsigned planted_beyond(void)
{
    unsigned a[4] = { 1, 2, 3, 4 }, sum = 0;

    for (unsigned i = 0; i <= 4; i++)
        sum += a[i]; /* finds: cppcheck */
    return sum;
}

/* The product is cut to 32 bits before it becomes wider. */
uint64_t planted_widened(uint32_t nr)
{
    return nr * 4096u; /* finds: tidy */
}
