/* SPDX-License-Identifier: MIT */
/*
 * lamina validate: checks domain files as create would, without touching a domain. Every file is
 * looked at; the worst outcome decides the exit code.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "config/domain_config.h"
#include "lamina/command.h"

enum { OPTION_STRICT, OPTION_PRINT, OPTION_QUIET };

static const struct command_option options[] = {
    [OPTION_STRICT] = { 's', "strict", NULL, "take warnings for errors" },
    [OPTION_PRINT] = { 'p', "print", NULL, "print the file in normal form if it is good" },
    [OPTION_QUIET] = { 'q', "quiet", NULL, "show errors only" },
    { .name = NULL },
};

struct choices {
    bool strict;
    bool print;
    bool quiet;
};

static const char *why_unread(int rc)
{
    return rc == -EFBIG ? "too big for a domain file" : strerror(-rc);
}

static int print_normal(const char *path, const struct domain_config *config)
{
    char *text = domain_config_write(config);

    if (!text)
        return command_complain(LAMINA_FAILED, path, strerror(ENOMEM));
    fputs(text, stdout);
    free(text);
    return LAMINA_OK;
}

static int validate(const char *path, const struct choices *choices, struct domain_config *config,
                    struct config_report *report)
{
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;

    memset(report, 0, sizeof(*report));
    report->strict = choices->strict;
    int rc = domain_config_read(path, config, report);
    if (!choices->quiet || report->nr_errors > 0)
        config_report_print(report, name, stderr);
    if (rc == -EINVAL && report->nr_errors > 0)
        return LAMINA_BAD_CONFIG;
    if (rc == -ENOMEM)
        return command_complain(LAMINA_FAILED, name, strerror(ENOMEM));
    if (rc != 0)
        return command_complain(LAMINA_FILE, name, why_unread(rc));
    if (choices->print)
        return print_normal(name, config);
    if (!choices->quiet)
        printf("%s: good (%zu warning%s)\n", name, report->nr_warnings,
               report->nr_warnings == 1 ? "" : "s");
    return LAMINA_OK;
}

static int validate_all(char **paths, const struct choices *choices)
{
    struct domain_config *config = malloc(sizeof(*config));
    struct config_report *report = malloc(sizeof(*report));
    int worst = LAMINA_OK;

    if (!config || !report)
        worst = command_complain(LAMINA_FAILED, "lamina validate", strerror(ENOMEM));
    for (; config && report && *paths; paths++) {
        int status = validate(*paths, choices, config, report);

        domain_config_free(config);
        worst = status > worst ? status : worst;
    }
    free(config);
    free(report);
    return worst;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct choices choices = { .strict = false };
    int option;

    while ((option = command_next_option(command, argc, argv)) >= 0) {
        choices.strict |= option == OPTION_STRICT;
        choices.print |= option == OPTION_PRINT;
        choices.quiet |= option == OPTION_QUIET;
    }
    if (option != COMMAND_OPTIONS_END)
        return option == COMMAND_HELP_SHOWN ? LAMINA_OK : LAMINA_USAGE;
    if (optind == argc)
        return command_usage_error(command, "expected a file");
    return validate_all(argv + optind, &choices);
}

const struct command command_validate = {
    .name = "validate",
    .arguments = "FILE...",
    .summary = "Check domain files; '-' is standard input",
    .options = options,
    .run = run,
};
