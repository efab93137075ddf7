/* SPDX-License-Identifier: MIT */
/*
 * lamina dominfo: one domain, what it is and what it was made from.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>

#include "consoled/console.h"
#include "lamina/describe.h"
#include "lamina/pick.h"
#include "lamina/table.h"

enum { OPTION_JSON };

static const struct command_option options[] = {
    [OPTION_JSON] = { 'j', "json", NULL, "print JSON" },
    { .name = NULL },
};

enum column {
    ID,
    NAME,
    UUID,
    TITLE,
    STATE,
    REASON,
    VCPUS,
    MAX_VCPUS,
    CPU_TIME_S,
    CPU_TIME_NS,
    MEMORY_MIB,
    MEMORY_KIB,
    MAX_MIB,
    MAX_KIB,
    KERNEL,
    INITRD,
    CMDLINE,
    BOOTLOADER,
    ON_POWEROFF,
    ON_REBOOT,
    ON_CRASH,
    NR_DISKS,
    NR_INTERFACES,
    CONSOLE,
    CONSOLE_LOG_FILE,
};

static const struct table_column columns[] = {
    [ID] = { "id", "id", TABLE_NUMBER },
    [NAME] = { "name", "name", TABLE_TEXT },
    [UUID] = { "uuid", "uuid", TABLE_TEXT },
    [TITLE] = { "title", "title", TABLE_TEXT },
    [STATE] = { "state", "state", TABLE_TEXT },
    [REASON] = { "shutdown_reason", "shutdown_reason", TABLE_TEXT },
    [VCPUS] = { "vcpus", "vcpus", TABLE_NUMBER },
    [MAX_VCPUS] = { "max_vcpus", "max_vcpus", TABLE_NUMBER },
    [CPU_TIME_S] = { NULL, "cpu_time", TABLE_NUMBER },
    [CPU_TIME_NS] = { "cpu_time_ns", NULL, TABLE_NUMBER },
    [MEMORY_MIB] = { NULL, "memory", TABLE_TEXT },
    [MEMORY_KIB] = { "memory_kib", NULL, TABLE_NUMBER },
    [MAX_MIB] = { NULL, "max_memory", TABLE_TEXT },
    [MAX_KIB] = { "max_memory_kib", NULL, TABLE_NUMBER },
    [KERNEL] = { "kernel", "kernel", TABLE_TEXT },
    [INITRD] = { "initrd", "initrd", TABLE_TEXT },
    [CMDLINE] = { "cmdline", "cmdline", TABLE_TEXT },
    [BOOTLOADER] = { "bootloader", "bootloader", TABLE_BOOLEAN },
    [ON_POWEROFF] = { "on_poweroff", "on_poweroff", TABLE_TEXT },
    [ON_REBOOT] = { "on_reboot", "on_reboot", TABLE_TEXT },
    [ON_CRASH] = { "on_crash", "on_crash", TABLE_TEXT },
    [NR_DISKS] = { "disks", "disks", TABLE_NUMBER },
    [NR_INTERFACES] = { "interfaces", "interfaces", TABLE_NUMBER },
    [CONSOLE] = { "console_socket", "console_socket", TABLE_TEXT },
    [CONSOLE_LOG_FILE] = { "console_log", "console_log", TABLE_TEXT },
    { NULL, NULL, TABLE_TEXT },
};

static void set_text(struct table *table, unsigned column, const char *text)
{
    if (text)
        table_set(table, column, "%s", text);
}

static void set_entry(struct table *table, const struct domain_entry *entry)
{
    const struct xen_domctl_getdomaininfo *info = &entry->info;
    char uuid[DESCRIBE_UUID_SIZE];

    describe_uuid(info->handle, uuid);
    table_set_number(table, ID, info->domain);
    table_set(table, NAME, "%s", entry->name);
    table_set(table, UUID, "%s", uuid);
    table_set(table, STATE, "%s", describe_state(entry));
    set_text(table, REASON, describe_reason(entry));
    table_set_number(table, VCPUS, info->nr_online_vcpus);
    table_set_number(table, MAX_VCPUS, (uint64_t)info->max_vcpu_id + 1);
    table_set(table, CPU_TIME_S, "%.1f s", (double)info->cpu_time / 1e9);
    table_set_number(table, CPU_TIME_NS, info->cpu_time);
    table_set(table, MEMORY_MIB, "%llu MiB",
              (unsigned long long)describe_kib(info->tot_pages) / 1024);
    table_set_number(table, MEMORY_KIB, describe_kib(info->tot_pages));
    if (!describe_is_unlimited(info->max_pages)) {
        table_set(table, MAX_MIB, "%llu MiB",
                  (unsigned long long)describe_kib(info->max_pages) / 1024);
        table_set_number(table, MAX_KIB, describe_kib(info->max_pages));
    }
}

static void set_console(struct table *table, unsigned domid, const struct domain_config *config)
{
    table_set(table, CONSOLE, CONSOLE_SOCKET, domid);
    if (config->console.log)
        table_set(table, CONSOLE_LOG_FILE, "%s", config->console.log);
    else
        table_set(table, CONSOLE_LOG_FILE, CONSOLE_LOG, config->name);
}

static void set_config(struct table *table, const struct domain_config *config)
{
    set_text(table, TITLE, config->title);
    set_text(table, KERNEL, config->kernel);
    set_text(table, INITRD, config->initrd);
    set_text(table, CMDLINE, config->cmdline);
    table_set_boolean(table, BOOTLOADER, config->has_bootloader);
    set_text(table, ON_POWEROFF, domain_action_names[config->on_poweroff]);
    set_text(table, ON_REBOOT, domain_action_names[config->on_reboot]);
    set_text(table, ON_CRASH, domain_action_names[config->on_crash]);
    table_set_number(table, NR_DISKS, config->nr_disks);
    table_set_number(table, NR_INTERFACES, config->nr_interfaces);
}

/* A domain that another program made has no configuration here: then only the hypervisor speaks. */
static void set_known_config(struct session *session, struct table *table, unsigned domid)
{
    struct domain_config *config = calloc(1, sizeof(*config));
    struct failure none = { .kind = FAILURE_NONE };

    if (!config)
        return;
    if (domain_current_config(session->store, domid, config, &none) == 0) {
        set_config(table, config);
        set_console(table, domid, config);
    }
    domain_config_free(config);
    free(config);
}

