/* SPDX-License-Identifier: MIT */
/*
 * lamina set-vcpus: how many vCPUs a domain should have on line.
 */
#include <getopt.h>

#include "config/values.h"
#include "domain/domain.h"
#include "lamina/subject.h"

static int run(const struct command *command, int argc, char **argv)
{
    struct subject subject;
    uint64_t nr = 0;
    int status = subject_arguments(command, argc, argv, 2, 2);

    if (status != LAMINA_OK)
        return status == COMMAND_HELP_SHOWN ? LAMINA_OK : status;
    if (value_read_number(argv[optind + 1], CONFIG_VCPUS_MAX, &nr) != 0 || nr == 0)
        return command_usage_error(command, "expected a number from 1 to %u, found '%s'",
                                   CONFIG_VCPUS_MAX, argv[optind + 1]);
    status = subject_open(&subject, command, argv[optind]);
    if (status != LAMINA_OK)
        return status;
    return subject_end(&subject, domain_set_vcpus(subject.session.store, subject.domid,
                                                  (unsigned)nr, &subject.session.failure));
}

const struct command command_set_vcpus = {
    .name = "set-vcpus",
    .arguments = "DOMAIN NUMBER",
    .summary = "Set how many vCPUs a domain has on line",
    .run = run,
};
