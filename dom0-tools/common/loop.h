/* SPDX-License-Identifier: MIT */
/*
 * Event loop of the daemons: one thread, epoll, no wake-up without a reason.
 */
#ifndef LAMINA_COMMON_LOOP_H
#define LAMINA_COMMON_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;

/* Something that becomes readable or writable; lies in the object that owns it. */
struct loop_source {
    int fd;
    void (*ready)(struct loop_source *source, uint32_t events); /* events: EPOLLIN ... */
};

struct loop *loop_new(void); /* NULL and errno */
void loop_free(struct loop *loop);

/* 0 or a negative errno value. A source may be removed, and freed, from inside any ready(). */
int loop_add(struct loop *loop, struct loop_source *source, uint32_t events);
void loop_change(struct loop *loop, struct loop_source *source, uint32_t events);
void loop_remove(struct loop *loop, struct loop_source *source);

/* Runs after each turn's events, for instance to take what can be taken now. May be NULL. */
void loop_set_after(struct loop *loop, void (*after)(void *context), void *context);

/* SIGTERM and SIGINT end loop_run(); SIGHUP calls on_hangup, if there is one. */
int loop_take_signals(struct loop *loop, void (*on_hangup)(void *context), void *context);

int loop_run(struct loop *loop); /* until loop_stop() */
void loop_stop(struct loop *loop);

#endif
