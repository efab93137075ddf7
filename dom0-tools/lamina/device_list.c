/* SPDX-License-Identifier: MIT */
/*
 * lamina disk-list, lamina net-list: the devices of domains and how far they have come.
 */
#include <errno.h>
#include <getopt.h>

#include "device/device.h"
#include "lamina/describe.h"
#include "lamina/pick.h"
#include "lamina/table.h"

enum { OPTION_JSON };

static const struct command_option options[] = {
    [OPTION_JSON] = { 'j', "json", NULL, "print JSON" },
    { .name = NULL },
};

enum disk_column {
    DISK_NAME,
    DISK_DOMID,
    DISK_ID,
    DISK_TARGET,
    DISK_SOURCE,
    DISK_DEVICE,
    DISK_MODE,
    DISK_READONLY,
    DISK_STATE
};

static const struct table_column disk_columns[] = {
    [DISK_NAME] = { "name", "Name", TABLE_TEXT },
    [DISK_DOMID] = { "id", "ID", TABLE_NUMBER },
    [DISK_ID] = { "device_id", NULL, TABLE_NUMBER },
    [DISK_TARGET] = { "target", "Disk", TABLE_TEXT },
    [DISK_SOURCE] = { "source", "Source", TABLE_TEXT },
    [DISK_DEVICE] = { "device", "Device", TABLE_TEXT },
    [DISK_MODE] = { NULL, "Mode", TABLE_TEXT },
    [DISK_READONLY] = { "readonly", NULL, TABLE_BOOLEAN },
    [DISK_STATE] = { "state", "State", TABLE_TEXT },
    { NULL, NULL, TABLE_TEXT },
};

enum net_column { NET_NAME, NET_DOMID, NET_ID, NET_MAC, NET_BRIDGE, NET_TARGET, NET_STATE };

static const struct table_column net_columns[] = {
    [NET_NAME] = { "name", "Name", TABLE_TEXT },
    [NET_DOMID] = { "id", "ID", TABLE_NUMBER },
    [NET_ID] = { "device_id", "Idx", TABLE_NUMBER },
    [NET_MAC] = { "mac", "MAC", TABLE_TEXT },
    [NET_BRIDGE] = { "bridge", "Bridge", TABLE_TEXT },
    [NET_TARGET] = { "interface", "Interface", TABLE_TEXT },
    [NET_STATE] = { "state", "State", TABLE_TEXT },
    { NULL, NULL, TABLE_TEXT },
};

static void set_text(struct table *table, unsigned column, const char *text)
{
    if (text)
        table_set(table, column, "%s", text);
}

static void add_disk(struct table *table, const struct domain_entry *entry,
                     const struct device_info *disk)
{
    table_add_row(table);
    table_set(table, DISK_NAME, "%s", entry->name);
    table_set_number(table, DISK_DOMID, entry->info.domain);
    table_set_number(table, DISK_ID, disk->id);
    set_text(table, DISK_TARGET, disk->target);
    set_text(table, DISK_SOURCE, disk->source);
    set_text(table, DISK_DEVICE, disk->backend);
    table_set(table, DISK_MODE, "%s", disk->readonly ? "ro" : "rw");
    table_set_boolean(table, DISK_READONLY, disk->readonly);
    table_set(table, DISK_STATE, "%s", describe_device_state(disk->state));
}

static void add_interface(struct table *table, const struct domain_entry *entry,
                          const struct device_info *interface)
{
    table_add_row(table);
    table_set(table, NET_NAME, "%s", entry->name);
    table_set_number(table, NET_DOMID, entry->info.domain);
    table_set_number(table, NET_ID, interface->id);
    set_text(table, NET_MAC, interface->backend);
    set_text(table, NET_BRIDGE, interface->source);
    set_text(table, NET_TARGET, interface->target);
    table_set(table, NET_STATE, "%s", describe_device_state(interface->state));
}

static int add_domain(struct session *session, struct table *table,
                      const struct domain_entry *entry, enum device_kind kind)
{
    struct device_info *list;
    size_t nr;
    int rc = devices_list(session->store, entry->info.domain, kind, &list, &nr);

    /* A domain without devices, or one that is gone by now, has nothing there. */
    if (rc == -ENOENT)
        return LAMINA_OK;
    if (rc != 0) {
        failure_set(&session->failure, FAILURE_OPERATION, rc, "cannot list the devices of '%s'",
                    entry->name);
        return session_fail(session);
    }
    for (size_t i = 0; i < nr; i++) {
        if (kind == DEVICE_DISK)
            add_disk(table, entry, &list[i]);
        else
            add_interface(table, entry, &list[i]);
    }
    devices_free(list, nr);
    return LAMINA_OK;
}

static int print_devices(struct session *session, const struct pick *pick, enum device_kind kind,
                         enum table_form form)
{
    struct table *table = kind == DEVICE_DISK ? table_new("disks", disk_columns, form)
                                              : table_new("interfaces", net_columns, form);
    int status = LAMINA_OK;

    for (size_t i = 0; status == LAMINA_OK && i < pick->nr; i++)
        status = add_domain(session, table, pick->picked[i], kind);
    if (status == LAMINA_OK)
        return table_print(table);
    table_free(table);
    return status;
}

static int list(const struct command *command, int argc, char **argv, enum device_kind kind)
{
    enum table_form form = TABLE_ROWS;
    struct session session;
    struct pick pick;
    int option;

    while ((option = command_next_option(command, argc, argv)) >= 0)
        form = TABLE_JSON;
    if (option != COMMAND_OPTIONS_END)
        return option == COMMAND_HELP_SHOWN ? LAMINA_OK : LAMINA_USAGE;
    int status = session_open(&session, command, SESSION_HOST | SESSION_STORE);
    if (status != LAMINA_OK)
        return status;
    status = pick_domains(&session, argv + optind, &pick);
    if (status == LAMINA_OK) {
        status = print_devices(&session, &pick, kind, form);
        pick_free(&pick);
    }
    return session_end(&session, status);
}

static int run_disk_list(const struct command *command, int argc, char **argv)
{
    return list(command, argc, argv, DEVICE_DISK);
}

static int run_net_list(const struct command *command, int argc, char **argv)
{
    return list(command, argc, argv, DEVICE_INTERFACE);
}

const struct command command_disk_list = {
    .name = "disk-list",
    .arguments = "[DOMAIN]...",
    .summary = "List the disks of all domains, or of those named",
    .options = options,
    .run = run_disk_list,
};

const struct command command_net_list = {
    .name = "net-list",
    .arguments = "[DOMAIN]...",
    .summary = "List the network interfaces of all domains, or of those named",
    .options = options,
    .run = run_net_list,
};
