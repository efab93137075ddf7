/* SPDX-License-Identifier: MIT */
/*
 * Text from a printf format into a bounded buffer. Conversions d u x s c p %, flags - and 0,
 * width, for s a precision (number or *), lengths l ll z. Anything else is copied as it stands.
 */
#ifndef LAMINA_LIB_FORMAT_H
#define LAMINA_LIB_FORMAT_H

#include <stdarg.h>

#include "lib/types.h"

/*
 * At most n bytes with the final NUL, which is always there when n > 0. Returns the characters
 * stored without the NUL, so results can be added up: at += format_to(buf + at, n - at, ...).
 */
size_t format_to(char *buf, size_t n, const char *fmt, ...) printf_like(3, 4);
size_t format_to_v(char *buf, size_t n, const char *fmt, va_list args) printf_like(3, 0);

#endif
