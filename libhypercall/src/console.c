/* SPDX-License-Identifier: MIT */
/*
 * Console and the end of a domain. dom0 speaks to the hypervisor's console; any other domain has a
 * ring that it shares with the console daemon. Its peer is not trusted: indices are read once, and
 * what they say is bounded by the ring.
 */
#include <stdarg.h>
#include <stdbool.h>

#include "lamina/console.h"
#include "lamina/event.h"
#include "lamina/hypercall.h"
#include "lamina/paging.h"
#include "lamina/start.h"
#include "public/io/console.h"

#define LINE_MAX 256

struct line {
    char text[LINE_MAX];
    size_t used;
};

/* The ring of a domU, or NULL. The builder puts its page inside the initial mapping. */
static struct xencons_interface *ring(void)
{
    if (start_info->flags & SIF_INITDOMAIN || !start_info->console.domU.mfn)
        return NULL;
    return pfn_to_virt(mfn_to_pfn(start_info->console.domU.mfn));
}

static void ring_notify(void)
{
    struct evtchn_send op = { .port = start_info->console.domU.evtchn };

    hypercall_evtchn_send(&op);
}

/* Blocks until the peer has sent an event since the last call. */
static void ring_wait(void)
{
    evtchn_port_t port = start_info->console.domU.evtchn;
    struct sched_poll op = { .ports = (uint64_t)&port, .nr_ports = 1 };

    hypercall_sched_poll(&op);
    __atomic_fetch_and(&shared_info->evtchn_pending[port / 64], ~(1UL << port % 64),
                       __ATOMIC_SEQ_CST);
}

/* Puts as much as fits; returns how much that was. */
static size_t ring_put(struct xencons_interface *r, const char *text, size_t bytes)
{
    XENCONS_RING_IDX cons = __atomic_load_n(&r->out_cons, __ATOMIC_ACQUIRE);
    XENCONS_RING_IDX prod = r->out_prod;
    size_t n = 0;

    while (n < bytes && prod - cons < sizeof(r->out))
        r->out[MASK_XENCONS_IDX(prod++, r->out)] = text[n++];
    __atomic_store_n(&r->out_prod, prod, __ATOMIC_RELEASE);
    ring_notify();
    return n;
}

void console_write(const char *text, size_t bytes)
{
    struct xencons_interface *r = ring();

    if (!r) {
        hypercall_console_write((uint32_t)bytes, text);
        return;
    }
    if (!shared_info && event_init())
        return;
    while (bytes) {
        size_t n = ring_put(r, text, bytes);

        text += n;
        bytes -= n;
        if (!n)
            ring_wait();
    }
}

char console_read(void)
{
    struct xencons_interface *r = ring();
    XENCONS_RING_IDX cons;
    char c;

    if (!r || (!shared_info && event_init()))
        return '\0';
    cons = r->in_cons;
    while (__atomic_load_n(&r->in_prod, __ATOMIC_ACQUIRE) == cons)
        ring_wait();
    c = r->in[MASK_XENCONS_IDX(cons, r->in)];
    __atomic_store_n(&r->in_cons, cons + 1, __ATOMIC_RELEASE);
    ring_notify();
    return c;
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
