/* SPDX-License-Identifier: MIT */
/*
 * lamina unpause: undoes one pause of each domain.
 */
#include <getopt.h>

#include "domain/domain.h"
#include "lamina/subject.h"

static int act(struct subject *subject)
{
    return domain_unpause(subject->domid, &subject->session.failure);
}

static int run(const struct command *command, int argc, char **argv)
{
    int status = subject_arguments(command, argc, argv, 1, argc);

    if (status != LAMINA_OK)
        return status == COMMAND_HELP_SHOWN ? LAMINA_OK : status;
    return subject_each(command, argv + optind, act);
}

const struct command command_unpause = {
    .name = "unpause",
    .arguments = "DOMAIN...",
    .summary = "Let paused domains go on",
    .run = run,
};
