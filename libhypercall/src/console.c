/* SPDX-License-Identifier: MIT */
/*
 * Console and the end of a domain. dom0 speaks to the hypervisor's console; any other domain has a
 * ring that it shares with the console daemon. Its peer is not trusted: indices are read once, and
 * what they say is bounded by the ring.
 */
#include <stdarg.h>

#include "lamina/console.h"
#include "lamina/event.h"
#include "lamina/hypercall.h"
#include "lamina/paging.h"
#include "lamina/start.h"
#include "lamina/text.h"
#include "public/io/console.h"

#define LINE_MAX 256

/* The ring of a domU, or NULL. The builder puts its page inside the initial mapping. */
static struct xencons_interface *ring(void)
{
    if (start_info->flags & SIF_INITDOMAIN || !start_info->console.domU.mfn)
        return NULL;
    return pfn_to_virt(mfn_to_pfn(start_info->console.domU.mfn));
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
    event_send(start_info->console.domU.evtchn);
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
        if (!n && event_wait(start_info->console.domU.evtchn, 0))
            return;
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
        if (event_wait(start_info->console.domU.evtchn, 0))
            return '\0';
    c = r->in[MASK_XENCONS_IDX(cons, r->in)];
    __atomic_store_n(&r->in_cons, cons + 1, __ATOMIC_RELEASE);
    event_send(start_info->console.domU.evtchn);
    return c;
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
