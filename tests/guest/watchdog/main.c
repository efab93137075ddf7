/* SPDX-License-Identifier: MIT */
/* Watchdogs: two there are, not three; numbers of others and times of nothing. */
#include "check.h"

static int dog(uint32_t id, uint32_t timeout)
{
    struct sched_watchdog op = { .id = id, .timeout = timeout };

    return (int)hypercall_sched_watchdog(&op); /* the ABI's result has 32 bits */
}

void test_main(void)
{
    int first = dog(0, 100), second = dog(0, 100);

    CHECK(first > 0, 1);
    CHECK(second > 0 && second != first, 1);
    CHECK(dog(0, 100), -XEN_ENOSPC);
    CHECK(dog(77, 100), -XEN_EINVAL);
    CHECK(dog(~0u, 100), -XEN_EINVAL);
    CHECK(dog((uint32_t)first, 200), 0); /* stroked */
    CHECK(dog((uint32_t)first, 0), 0);   /* and let go */
    CHECK(dog((uint32_t)second, 0), 0);
    CHECK(dog((uint32_t)second, 0), -XEN_EINVAL);
}
