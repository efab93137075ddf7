/* SPDX-License-Identifier: MIT */
/*
 * Reader: someone at a domain's console, over a socket or at the pseudo terminal.
 *
 * It has no buffer of its own. What the domain says it takes from the history, at its own pace;
 * what it types stays with the kernel until the domain's ring has room, so nothing typed is lost
 * and nobody can make the daemon hold more than the ring does.
 */
#ifndef LAMINA_CONSOLED_READER_H
#define LAMINA_CONSOLED_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/loop.h"

struct guest;

struct reader {
    struct loop_source source; /* first */
    struct guest *guest;
    struct reader *next;
    uint64_t pos;    /* in the domain's history */
    uint32_t events; /* waited for */
    bool is_polled;  /* is in the loop */
    bool is_deaf;    /* says no more */
    bool is_hung;    /* the other side is closed: hears no more */
};

/* fd becomes the reader's; it must not block. NULL: no memory, and fd is closed. */
struct reader *reader_new(struct guest *guest, int fd, uint64_t pos);
void reader_free(struct reader *reader);

/* Gives it what it can take. The reader may be freed. */
void reader_hear(struct reader *reader);

/* The domain may have room again. The reader may be freed. */
void reader_speak(struct reader *reader);

#endif
