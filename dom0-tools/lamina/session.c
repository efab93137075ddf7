/* SPDX-License-Identifier: MIT */
/*
 * Session: opens what a command needs, and turns failures into lines and exit codes.
 */
#include "lamina/session.h"

#include <errno.h>
#include <lamina/host.h>
#include <string.h>

/* A killed lamina-stored is back within this time when a supervisor restarts it. */
enum { STORE_WAIT_MS = 3000 };

int command_fail(const struct command *command, const struct failure *failure)
{
    const char *why = failure->kind == FAILURE_NONE ? "failed without a reason" : failure->text;

    fprintf(stderr, "lamina %s: %s\n", command->name, why);
    if (failure->kind == FAILURE_CONFIG)
        return LAMINA_BAD_CONFIG;
    return failure->kind == FAILURE_FILE ? LAMINA_FILE : LAMINA_FAILED;
}

int session_fail(struct session *session)
{
    int status = command_fail(session->command, &session->failure);

    session->failure = (struct failure){ .kind = FAILURE_NONE };
    return status;
}

static int open_host(struct session *session)
{
    int rc = host_open();

    if (rc == 0) {
        session->has_host = true;
        return LAMINA_OK;
    }
    if (rc == -EACCES || rc == -EPERM)
        failure_set(&session->failure, FAILURE_OPERATION, 0,
                    "only root may ask the hypervisor; try with sudo");
    else if (rc == -ENOENT)
        failure_set(&session->failure, FAILURE_OPERATION, 0,
                    "no hypervisor, or its devices are missing; see 'lamina check'");
    else
        failure_set(&session->failure, FAILURE_OPERATION, rc, "cannot open /dev/xen/privcmd");
    return session_fail(session);
}

static int open_store(struct session *session, bool may)
{
    int rc = store_open(&session->store, may ? 0 : STORE_WAIT_MS);

    if (rc == 0)
        return LAMINA_OK;
    session->store = NULL;
    if (may) {
        fprintf(stderr,
                "lamina %s: warning: lamina-stored does not answer: no names, no devices;"
                " see 'lamina check'\n",
                session->command->name);
        return LAMINA_OK;
    }
    if (rc == -EACCES || rc == -EPERM)
        failure_set(&session->failure, FAILURE_OPERATION, 0,
                    "only root may use the store; try with sudo");
    else if (rc == -ENOTCONN || rc == -ENOENT)
        failure_set(&session->failure, FAILURE_OPERATION, 0,
                    "lamina-stored does not answer at " STORE_SOCKET "; see 'lamina check'");
    else
        failure_set(&session->failure, FAILURE_OPERATION, rc, "cannot open the store");
    return session_fail(session);
}

int session_open(struct session *session, const struct command *command, unsigned needs)
{
    int status = LAMINA_OK;

    *session = (struct session){ .command = command };
    if (needs & SESSION_HOST)
        status = open_host(session);
    if (status == LAMINA_OK && needs & (SESSION_STORE | SESSION_STORE_MAY))
        status = open_store(session, !(needs & SESSION_STORE));
    if (status != LAMINA_OK)
        session_close(session);
    return status;
}

void session_close(struct session *session)
{
    store_close(session->store);
    session->store = NULL;
    if (session->has_host)
        host_close();
    session->has_host = false;
}

int session_end(struct session *session, int status)
{
    session_close(session);
    return status;
}
