/* SPDX-License-Identifier: MIT */
/*
 * Progress: the line is cleared (EL) before each text, so texts may be of any length that fits.
 */
#include "lamina/progress.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

static bool is_shown;

#define CLEAR_LINE "\r\x1b[K"

void progress_show(const char *format, ...)
{
    va_list arguments;

    if (!isatty(STDERR_FILENO))
        return;
    fputs(CLEAR_LINE, stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputs(" ...", stderr);
    fflush(stderr);
    is_shown = true;
}

void progress_clear(void)
{
    if (is_shown)
        fputs(CLEAR_LINE, stderr);
    is_shown = false;
    fflush(stderr);
}
