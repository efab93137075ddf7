/* SPDX-License-Identifier: MIT */
/*
 * lamina sysrq: sends one of Linux's SysRq keys to a guest.
 */
#include <ctype.h>
#include <getopt.h>
#include <string.h>

#include "domain/domain.h"
#include "lamina/subject.h"

static int run(const struct command *command, int argc, char **argv)
{
    struct subject subject;
    int status = subject_arguments(command, argc, argv, 2, 2);

    if (status != LAMINA_OK)
        return status == COMMAND_HELP_SHOWN ? LAMINA_OK : status;
    const char *key = argv[optind + 1];
    if (strlen(key) != 1 || !isalnum((unsigned char)key[0]))
        return command_usage_error(command, "expected one letter or digit, found '%s'", key);
    status = subject_open(&subject, command, argv[optind]);
    if (status != LAMINA_OK)
        return status;
    return subject_end(&subject, domain_sysrq(subject.session.store, subject.domid, key[0],
                                              &subject.session.failure));
}

const struct command command_sysrq = {
    .name = "sysrq",
    .arguments = "DOMAIN KEY",
    .summary = "Send a SysRq key to a Linux guest; 'h' lists them on its console",
    .run = run,
};
