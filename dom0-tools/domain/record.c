/* SPDX-License-Identifier: MIT */
/*
 * Record: nodes below RECORD_ROOT, readable by the control domain only, and DAEMON_RUN_DIR's
 * domain-N.xml. Several nodes change together in one transaction.
 */
#include "domain/record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/daemon.h"
#include "common/io.h"
#include "device/device.h"
#include "domain/hypervisor.h"
#include "domain/uuid.h"

#define CONFIG_PATH_SIZE 64
#define TRIES_MAX 100 /* of a transaction that meets others */

void record_path(unsigned domid, const char *leaf, char path[RECORD_PATH_SIZE])
{
    snprintf(path, RECORD_PATH_SIZE, DOMAIN_RECORD "%s%s", domid, leaf[0] ? "/" : "", leaf);
}

static void config_path(unsigned domid, char path[CONFIG_PATH_SIZE])
{
    snprintf(path, CONFIG_PATH_SIZE, DAEMON_RUN_DIR "/domain-%u.xml", domid);
}

int record_get(struct store_client *store, unsigned domid, const char *leaf, char **text)
{
    char path[RECORD_PATH_SIZE];

    *text = NULL;
    record_path(domid, leaf, path);
    return store ? store_read(store, 0, path, text, NULL) : -ENOENT;
}

int record_find(struct store_client *store, unsigned domid)
{
    char *state;
    int rc = record_get(store, domid, "state", &state);

    free(state);
    return rc;
}

int record_save_config(unsigned domid, const struct domain_config *config)
{
    char path[CONFIG_PATH_SIZE];
    char *text = domain_config_write(config);

    if (!text)
        return -ENOMEM;
    config_path(domid, path);
    int rc = replace_file(path, text, strlen(text), 0600);
    free(text);
    return rc;
}

int record_has_text(struct store_client *store, unsigned domid, const char *leaf,
                    const char *wanted)
{
    char *text;
    int rc = record_get(store, domid, leaf, &text);

    if (rc == 0)
        rc = strcmp(text, wanted) == 0;
    else if (rc == -ENOENT)
        rc = 0;
    free(text);
    return rc;
}

int record_load_config(struct store_client *store, unsigned domid, struct domain_config *config)
{
    struct config_report *report = calloc(1, sizeof(*report));
    char *path;
    int rc = record_get(store, domid, "config", &path);

    if (rc == 0 && !report)
        rc = -ENOMEM;
    if (rc == 0)
        rc = domain_config_read(path, config, report);
    else
        memset(config, 0, sizeof(*config));
    free(report);
    free(path);
    return rc;
}

int record_change_config(struct store_client *store, unsigned domid,
                         int (*change)(struct domain_config *config, const void *value),
                         const void *value)
{
    struct domain_config *config = malloc(sizeof(*config));

    if (!config)
        return -ENOMEM;
    int rc = record_load_config(store, domid, config);
    bool has_none = rc == -ENOENT;

    if (rc == 0)
        rc = change(config, value);
    if (rc == 0)
        rc = record_save_config(domid, config);
    domain_config_free(config);
    free(config);
    return has_none ? 0 : rc;
}

static int put(struct store_client *store, store_tx_t tx, unsigned domid, const char *leaf,
               const char *value)
{
    char path[RECORD_PATH_SIZE];

    record_path(domid, leaf, path);
    return store_write(store, tx, path, value);
}

static int write_record(struct store_client *store, store_tx_t tx, unsigned domid,
                        const struct domain_config *config, const char *builder)
{
    char path[RECORD_PATH_SIZE], uuid[UUID_TEXT_SIZE], xml[CONFIG_PATH_SIZE];

    uuid_write(config->uuid, uuid);
    config_path(domid, xml);
    record_path(domid, "", path);
    int rc = store_mkdir(store, tx, path);
    if (rc == 0)
        rc = store_set_perms(store, tx, path, "n0");
    /* "state" says that there is a record. */
    if (rc == 0)
        rc = put(store, tx, domid, "state", RECORD_BUILDING);
    if (rc == 0)
        rc = put(store, tx, domid, "builder", builder);
    if (rc == 0)
        rc = put(store, tx, domid, "name", config->name);
    if (rc == 0)
        rc = put(store, tx, domid, "uuid", uuid);
    if (rc == 0)
        rc = put(store, tx, domid, "config", xml);
    return rc == 0 ? store_printf(store, tx, RECORD_LAST, "%u", domid) : rc;
}

int record_begin(struct store_client *store, unsigned domid, const struct domain_config *config)
{
    char builder[BUILDER_TEXT_SIZE];
    store_tx_t tx;
    int rc = builder_describe(getpid(), builder);

    if (rc == 0)
        rc = record_find(store, domid);
    if (rc != -ENOENT)
        return rc == 0 ? -EEXIST : rc;
    rc = -EAGAIN;
    for (int tries = 0; rc == -EAGAIN && tries < TRIES_MAX; tries++) {
        rc = store_begin(store, &tx);
        if (rc != 0)
            return rc;
        rc = write_record(store, tx, domid, config, builder);
        int end = store_end(store, tx, rc == 0);
        rc = rc == 0 ? end : rc;
    }
    /* By the record whoever cleans up finds the file. */
    return rc == 0 ? record_save_config(domid, config) : rc;
}

int record_set_state(struct store_client *store, unsigned domid, const char *state)
{
    return put(store, 0, domid, "state", state);
}

int record_finish(struct store_client *store, unsigned domid)
{
    char path[RECORD_PATH_SIZE];
    int rc = record_set_state(store, domid, RECORD_RUNNING);

    record_path(domid, "builder", path);
    return rc == 0 ? store_rm(store, 0, path) : rc;
}

int record_remove(struct store_client *store, unsigned domid)
{
    char path[RECORD_PATH_SIZE], xml[CONFIG_PATH_SIZE];

    config_path(domid, xml);
    if (unlink(xml) != 0 && errno != ENOENT)
        return -errno;
    record_path(domid, "", path);
    return store_rm(store, 0, path);
}

int record_has_builder(struct store_client *store, unsigned domid)
{
    char *text;
    int rc = record_get(store, domid, "builder", &text);

    if (rc == 0)
        rc = builder_lives(text);
    else if (rc == -ENOENT)
        rc = 0;
    free(text);
    return rc;
}

static bool read_domid(const char *text, unsigned *domid)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    *domid = (unsigned)value;
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && value < DOMAINS_MAX;
}

int record_list(struct store_client *store, unsigned **domids, size_t *nr)
{
    char **names = NULL;
    size_t nr_names = 0;
    int rc = store_list(store, 0, RECORD_ROOT, &names, &nr_names);

    *domids = NULL;
    *nr = 0;
    if (rc != 0)
        return rc == -ENOENT ? 0 : rc;
    *domids = calloc(nr_names + 1, sizeof(**domids));
    for (size_t i = 0; *domids && i < nr_names; i++)
        *nr += read_domid(names[i], &(*domids)[*nr]);
    free(names);
    return *domids ? 0 : -ENOMEM;
}
