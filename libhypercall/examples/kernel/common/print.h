/* SPDX-License-Identifier: MIT */
/* Text for people. */
#ifndef KERNEL_PRINT_H
#define KERNEL_PRINT_H

/* %s, %u (unsigned), %lu and %lx; a line a call, at most 200 bytes. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void panic(const char *why) __attribute__((noreturn));

#endif
