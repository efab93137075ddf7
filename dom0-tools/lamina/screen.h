/* SPDX-License-Identifier: MIT */
/*
 * Screen: a terminal of which a program has the whole, key by key, until it gives it back. Only the
 * sequences that every terminal since the VT100 knows are sent.
 */
#ifndef LAMINA_SCREEN_H
#define LAMINA_SCREEN_H

#include <stdbool.h>

/*
 * Takes the terminal of standard input and output: 0, or -ENOTTY and the like. What is typed ahead
 * is lost neither here nor by closing.
 */
int screen_open(void);
void screen_close(void);

/* Shows lines from the top, cut to what fits. One write, so that nothing flickers. */
void screen_show(const char *text);

#endif
