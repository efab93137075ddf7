/* SPDX-License-Identifier: MIT */
/*
 * Interrupt: Ctrl-C and the like, for commands that have to tidy up first. A second one changes
 * nothing: tidying up is bounded.
 */
#ifndef LAMINA_INTERRUPT_H
#define LAMINA_INTERRUPT_H

#include <signal.h>

/* From now on SIGINT, SIGTERM and SIGHUP set the flag and end waits with EINTR. */
void interrupt_take(void);

/* The flag, which is not 0 after one of them. */
extern const volatile sig_atomic_t *const interrupted;

#endif
