/* SPDX-License-Identifier: MIT */
/*
 * Text of which others chose the bytes, such as a guest's: made fit for JSON and for a terminal.
 */
#ifndef LAMINA_TEXT_H
#define LAMINA_TEXT_H

#include <stddef.h>
#include <stdio.h>

/* A copy in which what is not UTF-8 has become U+FFFD, to be freed; NULL: no memory. */
char *text_make_utf8(const char *text);

/*
 * Writes size bytes, behind which a NUL stands; control characters but line feed and tab, and what
 * is not UTF-8, become "?".
 */
void text_print_plain(FILE *stream, const char *text, size_t size);

/* The same as a C string would spell it: "\n", "\x1b", "\\". */
void text_print_escaped(FILE *stream, const char *text, size_t size);

/* The other way: a new block with a NUL behind it and its size; NULL and errno: EINVAL, ENOMEM. */
char *text_unescape(const char *text, size_t *size);

#endif
