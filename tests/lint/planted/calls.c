/* SPDX-License-Identifier: MIT */
/*
 * Planted mistakes for tests/lint/calls.py; compiled, never linked. planted.tbl names a stack that
 * the first function does not fit on.
 */
#include "lib/types.h"

unsigned planted_recursion(unsigned n);
unsigned planted_frame(unsigned n);
unsigned planted_pointer(unsigned (*function)(unsigned n));
unsigned planted_growth(unsigned n);
unsigned planted_nowhere(void);
unsigned planted_missing(void);
unsigned planted_use(volatile unsigned *p);

unsigned __attribute__((noinline)) planted_use(volatile unsigned *p)
{
    return p[0] + p[1];
}

/* Work after the call, as a call at the end would become a loop. */
static unsigned __attribute__((noinline)) back(unsigned n) /* finds: graphs */
{
    volatile unsigned words[2] = { planted_recursion(n - 1), n };

    return planted_use(words);
}

unsigned planted_recursion(unsigned n)
{
    return n ? back(n) + 1 : 0;
}

unsigned planted_frame(unsigned n) /* finds: graphs */
{
    volatile unsigned words[400];

    words[n % 400] = n;
    words[1] = n;
    return planted_use(words);
}

unsigned planted_pointer(unsigned (*function)(unsigned n))
{
    return function(1) + 1; /* finds: graphs */
}

unsigned planted_growth(unsigned n) /* finds: graphs */
{
    volatile unsigned *words = __builtin_alloca(n * sizeof(*words));

    words[0] = words[1] = n;
    return planted_use(words);
}

unsigned planted_nowhere(void) /* finds: graphs */
{
    return planted_missing() + 1;
}
