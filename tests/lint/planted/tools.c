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
bool planted_twice(unsigned a);

uint64_t planted_null(const struct planted *p)
{
    if (!p)
        return p->value; /* finds: analyzer cppcheck tidy */
    return 0;
}

unsigned planted_beyond(void)
{
    unsigned a[2] = { 1, 2 }, sum = 0;

    for (unsigned i = 0; i <= 2; i++)
        sum += a[i]; /* finds: analyzer cppcheck tidy */
    return sum;
}

bool planted_twice(unsigned a)
{
    return a > 4 && a > 4; /* finds: tidy */
}
