/* SPDX-License-Identifier: MIT */
/*
 * Memory that runs out when a test says so: the n-th allocation by the code under test fails, once.
 * Programs that include this are linked with $(MEMORY_WRAP). What libraries take for themselves is
 * not counted. Each program includes this once.
 */
#ifndef LAMINA_TESTS_MEMORY_H
#define LAMINA_TESTS_MEMORY_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

static struct {
    unsigned fail_at, nr; /* the fail_at-th from now on fails; 0: none */
    bool failed;
} memory;

static inline void memory_fail(unsigned at)
{
    memory.fail_at = at;
    memory.nr = 0;
    memory.failed = false;
}

/* The allocations behave again: true when one had failed. */
static inline bool memory_failed(void)
{
    memory.fail_at = 0;
    return memory.failed;
}

static bool memory_fails(void)
{
    if (!memory.fail_at || ++memory.nr != memory.fail_at)
        return false;
    memory.failed = true;
    errno = ENOMEM;
    return true;
}

#define MEMORY_WRAP(type, name, parameters, arguments)                                             \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        return memory_fails() ? NULL : __real_##name arguments;                                    \
    }

MEMORY_WRAP(void *, malloc, (size_t size), (size))
MEMORY_WRAP(void *, calloc, (size_t nr, size_t size), (nr, size))
MEMORY_WRAP(void *, realloc, (void *block, size_t size), (block, size))
MEMORY_WRAP(void *, reallocarray, (void *block, size_t nr, size_t size), (block, nr, size))
MEMORY_WRAP(char *, strdup, (const char *text), (text))
MEMORY_WRAP(char *, strndup, (const char *text, size_t size), (text, size))
MEMORY_WRAP(FILE *, open_memstream, (char **text, size_t *size), (text, size))

int __real_vasprintf(char **text, const char *format, va_list arguments);
int __wrap_vasprintf(char **text, const char *format, va_list arguments);
int __wrap_asprintf(char **text, const char *format, ...);
int __wrap_vasprintf(char **text, const char *format, va_list arguments)
{
    return memory_fails() ? -1 : __real_vasprintf(text, format, arguments);
}
int __wrap_asprintf(char **text, const char *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = __wrap_vasprintf(text, format, arguments);
    va_end(arguments);
    return length;
}

#endif
