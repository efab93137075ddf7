/* SPDX-License-Identifier: MIT */
/*
 * Progress: one line on a terminal that says what a command is doing or waiting for, replaced by
 * the next and gone at the end. Nothing is written where standard error is no terminal.
 */
#ifndef LAMINA_PROGRESS_H
#define LAMINA_PROGRESS_H

void progress_show(const char *format, ...) __attribute__((format(printf, 1, 2)));
void progress_clear(void);

#endif
