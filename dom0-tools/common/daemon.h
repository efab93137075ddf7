/* SPDX-License-Identifier: MIT */
/*
 * Daemon: how lamina-stored, lamina-consoled and laminad start. In the foreground for a supervisor,
 * to which readiness is told (sd_notify's protocol: $NOTIFY_SOCKET); or by going into the
 * background, where the parent returns to the shell only once the child is ready, with its exit
 * code. A locked file keeps a second instance out and holds the process number; children do not
 * hold the lock, so that a daemon can be started anew while those of its predecessor still work.
 */
#ifndef LAMINA_COMMON_DAEMON_H
#define LAMINA_COMMON_DAEMON_H

#include <stdbool.h>

#ifndef DAEMON_RUN_DIR /* tests have one of their own */
#define DAEMON_RUN_DIR "/run/lamina"
#endif

/*
 * Takes pid_file (NULL: DAEMON_RUN_DIR/NAME.pid): 0, -EALREADY when another instance runs, or the
 * errno value of what failed. Goes into the background first if so asked; messages then go to
 * syslog as well as to standard error. name must stay. To be called before anything is opened.
 */
int daemon_start(const char *name, const char *pid_file, bool in_background)
    __attribute__((warn_unused_result));

/* Tells parent or supervisor: it serves now. */
void daemon_ready(void);

/* Whether the daemon of that name runs, as its DAEMON_RUN_DIR/NAME.pid says. For anybody to ask. */
bool daemon_runs(const char *name);

/* One line for the log, with the daemon's name before it; level as in syslog(3). errno stays. */
void daemon_log(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
