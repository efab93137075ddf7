/* SPDX-License-Identifier: MIT */
/*
 * Server: what follows the events of a turn.
 */
#include "stored/server.h"

#include <string.h>
#include <syslog.h>

#include "common/daemon.h"

/*
 * Clients are served even when the journal cannot be written, since guests depend on it more than
 * on surviving a crash of the daemon; it is said once, and tried again in each turn with a change.
 */
static void commit(struct server *server)
{
    bool was_behind = server->journal.is_behind;
    int rc = journal_commit(&server->journal, server->store);

    if (rc && !was_behind)
        daemon_log(LOG_ERR, "cannot write the journal: %s; do not kill me now", strerror(-rc));
}

static void after_events(void *context)
{
    struct server *server = context;

    xen_receive(server);
    commit(server);
    xen_publish(server);
    sockets_publish(server);
}

int server_run(struct server *server)
{
    loop_set_after(server->loop, after_events, server);
    return loop_run(server->loop);
}
