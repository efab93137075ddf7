/* SPDX-License-Identifier: MIT */
/*
 * Record: one change of the store's state as bytes. Transactions keep what they did as records, the
 * journal is a sequence of them, and a restart applies them again.
 */
#ifndef LAMINA_STORED_RECORD_H
#define LAMINA_STORED_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stored/buffer.h"

/*
 * What each type means and which fields it uses. The values are those of the journal on disk: a
 * new meaning gets a new value.
 */
enum record_type {
    RECORD_GENERATION = 1, /* wide: the store's counter */
    RECORD_CREATE = 2,     /* a: path, b: permissions, also of missing nodes above */
    RECORD_WRITE = 3,      /* a: path, b: value */
    RECORD_REMOVE = 4,     /* a: path; with all below */
    RECORD_PERMS = 5,      /* a: path, also a special one, b: permissions */
    RECORD_INTRODUCE = 6,  /* domid, number: port, wide: frame */
    RECORD_RELEASE = 7,    /* domid; its nodes have been removed */
    RECORD_TARGET = 8,     /* domid, number: target */
    RECORD_STOPPED = 9,    /* domid, number: has shut down */
    RECORD_WATCH = 10,     /* domid, a: path as given, b: token, number: depth, as int32_t */
    RECORD_UNWATCH = 11,   /* domid, a: path as given, b: token */
    RECORD_RESET = 12,     /* domid: watches and transactions are gone */
    RECORD_RECONNECT = 13, /* domid: the streams start anew as well */
    RECORD_START = 14,     /* domid, number: transaction */
    RECORD_END = 15,       /* domid, number: transaction */
    RECORD_INPUT = 16,     /* domid, number: position behind, a: bytes of an unfinished message */
    RECORD_OUTPUT = 17,    /* domid, a: bytes queued */
    RECORD_POSITION = 18,  /* domid, number: position of the first byte queued from here on */
    RECORD_BROKEN = 19,    /* domid: not listened to until it reconnects */
    RECORD_AGE = 20,       /* a: path, wide: generation, b: that of the children, uint64_t */
};

enum {
    RECORD_FIRE = 1,  /* watches of the path have to be told */
    RECORD_FRESH = 2, /* INPUT: what was collected before is dealt with */
};

struct record {
    uint8_t type;
    uint8_t flags;
    uint16_t domid;
    uint32_t number;
    uint64_t wide;
    const void *a, *b;
    uint32_t a_size, b_size;
};

void record_append(struct buffer *out, const struct record *record);

/* A record whose a is the string `path` with its NUL. */
struct record record_of_path(enum record_type type, const char *path);

/* Takes the record at *pos, which moves behind it. False: there is no whole record. */
bool record_next(const uint8_t *data, size_t size, size_t *pos, struct record *record);

/* a (or b) is a string: it has a NUL at its end and no other. */
bool record_is_string(const void *data, uint32_t size);

#endif
