/* SPDX-License-Identifier: MIT */
/*
 * Bounded formatting. One conversion is read from the format into a small description, its text is
 * made in a local buffer or found in the argument, and then written with padding; every store goes
 * through put(), which knows the end of the buffer.
 */
#include "lib/format.h"

#include "lib/string.h"

struct output {
    char *buf;
    size_t at, room; /* characters stored, and how many fit without the NUL */
};

struct conversion {
    bool left, zero;
    int width, precision; /* precision -1: none given */
    bool is_long;         /* an integer argument has 8 bytes, not 4 */
    char kind;
};

static void put(struct output *out, char c)
{
    if (out->at < out->room)
        out->buf[out->at++] = c;
}

static void put_repeated(struct output *out, char c, int n)
{
    /* A width may be far larger than the buffer: stop when that is full. */
    for (; n > 0 && out->at < out->room; n--)
        put(out, c);
}

static void put_padded(struct output *out, const struct conversion *cv, const char *s, size_t len)
{
    int pad = cv->width > 0 && len < (size_t)cv->width ? cv->width - (int)len : 0;

    if (!cv->left)
        put_repeated(out, ' ', pad);
    for (size_t i = 0; i < len; i++)
        put(out, s[i]);
    if (cv->left)
        put_repeated(out, ' ', pad);
}

static void put_number(struct output *out, const struct conversion *cv, uint64_t value,
                       bool negative)
{
    unsigned base = cv->kind == 'x' || cv->kind == 'p' ? 16 : 10;
    char text[24]; /* 20 digits of 2^64, a sign, "0x" */
    size_t at = sizeof(text);
    int len, zeros, pad;

    do {
        text[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    len = (int)(sizeof(text) - at);
    zeros = cv->precision > len ? cv->precision - len : 0;
    if (cv->zero && !cv->left && cv->precision < 0)
        zeros = MAX(cv->width - len - negative, 0);
    pad = cv->width - len - zeros - negative;

    if (!cv->left)
        put_repeated(out, ' ', pad);
    if (negative)
        put(out, '-');
    put_repeated(out, '0', zeros);
    for (; at < sizeof(text); at++)
        put(out, text[at]);
    if (cv->left)
        put_repeated(out, ' ', pad);
}

/* A number in the format, at most 9999: more is a mistake and would only make padding. */
static int read_number(const char **fmt)
{
    int n = 0;

    for (; **fmt >= '0' && **fmt <= '9'; (*fmt)++)
        n = MIN(n * 10 + (**fmt - '0'), 9999);
    return n;
}

static void read_length(const char **fmt, struct conversion *cv)
{
    cv->is_long = **fmt == 'z' || **fmt == 'l';
    if (cv->is_long)
        *fmt += (*fmt)[0] == 'l' && (*fmt)[1] == 'l' ? 2 : 1;
}

static const char *read_flags(const char *fmt, struct conversion *cv)
{
    for (;; fmt++) {
        if (*fmt == '-')
            cv->left = true;
        else if (*fmt == '0')
            cv->zero = true;
        else
            return fmt;
    }
}

size_t format_to_v(char *buf, size_t n, const char *fmt, va_list args)
{
    struct output out = { .buf = buf, .room = n ? n - 1 : 0 };

    while (*fmt) {
        struct conversion cv = { .precision = -1 };
        const char *start = fmt;

        if (*fmt != '%') {
            put(&out, *fmt++);
            continue;
        }
        fmt = read_flags(fmt + 1, &cv);
        if (*fmt == '*') {
            cv.width = va_arg(args, int);
            if (cv.width < 0) {
                cv.left = true;
                cv.width = cv.width == INT32_MIN ? 0 : -cv.width;
            }
            fmt++;
        } else {
            cv.width = read_number(&fmt);
        }
        if (*fmt == '.') {
            fmt++;
            if (*fmt == '*') {
                cv.precision = va_arg(args, int);
                fmt++;
            } else {
                cv.precision = read_number(&fmt);
            }
        }
        read_length(&fmt, &cv);
        cv.kind = *fmt;
        switch (cv.kind) {
        case 'd': {
            int64_t value = cv.is_long ? va_arg(args, int64_t) : va_arg(args, int);

            put_number(&out, &cv, value < 0 ? -(uint64_t)value : (uint64_t)value, value < 0);
            break;
        }
        case 'u':
        case 'x': {
            uint64_t value = cv.is_long ? va_arg(args, uint64_t) : va_arg(args, unsigned);

            put_number(&out, &cv, value, false);
            break;
        }
        case 'p':
            cv.precision = 16;
            put_number(&out, &cv, (uintptr_t)va_arg(args, void *), false);
            break;
        case 's': {
            const char *s = va_arg(args, const char *);

            if (!s)
                s = "(null)";
            put_padded(&out, &cv, s,
                       strnlen(s, cv.precision < 0 ? SIZE_MAX : (size_t)cv.precision));
            break;
        }
        case 'c': {
            char c = (char)va_arg(args, int);

            put_padded(&out, &cv, &c, 1);
            break;
        }
        case '%':
            put(&out, '%');
            break;
        default:
            /* Unknown: show the format itself; its argument is not known either. */
            while (start < fmt)
                put(&out, *start++);
            continue;
        }
        fmt++;
    }
    if (n)
        buf[out.at] = '\0';
    return out.at;
}

size_t format_to(char *buf, size_t n, const char *fmt, ...)
{
    va_list args;
    size_t len;

    va_start(args, fmt);
    len = format_to_v(buf, n, fmt, args);
    va_end(args);
    return len;
}
