/* SPDX-License-Identifier: MIT */
/*
 * A real lamina-stored for a test: its program is named by $LAMINA_STORED, its folder is private,
 * and it dies as often as the test likes.
 */
#ifndef TESTS_STORE_DAEMON_H
#define TESTS_STORE_DAEMON_H

#include <sys/types.h>

struct test_daemon {
    char folder[64];
    pid_t pid;
};

/* A new folder, and XENSTORED_PATH set to the socket that a daemon in it has. */
void daemon_prepare(struct test_daemon *daemon);
void daemon_begin(struct test_daemon *daemon); /* does not wait until it serves */
void daemon_kill(struct test_daemon *daemon);  /* SIGKILL, and gone on return */
void daemon_finish(struct test_daemon *daemon);

#endif
