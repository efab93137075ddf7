/* SPDX-License-Identifier: MIT */
/*
 * Request: the guest's kernel watches its control/shutdown and empties it when it begins.
 */
#include "lamina/request.h"

#include <errno.h>
#include <stdio.h>

#include "common/clock.h"
#include "domain/domain.h"
#include "domain/wait.h"
#include "lamina/interrupt.h"
#include "lamina/progress.h"

#define REQUEST_GONE_MS 30000 /* laminad acts at once; its back ends may take a while */

void request_set_patience(struct request_patience *patience, uint64_t seconds)
{
    patience->end_ms = clock_now_ms() + (int64_t)seconds * 1000;
}

/* What is left in milliseconds, as poll() takes it. */
static int left_ms(const struct request_patience *patience, int otherwise)
{
    int64_t left = patience->end_ms - clock_now_ms();

    if (patience->end_ms == 0)
        return otherwise;
    return left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}

/* Gone is an answer as well. */
static int is_taken(void *context, const char *value)
{
    (void)context;
    if (*interrupted)
        return -EINTR;
    return !value || value[0] == '\0';
}

static int complain(struct subject *subject, int rc)
{
    struct failure *failure = &subject->session.failure;
    struct failure ignored = { .kind = FAILURE_NONE };

    if (domain_request(subject->session.store, subject->domid, "", &ignored) != 0)
        return failure_set(failure, FAILURE_OPERATION, rc, "cannot take the request to %s back",
                           subject->name);
    if (rc == -EINTR)
        return failure_set(failure, FAILURE_OPERATION, rc,
                           "interrupted: the request to %s is taken back", subject->name);
    if (rc != -ETIMEDOUT)
        return failure_set(failure, FAILURE_OPERATION, rc, "cannot wait for %s", subject->name);
    return failure_set(failure, FAILURE_OPERATION, rc,
                       "%s does not react: it may still be booting (try again), or hang or lack"
                       " the driver ('lamina destroy %s' ends it at once)",
                       subject->name, subject->name);
}

int request_await_answer(struct subject *subject, const struct request_patience *patience)
{
    char path[64];

    snprintf(path, sizeof(path), "/local/domain/%u/control/shutdown", subject->domid);
    progress_show("waiting for %s to react", subject->name);
    int rc = store_wait(subject->session.store, path, left_ms(patience, REQUEST_ANSWER_MS),
                        is_taken, NULL);
    progress_clear();
    return rc == 0 ? 0 : complain(subject, rc);
}

int request_await_end(struct subject *subject, const struct request_patience *patience, int *reason)
{
    struct failure *failure = &subject->session.failure;

    progress_show("waiting for %s to shut down", subject->name);
    int rc = domain_wait_down(subject->session.store, subject->domid, left_ms(patience, -1),
                              reason);
    progress_clear();
    if (rc == -EINTR)
        return failure_set(failure, FAILURE_OPERATION, rc,
                           "no longer waiting: %s still shuts down", subject->name);
    if (rc == -ETIMEDOUT)
        return failure_set(failure, FAILURE_OPERATION, rc,
                           "%s took the request, but has not shut down: see 'lamina console %s',"
                           " or end it at once with 'lamina destroy %s'",
                           subject->name, subject->name, subject->name);
    return rc == 0 ? 0 :
                     failure_set(failure, FAILURE_OPERATION, rc, "cannot wait for %s",
                                 subject->name);
}

int request_await_gone(struct subject *subject, const struct request_patience *patience)
{
    progress_show("waiting for %s to be taken away", subject->name);
    int rc = domain_wait_gone(subject->domid, left_ms(patience, REQUEST_GONE_MS));
    progress_clear();
    return rc == 0 ? 0 :
                     failure_set(&subject->session.failure, FAILURE_OPERATION, rc,
                                 "%s has shut down, but laminad has not taken it away",
                                 subject->name);
}
