/* SPDX-License-Identifier: MIT */
/*
 * Text to the console, unbuffered: the hypervisor's for dom0 (console_io), else the domain's ring,
 * where a write waits for room.
 */
#ifndef LAMINA_CONSOLE_H
#define LAMINA_CONSOLE_H

#include <stddef.h>

/* Writes `bytes` bytes, of any value; a domU waits while its ring is full. Cannot fail. */
void console_write(const char *text, size_t bytes);
/* Formats: %s %c %d %u %x %lx %lu %ld %p %%; at most 256 bytes a call, the rest is cut. */
void console_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The next byte typed at a domU's console, for which it waits. For dom0 at once: '\0'. */
char console_read(void);

#endif
