/* SPDX-License-Identifier: MIT */
/*
 * lamina dmesg: the hypervisor's log. Guests can bring text into it, so what could steer a terminal
 * is left out.
 */
#include <getopt.h>
#include <stdlib.h>

#include "lamina/machine.h"
#include "lamina/session.h"
#include "lamina/text.h"

enum { OPTION_CLEAR };

static const struct command_option options[] = {
    [OPTION_CLEAR] = { 'c', "clear", NULL, "make the hypervisor forget what is shown" },
    { .name = NULL },
};

static int run(const struct command *command, int argc, char **argv)
{
    struct session session;
    bool clear = false;
    char *text;
    size_t size;
    int option;

    while ((option = command_next_option(command, argc, argv)) >= 0)
        clear = true;
    if (option != COMMAND_OPTIONS_END)
        return option == COMMAND_HELP_SHOWN ? LAMINA_OK : LAMINA_USAGE;
    if (argc != optind)
        return command_usage_error(command, "expected no argument, found '%s'", argv[optind]);
    int status = session_open(&session, command, SESSION_HOST);
    if (status != LAMINA_OK)
        return status;
    if (machine_read_log(clear, &text, &size, &session.failure) != 0)
        return session_end(&session, session_fail(&session));
    text_print_plain(stdout, text, size);
    if (size > 0 && text[size - 1] != '\n')
        putchar('\n');
    free(text);
    return session_end(&session, LAMINA_OK);
}

const struct command command_dmesg = {
    .name = "dmesg",
    .arguments = "",
    .summary = "Print the hypervisor's log",
    .options = options,
    .run = run,
};
