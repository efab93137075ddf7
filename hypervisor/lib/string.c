/* SPDX-License-Identifier: MIT */
/*
 * Memory and string functions for freestanding code. Bulk moves and fills go by string instructions
 * of 8 bytes and finish with single bytes: no vector registers, which belong to the guest, and no
 * loop that the compiler would turn back into a call of the function itself.
 */
#include "lib/string.h"

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
    void *to = dst;
    size_t words = n / 8;

    __asm__ volatile("rep movsq" : "+D"(to), "+S"(src), "+c"(words) : : "memory");
    n &= 7;
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(src), "+c"(n) : : "memory");
    return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
    char *to = (char *)dst + n;
    const char *from = (const char *)src + n;

    /* Forwards is right unless dst starts inside src. */
    if ((uintptr_t)dst - (uintptr_t)src >= n)
        return memcpy(dst, src, n);
    while (n--) {
        *--to = *--from;
        barrier();
    }
    return dst;
}

void *memset(void *dst, int byte, size_t n)
{
    void *to = dst;
    uint64_t fill = (uint8_t)byte * UINT64_C(0x0101010101010101);
    size_t words = n / 8;

    __asm__ volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(fill) : "memory");
    n &= 7;
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(fill) : "memory");
    return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const uint8_t *p = a, *q = b;

    for (; n > 0; n--, p++, q++)
        if (*p != *q)
            return *p - *q;
    return 0;
}

size_t strnlen(const char *s, size_t n)
{
    size_t len = 0;

    while (len < n && s[len] != '\0')
        len++;
    return len;
}

size_t strlen(const char *s)
{
    const char *end = s;

    while (*end != '\0') {
        end++;
        barrier();
    }
    return (size_t)(end - s);
}

int strncmp(const char *a, const char *b, size_t n)
{
    for (; n > 0; n--, a++, b++) {
        if (*a != *b)
            return (uint8_t)*a - (uint8_t)*b;
        if (*a == '\0')
            break;
    }
    return 0;
}

int strcmp(const char *a, const char *b)
{
    return strncmp(a, b, SIZE_MAX);
}
