/* SPDX-License-Identifier: MIT */
/*
 * Event channels. The upcall clears the pending byte before it reads the selector, so an event that
 * arrives meanwhile raises a new upcall; nothing is lost and nothing is handled twice.
 */
#include <stddef.h>

#include "lamina/clock.h"
#include "lamina/event.h"
#include "lamina/hypercall.h"
#include "lamina/paging.h"
#include "lamina/trap.h"
#include "lamina/vcpu.h"
#include "public/errno.h"

#define PORTS 64

struct shared_info *shared_info;
static event_handler handlers[PORTS];
static char shared_info_page[PAGE_SIZE] __attribute__((aligned(4096)));

/* Without a handler a port is masked, and its event stays for event_wait(). */
static void handle_word(unsigned word)
{
    uint64_t active;

    while ((active = shared_info->evtchn_pending[word] & ~shared_info->evtchn_mask[word])) {
        evtchn_port_t port = word * 64 + (unsigned)__builtin_ctzll(active);

        if (port >= PORTS || !handlers[port]) {
            event_mask(port);
            continue;
        }
        __atomic_fetch_and(&shared_info->evtchn_pending[word], ~(1UL << port % 64),
                           __ATOMIC_SEQ_CST);
        handlers[port](port);
    }
}

static void events_dispatch(struct trap_frame *frame)
{
    struct vcpu_info *info = &shared_info->vcpu_info[frame->vector >> 8];
    uint64_t selector;

    while (__atomic_exchange_n(&info->evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST)) {
        selector = __atomic_exchange_n(&info->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
        for (; selector; selector &= selector - 1)
            handle_word((unsigned)__builtin_ctzll(selector));
    }
}

long event_init(void)
{
    long error = page_remap(shared_info_page, start_info->shared_info | PTE_P | PTE_W);

    if (error)
        return error;
    shared_info = (struct shared_info *)shared_info_page;
    trap_handle(TRAP_EVENT, events_dispatch);
    return 0;
}

void event_handle(evtchn_port_t port, event_handler handler)
{
    handlers[port % PORTS] = handler;
    event_unmask(port);
}

void event_mask(evtchn_port_t port)
{
    __atomic_fetch_or(&shared_info->evtchn_mask[port / 64], 1UL << port % 64, __ATOMIC_SEQ_CST);
}

void event_unmask(evtchn_port_t port)
{
    struct evtchn_unmask op = { .port = port };

    hypercall_evtchn_unmask(&op);
}

bool event_pending(evtchn_port_t port)
{
    return shared_info->evtchn_pending[port / 64] >> port % 64 & 1;
}

long event_wait(evtchn_port_t port, uint64_t deadline_ns)
{
    uint64_t *pending = (uint64_t *)&shared_info->evtchn_pending[port / 64], bit = 1UL << port % 64;
    struct sched_poll op = { .ports = (uint64_t)&port, .nr_ports = 1, .timeout = deadline_ns };
    long error;

    while (!(__atomic_fetch_and(pending, ~bit, __ATOMIC_SEQ_CST) & bit)) {
        if (deadline_ns && clock_now_ns() >= deadline_ns)
            return -XEN_ETIME;
        error = hypercall_sched_poll(&op);
        if (error)
            return error;
    }
    return 0;
}

long event_offer(domid_t remote)
{
    struct evtchn_alloc_unbound op = { .dom = DOMID_SELF, .remote_dom = remote };
    long error = hypercall_evtchn_alloc_unbound(&op);

    return error ? error : (long)op.port;
}

long event_send(evtchn_port_t port)
{
    struct evtchn_send op = { .port = port };

    return hypercall_evtchn_send(&op);
}

long event_close(evtchn_port_t port)
{
    struct evtchn_close op = { .port = port };

    return hypercall_evtchn_close(&op);
}

void events_disable(void)
{
    vcpu_events_disable(0);
}

void events_enable(void)
{
    vcpu_events_enable(0);
}
