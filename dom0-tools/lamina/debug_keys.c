/* SPDX-License-Identifier: MIT */
/*
 * lamina debug-keys: presses keys at the hypervisor's console, whose answers are in its log.
 */
#include <getopt.h>

#include "lamina/machine.h"
#include "lamina/session.h"

static int run(const struct command *command, int argc, char **argv)
{
    struct session session;
    int option = command_next_option(command, argc, argv);

    if (option != COMMAND_OPTIONS_END)
        return option == COMMAND_HELP_SHOWN ? LAMINA_OK : LAMINA_USAGE;
    if (argc - optind != 1 || argv[optind][0] == '\0')
        return command_usage_error(command, "expected keys, such as 'h' for the list of them");
    int status = session_open(&session, command, SESSION_HOST);
    if (status != LAMINA_OK)
        return status;
    if (machine_press_keys(argv[optind], &session.failure) != 0)
        status = session_fail(&session);
    return session_end(&session, status);
}

const struct command command_debug_keys = {
    .name = "debug-keys",
    .arguments = "KEYS",
    .summary = "Press debug keys of the hypervisor; 'lamina dmesg' shows the answer",
    .run = run,
};
