/* SPDX-License-Identifier: MIT */
/*
 * History: a circular buffer. It comes from the system by itself and goes back there, so that a
 * daemon which has seen many domains is as small as before.
 */
#include "consoled/history.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "consoled/console.h"

_Static_assert((CONSOLE_BACKLOG & (CONSOLE_BACKLOG - 1)) == 0, "positions are masked");

int history_open(struct history *history)
{
    void *data =
        mmap(NULL, CONSOLE_BACKLOG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    *history = (struct history){ data == MAP_FAILED ? NULL : data, 0 };
    return history->data ? 0 : -ENOMEM;
}

void history_close(struct history *history)
{
    if (history->data)
        munmap(history->data, CONSOLE_BACKLOG);
    *history = (struct history){ 0 };
}

/* How many bytes from the position to the end of the buffer, at most size. */
static size_t in_one_piece(uint64_t pos, uint64_t size)
{
    size_t piece = CONSOLE_BACKLOG - (size_t)(pos & (CONSOLE_BACKLOG - 1));

    return piece < size ? piece : (size_t)size;
}

void history_append(struct history *history, const uint8_t *data, size_t size)
{
    while (size > 0) {
        size_t piece = in_one_piece(history->end, size);
        memcpy(history->data + (history->end & (CONSOLE_BACKLOG - 1)), data, piece);
        history->end += piece;
        data += piece;
        size -= piece;
    }
}

uint64_t history_start(const struct history *history)
{
    return history->end > CONSOLE_BACKLOG ? history->end - CONSOLE_BACKLOG : 0;
}

size_t history_read(const struct history *history, uint64_t *pos, const uint8_t **data)
{
    if (*pos < history_start(history))
        *pos = history_start(history);
    *data = history->data + (*pos & (CONSOLE_BACKLOG - 1));
    return in_one_piece(*pos, history->end - *pos);
}
