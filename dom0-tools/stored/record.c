/* SPDX-License-Identifier: MIT */
/*
 * Record: a fixed header, then the two blocks it gives the sizes of. Numbers are in the byte order
 * of the machine, since a journal never leaves it.
 */
#include "stored/record.h"

#include <string.h>

struct header {
    uint8_t type;
    uint8_t flags;
    uint16_t domid;
    uint32_t number;
    uint64_t wide;
    uint32_t a_size, b_size;
};

void record_append(struct buffer *out, const struct record *r)
{
    struct header header = { .type = r->type,
                             .flags = r->flags,
                             .domid = r->domid,
                             .number = r->number,
                             .wide = r->wide,
                             .a_size = r->a_size,
                             .b_size = r->b_size };

    buffer_append(out, &header, sizeof(header));
    buffer_append(out, r->a, r->a_size);
    buffer_append(out, r->b, r->b_size);
}

struct record record_of_path(enum record_type type, const char *path)
{
    return (
        struct record){ .type = (uint8_t)type, .a = path, .a_size = (uint32_t)strlen(path) + 1 };
}

bool record_next(const uint8_t *data, size_t size, size_t *pos, struct record *r)
{
    struct header header;
    size_t left = size - *pos;

    if (left < sizeof(header))
        return false;
    memcpy(&header, data + *pos, sizeof(header));
    left -= sizeof(header);
    if (header.a_size > left || header.b_size > left - header.a_size)
        return false;
    const uint8_t *a = data + *pos + sizeof(header);
    *r = (struct record){ .type = header.type,
                          .flags = header.flags,
                          .domid = header.domid,
                          .number = header.number,
                          .wide = header.wide,
                          .a = a,
                          .b = a + header.a_size,
                          .a_size = header.a_size,
                          .b_size = header.b_size };
    *pos += sizeof(header) + header.a_size + header.b_size;
    return true;
}

bool record_is_string(const void *data, uint32_t size)
{
    return size > 0 && memchr(data, '\0', size) == (const char *)data + size - 1;
}
