/* SPDX-License-Identifier: MIT */
/* Bounded formatting, and numbers read back. */
#include <stdbool.h>

#include "lamina/text.h"
#include "public/errno.h"

struct line {
    char *text;
    size_t used, size;
};

static void put(struct line *line, char c)
{
    if (line->used + 1 < line->size)
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

size_t text_format_list(char *text, size_t size, const char *format, va_list *args)
{
    struct line line = { .text = text, .size = size };

    while (*format)
        if (*format == '%')
            format = put_argument(&line, format + 1, args);
        else
            put(&line, *format++);
    text[line.used] = '\0';
    return line.used;
}

size_t text_format(char *text, size_t size, const char *format, ...)
{
    va_list args;
    size_t used;

    va_start(args, format);
    used = text_format_list(text, size, format, &args);
    va_end(args);
    return used;
}

long text_number(const char *text, uint64_t *value)
{
    uint64_t sum = 0;
    const char *c;

    for (c = text; *c >= '0' && *c <= '9'; c++)
        if (__builtin_mul_overflow(sum, 10, &sum) ||
            __builtin_add_overflow(sum, (uint64_t)(*c - '0'), &sum))
            return -XEN_EINVAL;
    if (c == text || *c)
        return -XEN_EINVAL;
    *value = sum;
    return 0;
}
