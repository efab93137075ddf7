/* SPDX-License-Identifier: MIT */
/*
 * lamina pause: stops domains where they are; pauses count.
 */
#include <getopt.h>

#include "domain/domain.h"
#include "lamina/subject.h"

static int act(struct subject *subject)
{
    return domain_pause(subject->domid, &subject->session.failure);
}

static int run(const struct command *command, int argc, char **argv)
{
    int status = subject_arguments(command, argc, argv, 1, argc);

    if (status != LAMINA_OK)
        return status == COMMAND_HELP_SHOWN ? LAMINA_OK : status;
    return subject_each(command, argv + optind, act);
}

const struct command command_pause = {
    .name = "pause",
    .arguments = "DOMAIN...",
    .summary = "Stop domains where they are, until unpause",
    .run = run,
};
