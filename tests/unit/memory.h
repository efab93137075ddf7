/* SPDX-License-Identifier: MIT */
/*
 * Memory that runs out when a test says so: the n-th allocation by the code under test, or by a
 * child that it forks, fails, once. Programs that include this are linked with $(MEMORY_WRAP). What
 * libraries take for themselves is counted where a call tells of it (fopen, opendir, getline ...).
 * Each program includes this once.
 */
#ifndef LAMINA_TESTS_MEMORY_H
#define LAMINA_TESTS_MEMORY_H

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/types.h>

static struct memory {
    unsigned fail_at, nr; /* the fail_at-th from now on fails; 0: none */
    bool failed;
} * memory; /* shared with children; NULL: nothing was asked for yet */

void *__real_mmap64(void *address, size_t size, int prot, int flags, int fd, off_t offset);

static inline void memory_fail(unsigned at)
{
    if (!memory) {
        memory = __real_mmap64(NULL, sizeof(*memory), PROT_READ | PROT_WRITE,
                               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
            abort();
    }
    *memory = (struct memory){ .fail_at = at };
}

/* The allocations behave again: true when one had failed. */
static inline bool memory_failed(void)
{
    memory->fail_at = 0;
    return memory->failed;
}

/* What the test itself needs meanwhile does not count. */
static inline unsigned memory_pause(void)
{
    unsigned at = memory ? memory->fail_at : 0;

    if (at)
        memory->fail_at = 0;
    return at;
}

static inline void memory_resume(unsigned at)
{
    if (at)
        memory->fail_at = at;
}

static bool memory_fails(void)
{
    if (!memory || !memory->fail_at || ++memory->nr != memory->fail_at)
        return false;
    memory->failed = true;
    errno = ENOMEM;
    return true;
}

#define MEMORY_WRAP_TO(failure, type, name, parameters, arguments)                                 \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        return memory_fails() ? failure : __real_##name arguments;                                 \
    }
#define MEMORY_WRAP(type, name, parameters, arguments)                                             \
    MEMORY_WRAP_TO(NULL, type, name, parameters, arguments)

MEMORY_WRAP(void *, malloc, (size_t size), (size))
MEMORY_WRAP(void *, calloc, (size_t nr, size_t size), (nr, size))
MEMORY_WRAP(void *, realloc, (void *block, size_t size), (block, size))
MEMORY_WRAP(void *, reallocarray, (void *block, size_t nr, size_t size), (block, nr, size))
MEMORY_WRAP(char *, strdup, (const char *text), (text))
MEMORY_WRAP(char *, strndup, (const char *text, size_t size), (text, size))
MEMORY_WRAP(FILE *, open_memstream, (char **text, size_t *size), (text, size))
MEMORY_WRAP(FILE *, fopen64, (const char *path, const char *mode), (path, mode))
MEMORY_WRAP(DIR *, opendir, (const char *path), (path))
MEMORY_WRAP(DIR *, fdopendir, (int fd), (fd))
MEMORY_WRAP_TO(MAP_FAILED, void *, mmap64,
               (void *address, size_t size, int prot, int flags, int fd, off_t offset),
               (address, size, prot, flags, fd, offset))
MEMORY_WRAP_TO(-1, ssize_t, getline, (char **line, size_t *room, FILE *file), (line, room, file))
MEMORY_WRAP_TO(-1, ssize_t, __getdelim, (char **line, size_t *room, int end, FILE *file),
               (line, room, end, file))
MEMORY_WRAP_TO(-1, int, scandir64,
               (const char *path, struct dirent ***list, int (*filter)(const struct dirent *entry),
                int (*compare)(const struct dirent **a, const struct dirent **b)),
               (path, list, filter, compare))

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
