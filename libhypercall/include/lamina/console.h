/* SPDX-License-Identifier: MIT */
/* Text to the hypervisor's console (console_io), bounded and unbuffered. */
#ifndef LAMINA_CONSOLE_H
#define LAMINA_CONSOLE_H

#include <stddef.h>

void console_write(const char *text, size_t bytes);
/* Formats: %s %c %d %u %x %lx %lu %ld %p %%; at most 256 bytes a call, the rest is cut. */
void console_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
