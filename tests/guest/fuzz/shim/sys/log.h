/* SPDX-License-Identifier: MIT */
/* What the generator of calls needs of the hypervisor's log: a guest's own end. */
#ifndef TESTS_GUEST_FUZZ_LOG_H
#define TESTS_GUEST_FUZZ_LOG_H

#define BUG_ON(cond)                                                                               \
    do {                                                                                           \
        if (cond)                                                                                  \
            __builtin_trap();                                                                      \
    } while (0)

#endif
