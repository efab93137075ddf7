/* SPDX-License-Identifier: MIT */
/*
 * lamina version: which Lamina these tools belong to.
 */
#include "lamina/command.h"

#include <getopt.h>

static int run(const struct command *command, int argc, char **argv)
{
    int option = command_next_option(command, argc, argv);

    if (option != COMMAND_OPTIONS_END)
        return option == COMMAND_HELP_SHOWN ? LAMINA_OK : LAMINA_USAGE;
    if (optind != argc)
        return command_usage_error(command, "expected no argument, found '%s'", argv[optind]);
    printf("lamina (Lamina) %s\n", LAMINA_VERSION);
    return LAMINA_OK;
}

const struct command command_version = {
    .name = "version",
    .arguments = "",
    .summary = "Print the version of these tools",
    .run = run,
};
