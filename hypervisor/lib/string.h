/* SPDX-License-Identifier: MIT */
/*
 * Memory and string functions with their usual C meanings; the compiler calls the first four
 * itself. The host build takes them from its C library, so only string_copy() is ours there.
 */
#ifndef LAMINA_LIB_STRING_H
#define LAMINA_LIB_STRING_H

#include "lib/types.h"

void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);

size_t strlen(const char *s);
size_t strnlen(const char *s, size_t n);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);

/* Copy with truncation, always ending in NUL (size > 0): true when all of `src` fitted. */
static inline bool string_copy(char *dst, size_t size, const char *src)
{
    size_t n = strnlen(src, size);
    bool fits = n < size;

    if (!fits)
        n = size - 1;
    memcpy(dst, src, n);
    dst[n] = '\0';
    return fits;
}

#endif