static int print_domain(struct session *session, const struct domain_entry *entry,
                        enum table_form form)
{
    struct table *table = table_new("domain", columns, form);

    table_add_row(table);
    set_entry(table, entry);
    if (entry->info.domain != 0)
        set_known_config(session, table, entry->info.domain);
    return table_print(table);
}

static int run(const struct command *command, int argc, char **argv)
{
    enum table_form form = TABLE_RECORD;
    struct session session;
    struct pick pick;
    int option;

    while ((option = command_next_option(command, argc, argv)) >= 0)
        form = TABLE_JSON;
    if (option != COMMAND_OPTIONS_END)
        return option == COMMAND_HELP_SHOWN ? LAMINA_OK : LAMINA_USAGE;
    if (argc - optind != 1)
        return command_usage_error(command, "expected one domain");
    int status = session_open(&session, command, SESSION_HOST | SESSION_STORE);
    if (status != LAMINA_OK)
        return status;
    status = pick_domains(&session, argv + optind, &pick);
    if (status == LAMINA_OK) {
        status = print_domain(&session, pick.picked[0], form);
        pick_free(&pick);
    }
    return session_end(&session, status);
}

const struct command command_dominfo = {
    .name = "dominfo",
    .arguments = "DOMAIN",
    .summary = "Tell about one domain",
    .options = options,
    .run = run,
};
