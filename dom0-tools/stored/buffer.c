/* SPDX-License-Identifier: MIT */
/*
 * Buffer: a growing array of bytes, and the allocation functions of which it is made.
 */
#include "stored/buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *block)
{
    if (block)
        return block;
    fputs("lamina-stored: out of memory\n", stderr);
    abort();
}

void *must_alloc(size_t size)
{
    return must(malloc(size ? size : 1));
}

void *must_zalloc(size_t size)
{
    return must(calloc(1, size ? size : 1));
}

void *must_realloc(void *block, size_t size)
{
    return must(realloc(block, size ? size : 1));
}

char *must_strdup(const char *s)
{
    return must(strdup(s));
}

void buffer_append(struct buffer *b, const void *data, size_t size)
{
    if (size == 0)
        return;
    if (size > b->room - b->size) {
        size_t room = b->room ? b->room : 64;
        while (room - b->size < size)
            room *= 2;
        b->data = must_realloc(b->data, room);
        b->room = room;
    }
    memcpy(b->data + b->size, data, size);
    b->size += size;
}

void buffer_append_string(struct buffer *b, const char *s)
{
    buffer_append(b, s, strlen(s) + 1);
}

void buffer_consume(struct buffer *b, size_t size)
{
    b->size -= size;
    if (b->size)
        memmove(b->data, b->data + size, b->size);
    else
        buffer_free(b);
}

void buffer_free(struct buffer *b)
{
    free(b->data);
    *b = (struct buffer){ 0 };
}
