/* SPDX-License-Identifier: MIT */
/*
 * Autostart: the files of the folder become orders, in the order of their names, once after the
 * start of the machine. DAEMON_RUN_DIR is as old as the machine's start, so a note there says that
 * it was done: a domain that was destroyed since stays so when the daemon is started anew.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "common/failure.h"
#include "laminad/action.h"
#include "laminad/laminad.h"

#define DONE_NOTE DAEMON_RUN_DIR "/autostart.done"

static int is_domain_file(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);

    return entry->d_name[0] != '.' && size > 4 && strcmp(entry->d_name + size - 4, ".xml") == 0;
}

static void complain(const char *path, int rc, const struct config_report *report)
{
    const struct config_message *message = NULL;

    for (size_t i = 0; i < report->nr_messages && !message; i++)
        if (report->messages[i].severity == CONFIG_ERROR)
            message = &report->messages[i];
    if (rc == -EINVAL && message)
        daemon_log(LOG_ERR, "%s:%d: %s; see 'lamina validate'", path, message->line, message->text);
    else
        daemon_log(LOG_ERR, "%s: %s", path, strerror(-rc));
}

static int order_start(const char *path, const struct domain_config *config)
{
    struct order order = { 0 };
    char name[ORDER_NAME_SIZE];

    order_name(&order, config->name, name);
    int fd = order_write(LAMINAD_ORDER_DIR, name, config);
    if (fd >= 0)
        close(fd);
    else if (fd != -EEXIST)
        daemon_log(LOG_ERR, "%s: cannot note that it has to be started: %s", path, strerror(-fd));
    return fd < 0 && fd != -EEXIST ? fd : 0;
}

/* 0, or why there is no order for the file's domain. */
static int consider(const char *file)
{
    struct config_report *report = calloc(1, sizeof(*report));
    struct domain_config config = { 0 };
    char path[PATH_MAX];

    if (!report)
        return -ENOMEM;
    snprintf(path, sizeof(path), "%s/%s", laminad_settings.autostart_dir, file);
    int rc = domain_config_read(path, &config, report);
    if (rc == 0)
        rc = order_start(path, &config);
    else
        complain(path, rc, report);
    domain_config_free(&config);
    free(report);
    return rc;
}

static int consider_all(void)
{
    struct dirent **entries;
    int first = 0;
    int nr = scandir(laminad_settings.autostart_dir, &entries, is_domain_file, alphasort);

    if (nr < 0 && errno != ENOENT) {
        first = -errno;
        daemon_log(LOG_ERR, "%s: %s", laminad_settings.autostart_dir, strerror(errno));
    }
    for (int i = 0; i < nr; i++) {
        int rc = consider(entries[i]->d_name);
        if (failure_may_pass(rc))
            first = rc;
        free(entries[i]);
    }
    if (nr >= 0)
        free(entries);
    return first;
}

bool action_autostart_is_due(void)
{
    return access(DONE_NOTE, F_OK) != 0;
}

/* Of a domain that was ordered by an earlier try the order, or the domain, is found. */
int action_autostart(void *unused)
{
    (void)unused;
    if (!action_autostart_is_due())
        return 0;
    if (failure_may_pass(consider_all()))
        return 1;
    int fd = open(DONE_NOTE, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        daemon_log(LOG_ERR, "%s: %s", DONE_NOTE, strerror(errno));
    else
        close(fd);
    return fd < 0;
}
