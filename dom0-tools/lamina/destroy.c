/* SPDX-License-Identifier: MIT */
/*
 * lamina destroy: ends domains at once, as if their power was cut.
 */
#include <getopt.h>

#include "domain/domain.h"
#include "lamina/subject.h"

static int act(struct subject *subject)
{
    return domain_destroy(subject->session.store, subject->domid, &subject->session.failure);
}

static int run(const struct command *command, int argc, char **argv)
{
    int status = subject_arguments(command, argc, argv, 1, argc);

    if (status != LAMINA_OK)
        return status == COMMAND_HELP_SHOWN ? LAMINA_OK : status;
    return subject_each(command, argv + optind, act);
}

const struct command command_destroy = {
    .name = "destroy",
    .arguments = "DOMAIN...",
    .summary = "End domains at once, without asking them",
    .run = run,
};
