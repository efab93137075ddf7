/* SPDX-License-Identifier: MIT */
/* Bounded formatting for kernels without a C library. */
#ifndef LAMINA_TEXT_H
#define LAMINA_TEXT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Formats into text of `size` bytes (at least 1), always with a NUL at the end; what does not fit
 * is cut. Conversions: %s %c %d %u %x %p %%, with l before d, u, x. Returns the bytes written
 * without the NUL.
 */
size_t text_format(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with the arguments in a list, which it consumes. */
size_t text_format_list(char *text, size_t size, const char *format, va_list *args);

/* A decimal number that fills the text: 0, or -XEN_EINVAL (none, too large, other characters). */
long text_number(const char *text, uint64_t *value);

#endif
