/* SPDX-License-Identifier: MIT */
/* Formatting, for two CPUs that speak in turns. */
#include <stdarg.h>

#include "common/machine.h"
#include "common/print.h"

#define LINE 200u

static size_t put_number(char *to, size_t room, unsigned long value, unsigned base)
{
    char digits[20];
    size_t n = 0, used = 0;

    do {
        digits[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    while (n && used < room)
        to[used++] = digits[--n];
    return used;
}

static size_t put_text(char *to, size_t room, const char *text)
{
    size_t used = 0;

    while (used < room && text[used]) {
        to[used] = text[used];
        used++;
    }
    return used;
}

void print(const char *format, ...)
{
    static int is_taken;
    char line[LINE];
    size_t used = 0;
    va_list args;

    va_start(args, format);
    for (const char *c = format; *c && used < LINE; c++) {
        bool is_long = c[0] == '%' && c[1] == 'l';
        char kind = c[0] == '%' ? c[1 + is_long] : 0;

        if (kind == 's')
            used += put_text(line + used, LINE - used, va_arg(args, const char *));
        else if (kind == 'u' || kind == 'x')
            used += put_number(line + used, LINE - used,
                               is_long ? va_arg(args, unsigned long) : va_arg(args, unsigned),
                               kind == 'u' ? 10 : 16);
        else
            line[used++] = *c;
        c += kind ? 1 + is_long : 0;
    }
    va_end(args);
    while (__atomic_exchange_n(&is_taken, 1, __ATOMIC_ACQUIRE))
        __builtin_ia32_pause();
    machine_print(line, used);
    __atomic_store_n(&is_taken, 0, __ATOMIC_RELEASE);
}

void panic(const char *why)
{
    print("panic: %s\n", why);
    machine_off();
}
