/* SPDX-License-Identifier: MIT */
/*
 * lamina reboot: asks guests to reboot. What shuts down to be started again is laminad's to start.
 */
#include <getopt.h>

#include "common/daemon.h"
#include "domain/domain.h"
#include "lamina/interrupt.h"
#include "lamina/request.h"

static int act(struct subject *subject)
{
    struct session *session = &subject->session;
    struct request_patience patience = { .end_ms = 0 };
    int rc = domain_request(session->store, subject->domid, "reboot", &session->failure);

    return rc == 0 ? request_await_answer(subject, &patience) : rc;
}

static int run(const struct command *command, int argc, char **argv)
{
    int status = subject_arguments(command, argc, argv, 1, argc);

    if (status != LAMINA_OK)
        return status == COMMAND_HELP_SHOWN ? LAMINA_OK : status;
    if (!daemon_runs("laminad"))
        return command_complain(LAMINA_FAILED, "lamina reboot",
                                "laminad does not run, and nobody else would start the domain"
                                " again; see 'lamina check'");
    interrupt_take();
    return subject_each(command, argv + optind, act);
}

const struct command command_reboot = {
    .name = "reboot",
    .arguments = "DOMAIN...",
    .summary = "Ask domains to reboot",
    .run = run,
};
