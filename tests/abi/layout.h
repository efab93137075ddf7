/* SPDX-License-Identifier: MIT */
/*
 * One row of the layout of the public headers: a size, an offset or a constant, with its name. Two
 * tables with the same names come from two translation units, one per set of headers.
 */
#ifndef TESTS_ABI_LAYOUT_H
#define TESTS_ABI_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

enum layout_kind { LAYOUT_SIZE, LAYOUT_OFFSET, LAYOUT_NUMBER };

struct layout_row {
    const char *name;
    enum layout_kind kind;
    int64_t value;
};

extern const struct layout_row layout_ours[], layout_theirs[];
extern const size_t layout_ours_rows, layout_theirs_rows;

/* Rows made by tests/abi/rows.py expand to these. */
#define TYPE(name, type)    { #type, LAYOUT_SIZE, (int64_t)sizeof(type) },
#define NUMBER(name)        { #name, LAYOUT_NUMBER, (int64_t)(name) },
#define FIELD(type, path)                                                                          \
    { #type "." #path, LAYOUT_OFFSET, (int64_t)offsetof(type, path) },                             \
    { #type "." #path, LAYOUT_SIZE, (int64_t)sizeof(((type *)0)->path) },

/* A ring of two structures of different size, since rings are made by macros. */
#define LAYOUT_RING                                                                                \
    struct layout_request {                                                                        \
        uint64_t id;                                                                               \
        uint32_t word[5];                                                                          \
    };                                                                                             \
    struct layout_response {                                                                       \
        uint64_t id;                                                                               \
    };                                                                                             \
    DEFINE_RING_TYPES(layout, struct layout_request, struct layout_response)
#define LAYOUT_RING_ROWS                                                                           \
    TYPE(sring, struct layout_sring)                                                               \
    TYPE(entry, union layout_sring_entry)                                                          \
    FIELD(struct layout_sring, req_prod)                                                           \
    FIELD(struct layout_sring, req_event)                                                          \
    FIELD(struct layout_sring, rsp_prod)                                                           \
    FIELD(struct layout_sring, rsp_event)                                                          \
    FIELD(struct layout_sring, pvt)                                                                \
    FIELD(struct layout_sring, ring)                                                               \
    NUMBER(__CONST_RING_SIZE(layout, 4096))                                                        \
    NUMBER(__CONST_RING_SIZE(layout, 16384))                                                       \
    NUMBER(__CONST_RING_SIZE(layout, 100))

#endif
