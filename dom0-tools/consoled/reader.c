/* SPDX-License-Identifier: MIT */
/*
 * Reader: between a descriptor on one side and history and ring on the other.
 */
#include "consoled/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "consoled/guest.h"
#include "consoled/server.h"

static bool would_block(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/*
 * Waits for what can be dealt with, and for nothing else. Who is hung and still has something to
 * say leaves the loop until the domain has room, since its state would wake us all the time.
 */
static void update(struct reader *reader)
{
    struct loop *loop = reader->guest->server->loop;
    bool has_room = !reader->is_deaf && guest_room(reader->guest) > 0;
    bool is_behind = !reader->is_hung && reader->pos < reader->guest->history.end;
    uint32_t events = (has_room ? EPOLLIN : 0u) | (is_behind ? EPOLLOUT : 0u);

    if (reader->is_hung && reader->is_deaf) {
        reader_free(reader);
        return;
    }
    bool is_polled = !reader->is_hung || has_room;
    if (reader->is_polled && !is_polled)
        loop_remove(loop, &reader->source);
    else if (reader->is_polled && events != reader->events)
        loop_change(loop, &reader->source, events);
    else if (!reader->is_polled && is_polled)
        is_polled = loop_add(loop, &reader->source, events) == 0;
    reader->is_polled = is_polled;
    reader->events = events;
}

static void hear(struct reader *reader)
{
    const uint8_t *data;
    size_t size;

    while (!reader->is_hung &&
           (size = history_read(&reader->guest->history, &reader->pos, &data)) > 0) {
        ssize_t n = write(reader->source.fd, data, size);
        if (n < 0 && !would_block())
            reader->is_hung = true;
        if (n <= 0)
            return;
        reader->pos += (uint64_t)n;
    }
}

/* One piece a turn: a domain that reads as fast as someone types does not keep us here. */
static void speak(struct reader *reader)
{
    uint8_t block[RING_IN_SIZE];
    size_t room = guest_room(reader->guest);

    if (reader->is_deaf || room == 0)
        return;
    ssize_t n = read(reader->source.fd, block, room);
    if (n == 0 || (n < 0 && !would_block()))
        reader->is_deaf = true;
    if (n > 0)
        guest_type(reader->guest, block, (size_t)n);
}

static void reader_ready(struct loop_source *source, uint32_t events)
{
    struct reader *reader = (struct reader *)source;

    if (events & (EPOLLHUP | EPOLLERR))
        reader->is_hung = true;
    speak(reader);
    hear(reader);
    update(reader);
}

void reader_hear(struct reader *reader)
{
    hear(reader);
    update(reader);
}

void reader_speak(struct reader *reader)
{
    /* The loop tells of those for whom there was room all the time. */
    if (reader->is_polled && reader->events & EPOLLIN)
        return;
    speak(reader);
    update(reader);
}

struct reader *reader_new(struct guest *guest, int fd, uint64_t pos)
{
    struct reader *reader = calloc(1, sizeof(*reader));

    if (!reader) {
        close(fd);
        return NULL;
    }
    reader->source = (struct loop_source){ fd, reader_ready };
    reader->guest = guest;
    reader->pos = pos;
    reader->next = guest->readers;
    guest->readers = reader;
    guest->nr_readers++;
    return reader;
}

void reader_free(struct reader *reader)
{
    struct guest *guest = reader->guest;
    struct reader **slot = &guest->readers;

    while (*slot != reader)
        slot = &(*slot)->next;
    *slot = reader->next;
    guest->nr_readers--;
    if (reader->is_polled)
        loop_remove(guest->server->loop, &reader->source);
    close(reader->source.fd);
    free(reader);
}
