/* SPDX-License-Identifier: MIT */
/*
 * Progress: the line is cleared (EL) before each text, so texts may be of any length that fits.
 */
#include "lamina/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

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
}

void progress_clear(void)
{
    if (isatty(STDERR_FILENO)) {
        fputs(CLEAR_LINE, stderr);
        fflush(stderr);
    }
}
