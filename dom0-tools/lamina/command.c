/* SPDX-License-Identifier: MIT */
/*
 * Command: the table of subcommands, and what they share about options and complaints.
 */
#include "lamina/command.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <string.h>

/* A line each, so that branches of the sources meet without conflict. */
/* clang-format off */
const struct command *const commands[] = {
    &command_create,
    &command_destroy,
    &command_shutdown,
    &command_reboot,
    &command_pause,
    &command_unpause,
    &command_console,
    &command_list,
    &command_info,
    &command_dominfo,
    &command_dmesg,
    &command_top,
    &command_vcpu_list,
    &command_vcpu_pin,
    &command_set_vcpus,
    &command_set_memory,
    &command_domid,
    &command_domname,
    &command_rename,
    &command_dumpxml,
    &command_validate,
    &command_disk_list,
    &command_disk_attach,
    &command_disk_detach,
    &command_net_list,
    &command_net_attach,
    &command_net_detach,
    &command_sysrq,
    &command_debug_keys,
    &command_store,
    &command_check,
    &command_version,
    &command_help,
    NULL
};
/* clang-format on */

/* Every command knows these as well. */
static const struct command_option help_option = { 'h', "help", NULL, "this text" };

const struct command *command_find(const char *name)
{
    for (size_t i = 0; commands[i]; i++) {
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    }
    return NULL;
}

/* Values above any character tell getopt's options apart by index. */
enum { OPTION_BASE = 256 };

static size_t add_option(const struct command_option *option, size_t at, struct option *longs,
                         char *letters)
{
    size_t length = strlen(letters);

    longs[at] = (struct option){ .name = option->name,
                                 .has_arg = option->argument ? required_argument : no_argument,
                                 .val = OPTION_BASE + (int)at };
    if (option->letter) {
        letters[length++] = option->letter;
        if (option->argument)
            letters[length++] = ':';
        letters[length] = '\0';
    }
    return at + 1;
}

static int find_letter(const struct command *command, int letter)
{
    for (int i = 0; command->options && command->options[i].name; i++) {
        if (command->options[i].letter == letter)
            return i;
    }
    return COMMAND_OPTION_BAD;
}

static int complain_option(const struct command *command, char **argv)
{
    const char *word = argv[optind - 1];

    if (word[0] == '-' && word[1] != '-' && optopt > 0 && optopt < OPTION_BASE)
        command_usage_error(command, "option -%c is unknown or lacks its argument", optopt);
    else
        command_usage_error(command, "option %s is unknown, or has an argument too few or many",
                            word);
    return COMMAND_OPTION_BAD;
}

int command_next_option(const struct command *command, int argc, char **argv)
{
    struct option longs[COMMAND_OPTIONS_MAX + 2] = { { .name = NULL } };
    char letters[2 * COMMAND_OPTIONS_MAX + 4] = ":h";
    size_t nr = 0;

    while (command->options && command->options[nr].name && nr < COMMAND_OPTIONS_MAX)
        nr = add_option(&command->options[nr], nr, longs, letters);
    longs[nr] = (struct option){ .name = help_option.name, .val = 'h' };

    int c = getopt_long(argc, argv, letters, longs, NULL);
    if (c == -1)
        return COMMAND_OPTIONS_END;
    if (c == 'h') {
        command_print_help(command, stdout);
        return COMMAND_HELP_SHOWN;
    }
    if (c == '?' || c == ':')
        return complain_option(command, argv);
    return c >= OPTION_BASE ? c - OPTION_BASE : find_letter(command, c);
}

int command_usage_error(const struct command *command, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "lamina %s: ", command->name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "; see 'lamina help %s'\n", command->name);
    return LAMINA_USAGE;
}

int command_complain(int status, const char *file, const char *why)
{
    fprintf(stderr, "%s: %s\n", file, why);
    return status;
}

int command_finish_output(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    return command_complain(LAMINA_FILE, "standard output", strerror(errno));
}

static void print_option(const struct command_option *option, FILE *stream)
{
    char left[40];

    snprintf(left, sizeof(left), "%c%c%s --%s%s%s", option->letter ? '-' : ' ',
             option->letter ? option->letter : ' ', option->letter ? "," : " ", option->name,
             option->argument ? " " : "", option->argument ? option->argument : "");
    fprintf(stream, "  %-22s %s\n", left, option->help);
}

void command_print_help(const struct command *command, FILE *stream)
{
    fprintf(stream, "Usage: lamina %s%s%s%s\n%s.\n\n", command->name,
            command->options ? " [OPTION]..." : "", command->arguments[0] ? " " : "",
            command->arguments, command->summary);
    for (size_t i = 0; command->options && command->options[i].name; i++)
        print_option(&command->options[i], stream);
    print_option(&help_option, stream);
}
