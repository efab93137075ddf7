/* SPDX-License-Identifier: MIT */
/*
 * lamina: the command line of the control domain. The first word chooses a subcommand; everything
 * else is that command's own.
 */
#include <locale.h>
#include <string.h>

#include "lamina/command.h"

static const struct command *choose(const char *word)
{
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return &command_help;
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)
        return &command_version;
    return command_find(word);
}

int main(int argc, char **argv)
{
    /* Only so that names of other scripts can be shown where the terminal knows them. */
    setlocale(LC_CTYPE, "");
    if (argc < 2) {
        fprintf(stderr, "lamina: expected a command; see 'lamina help'\n");
        return LAMINA_USAGE;
    }
    const struct command *command = choose(argv[1]);
    if (!command) {
        fprintf(stderr, "lamina: no command '%s'; see 'lamina help'\n", argv[1]);
        return LAMINA_USAGE;
    }
    return command_finish_output(command->run(command, argc - 1, argv + 1));
}
