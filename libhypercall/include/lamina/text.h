/* SPDX-License-Identifier: MIT */
/*
 * Bounded formatting for kernels without a C library.
 * Source: a part of printf() as C11 7.21.6.1 describes it; numbers as the store keeps them.
 */
#ifndef LAMINA_TEXT_H
#define LAMINA_TEXT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Formats into text of `size` bytes (at least 1), always with a NUL at the end; what does not fit
 * is cut. The `format` has the conversions %s %c %d %u %x %p %%, with l before d, u, x. Returns the
 * bytes written without the NUL.
 */
size_t text_format(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with the arguments in the list `args`, which it consumes: into text[size], by `format`.
 * Returns the bytes written without the NUL. */
size_t text_format_list(char *text, size_t size, const char *format, va_list *args);

/* Reads a decimal number that fills the text into *value. Returns 0; -XEN_EINVAL: nothing, 2^64 or
 * more, or other characters. */
long text_number(const char *text, uint64_t *value);

#endif
