/* SPDX-License-Identifier: MIT */
/* Console output and the end of a domain. */
#include <stdarg.h>
#include <stdbool.h>

#include "lamina/console.h"
#include "lamina/hypercall.h"
#include "lamina/start.h"

#define LINE_MAX 256

struct line {
    char text[LINE_MAX];
    size_t used;
};

void console_write(const char *text, size_t bytes)
{
    hypercall_console_write((uint32_t)bytes, text);
}

static void put(struct line *line, char c)
{
    if (line->used < LINE_MAX)
        line->text[line->used++] = c;
}

static void put_string(struct line *line, const char *s)
{
    for (; *s; s++)
        put(line, *s);
}

static void put_number(struct line *line, unsigned long value, unsigned base)
{
    char digits[20];
    unsigned n = 0;

    do {
        digits[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    while (n)
        put(line, digits[--n]);
}

static void put_signed(struct line *line, long value)
{
    if (value < 0)
        put(line, '-');
    put_number(line, value < 0 ? 0UL - (unsigned long)value : (unsigned long)value, 10);
}

/* One conversion; returns the format after it. */
static const char *put_argument(struct line *line, const char *format, va_list *args)
{
    bool is_long = *format == 'l';

    if (is_long)
        format++;
    switch (*format) {
    case 's':
        put_string(line, va_arg(*args, const char *));
        break;
    case 'c':
        put(line, (char)va_arg(*args, int));
        break;
    case 'd':
        put_signed(line, is_long ? va_arg(*args, long) : va_arg(*args, int));
        break;
    case 'u':
        put_number(line, is_long ? va_arg(*args, unsigned long) : va_arg(*args, unsigned), 10);
        break;
    case 'x':
        put_number(line, is_long ? va_arg(*args, unsigned long) : va_arg(*args, unsigned), 16);
        break;
    case 'p':
        put_string(line, "0x");
        put_number(line, (unsigned long)va_arg(*args, void *), 16);
        break;
    default:
        put(line, *format);
    }
    return *format ? format + 1 : format;
}

void console_print(const char *format, ...)
{
    struct line line = { .used = 0 };
    va_list args;

    va_start(args, format);
    while (*format)
        if (*format == '%')
            format = put_argument(&line, format + 1, &args);
        else
            put(&line, *format++);
    va_end(args);
    console_write(line.text, line.used);
}

void guest_shutdown(unsigned reason)
{
    struct sched_shutdown op = { .reason = reason };

    for (;;)
        hypercall_sched_shutdown(&op);
}
