/* SPDX-License-Identifier: MIT */
/*
 * Text to the console, unbuffered: the hypervisor's for dom0 (console_io), else the domain's ring,
 * where a write waits for room. One vCPU at a time.
 * Source: public/io/console.h, the console's fields of struct start_info, hypercall 18
 * (console_io) of the Xen PV ABI.
 */
#ifndef LAMINA_CONSOLE_H
#define LAMINA_CONSOLE_H

#include <stddef.h>

/* Writes `bytes` bytes from `text`, of any value; a domU waits while its ring is full, and says
 * nothing when it has no event channel to wait by. */
void console_write(const char *text, size_t bytes);
/* Writes what `format` makes of its arguments, by text_format(); beyond 256 bytes it is cut. */
void console_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Waits for the next byte typed at a domU's console. Returns it; '\0' for dom0, at once. */
char console_read(void);

#endif
