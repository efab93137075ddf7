/* SPDX-License-Identifier: MIT */
/*
 * History: the newest CONSOLE_BACKLOG bytes of a console. Readers keep a position in the whole
 * stream each; one that falls too far behind skips what is no longer there.
 */
#ifndef LAMINA_CONSOLED_HISTORY_H
#define LAMINA_CONSOLED_HISTORY_H

#include <stddef.h>
#include <stdint.h>

struct history {
    uint8_t *data;
    uint64_t end; /* position behind the last byte */
};

int history_open(struct history *history) __attribute__((warn_unused_result)); /* or -ENOMEM */
void history_close(struct history *history);

void history_append(struct history *history, const uint8_t *data, size_t size);

/* The oldest position that there is. */
uint64_t history_start(const struct history *history);

/*
 * The bytes from *pos on that lie next to each other, maybe not all; 0: no more. *pos moves forward
 * when what it stood for is gone.
 */
size_t history_read(const struct history *history, uint64_t *pos, const uint8_t **data);

#endif
