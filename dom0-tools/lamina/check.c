/* SPDX-License-Identifier: MIT */
/*
 * lamina check: whether everything that domains need is up, a line each, and the one command that
 * cures what is not.
 */
#include <getopt.h>
#include <lamina/host.h>

#include "lamina/command.h"
#include "lamina/probe.h"
#include "lamina/table.h"

enum { OPTION_JSON };

static const struct command_option options[] = {
    [OPTION_JSON] = { 'j', "json", NULL, "print JSON" },
    { .name = NULL },
};

enum column { NAME, OK, STATE, DETAIL, CURE };

static const struct table_column columns[] = {
    [NAME] = { "name", "What", TABLE_TEXT },    [OK] = { "ok", NULL, TABLE_BOOLEAN },
    [STATE] = { "state", "State", TABLE_TEXT }, [DETAIL] = { "detail", "Detail", TABLE_TEXT },
    [CURE] = { "cure", "Cure", TABLE_TEXT },    { NULL, NULL, TABLE_TEXT },
};

static void add_finding(struct table *table, const char *name, const struct finding *finding)
{
    static const char *const states[] = { "ok", "later", "missing" };

    table_add_row(table);
    table_set(table, NAME, "%s", name);
    table_set_boolean(table, OK, finding->kind != FINDING_MISSING);
    table_set(table, STATE, "%s", states[finding->kind]);
    table_set(table, DETAIL, "%s", finding->detail);
    if (finding->cure[0] != '\0')
        table_set(table, CURE, "%s", finding->cure);
}

static int look_at_all(enum table_form form)
{
    struct table *table = table_new("checks", columns, form);
    struct probing probing = { .store = NULL };
    int worst = LAMINA_OK;

    for (const struct probe *probe = probes; probe->name; probe++) {
        struct finding finding = { .kind = FINDING_MISSING };

        probe->look(&probing, &finding);
        add_finding(table, probe->name, &finding);
        if (finding.kind == FINDING_MISSING)
            worst = LAMINA_FAILED;
    }
    store_close(probing.store);
    if (probing.has_host)
        host_close();
    int status = table_print(table);
    return status == LAMINA_OK ? worst : status;
}

static int run(const struct command *command, int argc, char **argv)
{
    enum table_form form = TABLE_ROWS;
    int option;

    while ((option = command_next_option(command, argc, argv)) >= 0)
        form = TABLE_JSON;
    if (option != COMMAND_OPTIONS_END)
        return option == COMMAND_HELP_SHOWN ? LAMINA_OK : LAMINA_USAGE;
    if (argc != optind)
        return command_usage_error(command, "expected no argument, found '%s'", argv[optind]);
    return look_at_all(form);
}

const struct command command_check = {
    .name = "check",
    .arguments = "",
    .summary = "Check that all that domains need is up, and tell what cures it if not",
    .options = options,
    .run = run,
};
