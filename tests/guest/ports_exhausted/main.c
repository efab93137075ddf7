/* SPDX-License-Identifier: MIT */
/* All event channels taken, refused beyond the last one, given back, and all there again. */
#include "check.h"

static evtchn_port_t taken[4096];

static unsigned take_all(long *last)
{
    unsigned n = 0;

    for (; n < 4096; n++) {
        struct evtchn_alloc_unbound op = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };

        *last = hypercall_evtchn_alloc_unbound(&op);
        if (*last)
            break;
        taken[n] = op.port;
    }
    return n;
}

static unsigned close_all(unsigned n)
{
    unsigned failed = 0;

    for (unsigned i = 0; i < n; i++) {
        struct evtchn_close op = { .port = taken[i] };

        failed += hypercall_evtchn_close(&op) != 0;
    }
    return failed;
}

void test_main(void)
{
    struct evtchn_close twice;
    unsigned first;
    long last;

    NEED(event_init());
    first = take_all(&last);
    CHECK(last, -XEN_ENOSPC);
    CHECK(first > 1000 && first < 4096, 1); /* port 0 is nobody's */
    CHECK(close_all(first), 0);
    twice.port = taken[0];
    CHECK(hypercall_evtchn_close(&twice), -XEN_EINVAL);
    CHECK(take_all(&last), first);
    CHECK(close_all(first), 0);
}
