/* SPDX-License-Identifier: MIT */
/*
 * Session: what most commands need before they can do their work: the hypervisor's devices, and
 * the store. What cannot be had is told in one line that says what to do about it.
 */
#ifndef LAMINA_SESSION_H
#define LAMINA_SESSION_H

#include <stdbool.h>

#include "common/failure.h"
#include "lamina/command.h"
#include "store/client.h"

struct session {
    const struct command *command;
    struct store_client *store; /* NULL: not asked for, or it does not answer */
    bool has_host;
    struct failure failure; /* for the calls that take one */
};

enum session_needs {
    SESSION_HOST = 1 << 0,      /* the hypervisor */
    SESSION_STORE = 1 << 1,     /* lamina-stored; waits a moment for one that is restarting */
    SESSION_STORE_MAY = 1 << 2, /* the same, but without it the session goes on after a warning */
};

/* LAMINA_OK, or the exit code after a complaint; session_close() is due only after LAMINA_OK. */
int session_open(struct session *session, const struct command *command, unsigned needs);
void session_close(struct session *session);

/* Closes, and returns the status: for `return session_end(&session, status)`. */
int session_end(struct session *session, int status);

/* Prints "lamina COMMAND: why" and gives the exit code that goes with its kind. */
int command_fail(const struct command *command, const struct failure *failure);
/* The same of the session's failure, which is then empty again. */
int session_fail(struct session *session);

#endif
