/* SPDX-License-Identifier: MIT */
/*
 * Search: looks at all domains of ours and has done to each what has to be. What it finds does not
 * depend on what was found before: a daemon that starts anew goes on where the last one was.
 */
#ifndef LAMINA_LAMINAD_SEARCH_H
#define LAMINA_LAMINAD_SEARCH_H

#include "laminad/laminad.h"

/* Connects to the store and watches it. */
int search_start(struct laminad *daemon) __attribute__((warn_unused_result));

void search_stop(struct laminad *daemon);

/*
 * Looks at everything, and starts what starts with the machine if that was not done yet; context is
 * the struct laminad. For the first time once the daemon has let go of its starter: what is a child
 * from there on must not hold that one's output.
 */
void search_all(void *context);

#endif
