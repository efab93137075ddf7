/* SPDX-License-Identifier: MIT */
/*
 * lamina dumpxml: a running domain's configuration as a domain file, from which 'lamina create'
 * makes the same domain again.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>

#include "domain/domain.h"
#include "lamina/session.h"

static int print_config(struct session *session, const struct domain_config *config)
{
    char *text = domain_config_write(config);

    if (!text) {
        failure_set(&session->failure, FAILURE_OPERATION, -ENOMEM, "cannot write XML");
        return session_fail(session);
    }
    fputs(text, stdout);
    free(text);
    return LAMINA_OK;
}

static int dump(struct session *session, const char *word)
{
    struct domain_config *config;
    unsigned domid;
    int status;

    if (domain_find(session->store, word, &domid, &session->failure) != 0)
        return session_fail(session);
    config = calloc(1, sizeof(*config));
    if (!config) {
        failure_set(&session->failure, FAILURE_OPERATION, -ENOMEM, "cannot read '%s'", word);
        return session_fail(session);
    }
    if (domain_current_config(session->store, domid, config, &session->failure) != 0)
        status = session_fail(session);
    else
        status = print_config(session, config);
    domain_config_free(config);
    free(config);
    return status;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct session session;
    int option = command_next_option(command, argc, argv);

    if (option != COMMAND_OPTIONS_END)
        return option == COMMAND_HELP_SHOWN ? LAMINA_OK : LAMINA_USAGE;
    if (argc - optind != 1)
        return command_usage_error(command, "expected one domain");
    int status = session_open(&session, command, SESSION_HOST | SESSION_STORE);
    if (status != LAMINA_OK)
        return status;
    return session_end(&session, dump(&session, argv[optind]));
}

const struct command command_dumpxml = {
    .name = "dumpxml",
    .arguments = "DOMAIN",
    .summary = "Print a domain's current configuration as a domain file",
    .run = run,
};
