/* SPDX-License-Identifier: MIT */
/*
 * Request: asking guests to shut down or reboot, and waiting for what they do.
 */
#ifndef LAMINA_REQUEST_H
#define LAMINA_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "lamina/subject.h"

#define REQUEST_ANSWER_MS 10000 /* a kernel that lives answers at once */

/* How long to wait, from now on for all waits of a command together. */
struct request_patience {
    int64_t end_ms; /* of CLOCK_MONOTONIC; 0: each wait has its own bound */
};

void request_set_patience(struct request_patience *patience, uint64_t seconds);

/*
 * Waits until the guest took the request. When it does not, the request is taken back and the
 * failure says what to do.
 */
int request_await_answer(struct subject *subject, const struct request_patience *patience)
    __attribute__((warn_unused_result));

/* Waits until the domain has shut down or is gone. *reason as domain_wait_down() gives it. */
int request_await_end(struct subject *subject, const struct request_patience *patience,
                      int *reason) __attribute__((warn_unused_result));

/* Waits until nothing of the domain is left in the hypervisor. */
int request_await_gone(struct subject *subject, const struct request_patience *patience)
    __attribute__((warn_unused_result));

#endif
