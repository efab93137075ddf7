/* SPDX-License-Identifier: MIT */
/*
 * Buffer: bytes that grow at the end and are taken from the front.
 *
 * Memory that cannot be had ends the process: what clients may make it hold is bounded by quotas,
 * and the journal holds everything that a restart needs.
 */
#ifndef LAMINA_STORED_BUFFER_H
#define LAMINA_STORED_BUFFER_H

#include <stddef.h>
#include <stdint.h>

struct buffer {
    uint8_t *data;
    size_t size; /* bytes in use */
    size_t room; /* bytes allocated */
};

/* As malloc, calloc, realloc and strdup, but they return or end the process. */
void *must_alloc(size_t size);
void *must_zalloc(size_t size);
void *must_realloc(void *block, size_t size);
char *must_strdup(const char *s);

void buffer_append(struct buffer *b, const void *data, size_t size);

/* Appends the string and its NUL. */
void buffer_append_string(struct buffer *b, const char *s);

/* Forgets the first `size` bytes; there are that many. */
void buffer_consume(struct buffer *b, size_t size);

void buffer_free(struct buffer *b);

#endif
