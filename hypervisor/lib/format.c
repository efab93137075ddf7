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
    bool is_long;         /* an integer argument has 8 bytes, not 4 */
    int width, precision; /* precision -1: none given */
};

static void put(struct output *out, char c)
{
    if (out->at < out->room)
        out->buf[out->at++] = c;
}

static void put_padded(struct output *out, const struct conversion *cv, const char *s, size_t len)
{
    size_t width = (size_t)cv->width;

    for (size_t i = len; i < width && !cv->left; i++)
        put(out, cv->zero ? '0' : ' ');
    for (size_t i = 0; i < len; i++)
        put(out, s[i]);
    for (size_t i = len; i < width && cv->left; i++)
        put(out, ' ');
}

static void put_number(struct output *out, struct conversion cv, uint64_t value, unsigned base,
                       bool negative)
{
    char text[24]; /* 20 digits of 2^64, a sign */
    size_t at = sizeof(text);

    do {
        text[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    if (negative && cv.zero && !cv.left) {
        put(out, '-');
        cv.width -= cv.width > 0;
    } else if (negative) {
        text[--at] = '-';
    }
    put_padded(out, &cv, text + at, sizeof(text) - at);
}

/* A number in the format, at most 9999: more is a mistake and would only make padding. */
static int read_number(const char **fmt)
{
    int n = 0;

    for (; **fmt >= '0' && **fmt <= '9'; (*fmt)++)
        n = MIN(n * 10 + (**fmt - '0'), 9999);
    return n;
}

/* What stands between % and the kind, which the result points to. */
static const char *conversion_read(const char *fmt, struct conversion *cv, va_list *args)
{
    *cv = (struct conversion){ .precision = -1 };
    for (; *fmt == '-' || *fmt == '0'; fmt++)
        *(*fmt == '-' ? &cv->left : &cv->zero) = true;
    cv->width = read_number(&fmt);
    if (*fmt == '.' && fmt[1] == '*') {
        cv->precision = va_arg(*args, int);
        fmt += 2;
    } else if (*fmt == '.') {
        fmt++;
        cv->precision = read_number(&fmt);
    }
    for (; *fmt == 'l' || *fmt == 'z'; fmt++)
        cv->is_long = true;
    return fmt;
}

/* False: no such kind. */
static bool convert(struct output *out, struct conversion *cv, char kind, va_list *args)
{
    const char *s;
    int64_t number;
    char c;

    switch (kind) {
    case 'd':
        number = cv->is_long ? va_arg(*args, int64_t) : va_arg(*args, int);
        put_number(out, *cv, number < 0 ? -(uint64_t)number : (uint64_t)number, 10, number < 0);
        return true;
    case 'u':
    case 'x':
        put_number(out, *cv, cv->is_long ? va_arg(*args, uint64_t) : va_arg(*args, unsigned),
                   kind == 'x' ? 16 : 10, false);
        return true;
    case 'p':
        cv->zero = true;
        cv->width = 16;
        put_number(out, *cv, (uintptr_t)va_arg(*args, void *), 16, false);
        return true;
    case 's':
        s = va_arg(*args, const char *);
        if (!s)
            s = "(null)";
        cv->zero = false;
        put_padded(out, cv, s, strnlen(s, cv->precision < 0 ? SIZE_MAX : (size_t)cv->precision));
        return true;
    case 'c':
        c = (char)va_arg(*args, int);
        put_padded(out, cv, &c, 1);
        return true;
    case '%':
        put(out, '%');
        return true;
    default:
        return false;
    }
}

size_t format_to_v(char *buf, size_t n, const char *fmt, va_list args)
{
    struct output out = { .buf = buf, .room = n ? n - 1 : 0 };
    struct conversion cv;
    va_list rest;

    va_copy(rest, args); /* a parameter has another type than a variable here */
    while (*fmt) {
        const char *start = fmt;

        if (*fmt != '%') {
            put(&out, *fmt++);
            continue;
        }
        fmt = conversion_read(fmt + 1, &cv, &rest);
        if (convert(&out, &cv, *fmt, &rest)) {
            fmt++;
            continue;
        }
        /* Unknown: show the format itself; its argument is not known either. */
        while (start < fmt)
            put(&out, *start++);
    }
    va_end(rest);
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
