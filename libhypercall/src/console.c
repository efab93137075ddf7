/* SPDX-License-Identifier: MIT */
/* Console output and the end of a domain. */
#include <stdarg.h>

#include "lamina/console.h"
#include "lamina/hypercall.h"
#include "lamina/start.h"
#include "lamina/text.h"

#define LINE_MAX 256

void console_write(const char *text, size_t bytes)
{
    hypercall_console_write((uint32_t)bytes, text);
}

void console_print(const char *format, ...)
{
    char line[LINE_MAX + 1];
    va_list args;
    size_t used;

    va_start(args, format);
    used = text_format_list(line, sizeof(line), format, &args);
    va_end(args);
    console_write(line, used);
}

void guest_shutdown(unsigned reason)
{
    struct sched_shutdown op = { .reason = reason };

    for (;;)
        hypercall_sched_shutdown(&op);
}
