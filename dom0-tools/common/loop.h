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
    void (*ready)(struct loop_source *source, uint32_t events); /* EPOLLIN ... */
};

struct loop *loop_new(void);       /* NULL and errno */
void loop_free(struct loop *loop); /* the descriptors of sources stay open */

/*
 * 0 or a negative errno value. A source may be removed, and freed, from inside any ready(); it is
 * removed before its descriptor is closed.
 */
int loop_add(struct loop *loop, struct loop_source *source, uint32_t events)
    __attribute__((warn_unused_result));
void loop_change(struct loop *loop, struct loop_source *source, uint32_t events);
void loop_remove(struct loop *loop, struct loop_source *source);

/* Runs after each turn's events, for instance to take what can be taken now. May be NULL. */
void loop_set_after(struct loop *loop, void (*after)(void *context), void *context);

/* There is work that no event will tell of: the next turn does not wait. */
void loop_again(struct loop *loop);

/*
 * SIGTERM and SIGINT end loop_run(); SIGHUP calls on_hangup, if there is one. They stay blocked: a
 * child process unblocks them itself.
 */
int loop_take_signals(struct loop *loop, void (*on_hangup)(void *context), void *context)
    __attribute__((warn_unused_result));

/* Until loop_stop(): 0, or a negative errno value. */
int loop_run(struct loop *loop) __attribute__((warn_unused_result));
void loop_stop(struct loop *loop);

#endif
