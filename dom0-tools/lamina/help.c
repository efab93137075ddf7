/* SPDX-License-Identifier: MIT */
/*
 * lamina help: the list of commands, one command's help, and for the shell's completion the bare
 * names of commands and options.
 */
#include <getopt.h>

#include "lamina/command.h"

enum { OPTION_LIST, OPTION_ARGUMENTS };

static const struct command_option options[] = {
    [OPTION_LIST] = { 0, "list", NULL, "bare names of commands (of COMMAND: of its options)" },
    [OPTION_ARGUMENTS] = { 0, "arguments", NULL, "what COMMAND takes besides options" },
    { .name = NULL },
};

static void print_overview(void)
{
    printf("Usage: lamina COMMAND [OPTION]... [ARGUMENT]...\n\n");
    for (size_t i = 0; commands[i]; i++)
        printf("  %-14s %s\n", commands[i]->name, commands[i]->summary);
    printf("\n'lamina help COMMAND' tells more; so does lamina(1).\n");
}

static void list_commands(void)
{
    for (size_t i = 0; commands[i]; i++)
        printf("%s\n", commands[i]->name);
}

static void list_options(const struct command *command)
{
    for (size_t i = 0; command->options && command->options[i].name; i++)
        printf("--%s\n", command->options[i].name);
    printf("--help\n");
}

static void print_names(const struct command *subject)
{
    if (subject)
        list_options(subject);
    else
        list_commands();
}

static int run(const struct command *command, int argc, char **argv)
{
    const struct command *subject = NULL;
    int wanted = -1, option;

    while ((option = command_next_option(command, argc, argv)) >= 0)
        wanted = option;
    if (option != COMMAND_OPTIONS_END)
        return option == COMMAND_HELP_SHOWN ? LAMINA_OK : LAMINA_USAGE;
    if (argc - optind > 1)
        return command_usage_error(command, "expected one command at most");
    if (optind < argc && !(subject = command_find(argv[optind])))
        return command_usage_error(command, "no command '%s'", argv[optind]);
    if (wanted == OPTION_ARGUMENTS && subject)
        printf("%s\n", subject->arguments);
    else if (wanted == OPTION_LIST)
        print_names(subject);
    else if (subject)
        command_print_help(subject, stdout);
    else
        print_overview();
    return LAMINA_OK;
}

const struct command command_help = {
    .name = "help",
    .arguments = "[COMMAND]",
    .summary = "Tell what the commands are and do",
    .options = options,
    .run = run,
};
