/* SPDX-License-Identifier: MIT */
/*
 * Before each source that stands for guests and for the processor's own walks and copies: their
 * accesses are no part of what is judged, and ThreadSanitizer would see them in its memcpy().
 */
#ifndef LAMINA_RACE_PLAIN_H
#define LAMINA_RACE_PLAIN_H

#include <stddef.h>
#include <string.h>

static inline void plain_copy(void *to, const void *from, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        ((volatile char *)to)[i] = ((const volatile char *)from)[i];
}
static inline void *plain_set(void *to, int byte, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        ((volatile char *)to)[i] = (char)byte;
    return to;
}
static inline void plain_move(void *to, const void *from, size_t bytes)
{
    if (to < from)
        plain_copy(to, from, bytes);
    else
        while (bytes--)
            ((volatile char *)to)[bytes] = ((const volatile char *)from)[bytes];
}
#define memmove(to, from, bytes) plain_move(to, from, bytes)
#define memcpy(to, from, bytes) plain_copy(to, from, bytes)
#define memset(to, byte, bytes) plain_set(to, byte, bytes)

#endif
