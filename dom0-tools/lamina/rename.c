/* SPDX-License-Identifier: MIT */
/*
 * lamina rename: gives a living domain another name.
 */
#include <getopt.h>

#include "domain/domain.h"
#include "lamina/subject.h"

static int run(const struct command *command, int argc, char **argv)
{
    struct subject subject;
    int status = subject_arguments(command, argc, argv, 2, 2);

    if (status != LAMINA_OK)
        return status == COMMAND_HELP_SHOWN ? LAMINA_OK : status;
    status = subject_open(&subject, command, argv[optind]);
    if (status != LAMINA_OK)
        return status;
    return subject_end(&subject, domain_rename(subject.session.store, subject.domid,
                                               argv[optind + 1], &subject.session.failure));
}

const struct command command_rename = {
    .name = "rename",
    .arguments = "DOMAIN NAME",
    .summary = "Give a domain another name",
    .run = run,
};
