/* SPDX-License-Identifier: MIT */
/*
 * lamina domid, lamina domname: from one way of naming a domain to another.
 */
#include <getopt.h>
#include <string.h>

#include "lamina/pick.h"
#include "lamina/text.h"

/* The one domain that the command line names, read anew. */
static int print_one(const struct command *command, int argc, char **argv,
                     void (*print)(const struct domain_entry *entry))
{
    struct session session;
    struct pick pick;
    int option = command_next_option(command, argc, argv);

    if (option != COMMAND_OPTIONS_END)
        return option == COMMAND_HELP_SHOWN ? LAMINA_OK : LAMINA_USAGE;
    if (argc - optind != 1)
        return command_usage_error(command, "expected one domain");
    int status = session_open(&session, command, SESSION_HOST | SESSION_STORE);
    if (status != LAMINA_OK)
        return status;
    status = pick_domains(&session, argv + optind, &pick);
    if (status == LAMINA_OK) {
        print(pick.picked[0]);
        pick_free(&pick);
    }
    return session_end(&session, status);
}

static void print_id(const struct domain_entry *entry)
{
    printf("%u\n", entry->info.domain);
}

static void print_name(const struct domain_entry *entry)
{
    text_print_plain(stdout, entry->name, strlen(entry->name));
    putchar('\n');
}

static int run_domid(const struct command *command, int argc, char **argv)
{
    return print_one(command, argc, argv, print_id);
}

static int run_domname(const struct command *command, int argc, char **argv)
{
    return print_one(command, argc, argv, print_name);
}

const struct command command_domid = {
    .name = "domid",
    .arguments = "DOMAIN",
    .summary = "Print the number of a domain",
    .run = run_domid,
};

const struct command command_domname = {
    .name = "domname",
    .arguments = "DOMAIN",
    .summary = "Print the name of a domain",
    .run = run_domname,
};
