/* SPDX-License-Identifier: MIT */
/*
 * lamina list: the domains, one a line.
 */
#include <getopt.h>
#include <string.h>

#include "lamina/describe.h"
#include "lamina/pick.h"
#include "lamina/table.h"
#include "lamina/text.h"

enum { OPTION_LONG, OPTION_NAMES, OPTION_JSON };

static const struct command_option options[] = {
    [OPTION_LONG] = { 'l', "long", NULL, "show limits, state and uuid as well" },
    [OPTION_NAMES] = { 'n', "names", NULL, "print bare names, one a line" },
    [OPTION_JSON] = { 'j', "json", NULL, "print JSON" },
    { .name = NULL },
};

enum column {
    NAME,
    ID,
    MEMORY_MIB,
    MEMORY_KIB,
    MAX_MIB,
    MAX_KIB,
    VCPUS,
    MAX_VCPUS,
    FLAGS,
    STATE,
    REASON,
    CPU_TIME_S,
    CPU_TIME_NS,
    UUID,
};

static const struct table_column columns[] = {
    [NAME] = { "name", "Name", TABLE_TEXT },
    [ID] = { "id", "ID", TABLE_NUMBER },
    [MEMORY_MIB] = { NULL, "Mem", TABLE_NUMBER },
    [MEMORY_KIB] = { "memory_kib", NULL, TABLE_NUMBER },
    [MAX_MIB] = { NULL, "MaxMem", TABLE_NUMBER | TABLE_DETAIL },
    [MAX_KIB] = { "max_memory_kib", NULL, TABLE_NUMBER },
    [VCPUS] = { "vcpus", "VCPUs", TABLE_NUMBER },
    [MAX_VCPUS] = { "max_vcpus", "MaxVCPUs", TABLE_NUMBER | TABLE_DETAIL },
    [FLAGS] = { NULL, "State", TABLE_TEXT },
    [STATE] = { "state", "", TABLE_TEXT | TABLE_DETAIL },
    [REASON] = { "shutdown_reason", "Reason", TABLE_TEXT | TABLE_DETAIL },
    [CPU_TIME_S] = { NULL, "Time(s)", TABLE_NUMBER },
    [CPU_TIME_NS] = { "cpu_time_ns", NULL, TABLE_NUMBER },
    [UUID] = { "uuid", "UUID", TABLE_TEXT | TABLE_DETAIL },
    { NULL, NULL, TABLE_TEXT },
};

static void set_maximum(struct table *table, uint64_t max_pages)
{
    if (describe_is_unlimited(max_pages)) {
        table_set(table, MAX_MIB, "-");
        return;
    }
    table_set_number(table, MAX_MIB, describe_kib(max_pages) / 1024);
    table_set_number(table, MAX_KIB, describe_kib(max_pages));
}

static void add_domain(struct table *table, const struct domain_entry *entry)
{
    const struct xen_domctl_getdomaininfo *info = &entry->info;
    const char *reason = describe_reason(entry);
    char flags[DESCRIBE_FLAGS_SIZE], uuid[DESCRIBE_UUID_SIZE];

    describe_flags(entry, flags);
    describe_uuid(info->handle, uuid);
    table_add_row(table);
    table_set_number(table, ID, info->domain);
    table_set(table, NAME, "%s", entry->name);
    table_set_number(table, MEMORY_MIB, describe_kib(info->tot_pages) / 1024);
    table_set_number(table, MEMORY_KIB, describe_kib(info->tot_pages));
    set_maximum(table, info->max_pages);
    table_set_number(table, VCPUS, info->nr_online_vcpus);
    table_set_number(table, MAX_VCPUS, (uint64_t)info->max_vcpu_id + 1);
    table_set(table, FLAGS, "%s", flags);
    table_set(table, STATE, "%s", describe_state(entry));
    if (reason)
        table_set(table, REASON, "%s", reason);
    table_set(table, CPU_TIME_S, "%.1f", (double)info->cpu_time / 1e9);
    table_set_number(table, CPU_TIME_NS, info->cpu_time);
    table_set(table, UUID, "%s", uuid);
}

static int print_names(const struct pick *pick)
{
    for (size_t i = 0; i < pick->nr; i++) {
        const char *name = pick->picked[i]->name;

        text_print_plain(stdout, name, strlen(name));
        putchar('\n');
    }
    return LAMINA_OK;
}

static int print_table(const struct pick *pick, enum table_form form)
{
    struct table *table = table_new("domains", columns, form);

    for (size_t i = 0; i < pick->nr; i++)
        add_domain(table, pick->picked[i]);
    return table_print(table);
}

static int list(const struct command *command, char **words, bool names, enum table_form form)
{
    struct session session;
    struct pick pick;
    unsigned store = words[0] ? SESSION_STORE : SESSION_STORE_MAY;
    int status = session_open(&session, command, SESSION_HOST | store);

    if (status != LAMINA_OK)
        return status;
    status = pick_domains(&session, words, &pick);
    if (status == LAMINA_OK) {
        status = names ? print_names(&pick) : print_table(&pick, form);
        pick_free(&pick);
    }
    return session_end(&session, status);
}

static int run(const struct command *command, int argc, char **argv)
{
    enum table_form form = TABLE_ROWS;
    bool names = false;
    int option;

    while ((option = command_next_option(command, argc, argv)) >= 0) {
        if (option == OPTION_NAMES)
            names = true;
        else if (option == OPTION_JSON)
            form = TABLE_JSON;
        else if (form != TABLE_JSON)
            form = TABLE_LONG;
    }
    if (option != COMMAND_OPTIONS_END)
        return option == COMMAND_HELP_SHOWN ? LAMINA_OK : LAMINA_USAGE;
    return list(command, argv + optind, names, form);
}

const struct command command_list = {
    .name = "list",
    .arguments = "[DOMAIN]...",
    .summary = "List the domains, or those named",
    .options = options,
    .run = run,
};
