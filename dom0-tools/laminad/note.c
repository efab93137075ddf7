/* SPDX-License-Identifier: MIT */
/*
 * Notes: in transactions with the record's own state.
 */
#include "laminad/note.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "common/daemon.h"
#include "domain/record.h"

#define TRIES_MAX 20 /* of a transaction that meets others */

static int write_once(struct store_client *store, unsigned domid, const char *leaf,
                      const char *text)
{
    char path[RECORD_PATH_SIZE], *state;
    store_tx_t tx;
    int rc = store_begin(store, &tx);

    if (rc)
        return rc;
    record_path(domid, "state", path);
    rc = store_read(store, tx, path, &state, NULL);
    if (rc == 0) {
        free(state);
        record_path(domid, leaf, path);
        rc = store_write(store, tx, path, text);
    }
    int end = store_end(store, tx, rc == 0);
    return rc ? rc : end;
}

int note_text(struct store_client *store, unsigned domid, const char *leaf, const char *text)
{
    int rc = -EAGAIN;

    for (int i = 0; i < TRIES_MAX && rc == -EAGAIN; i++)
        rc = write_once(store, domid, leaf, text);
    if (rc == -ENOENT)
        return 0;
    if (rc)
        daemon_log(LOG_WARNING, "domain %u: cannot note %s: %s", domid, leaf, strerror(-rc));
    return rc;
}

int note_number(struct store_client *store, unsigned domid, const char *leaf, unsigned number)
{
    char text[16];

    snprintf(text, sizeof(text), "%u", number);
    return note_text(store, domid, leaf, text);
}

int note_read_number(struct store_client *store, unsigned domid, const char *leaf,
                     unsigned *number)
{
    char path[RECORD_PATH_SIZE];
    uint64_t value;

    *number = 0;
    record_path(domid, leaf, path);
    int rc = store_read_u64(store, 0, path, &value);
    if (rc == 0 && value <= UINT32_MAX)
        *number = (unsigned)value;
    return rc == -ENOENT || rc == -EINVAL ? 0 : rc;
}

/* The tools write when they started it: seconds, with a fraction. */
static int read_start(struct store_client *store, unsigned domid, double *start)
{
    char path[128], *uuid, *text = NULL;
    int rc = record_get(store, domid, "uuid", &uuid);

    *start = 0;
    if (rc == 0) {
        snprintf(path, sizeof(path), "/vm/%s/start_time", uuid);
        rc = store_read(store, 0, path, &text, NULL);
    }
    if (rc == 0)
        *start = strtod(text, NULL) * 1000;
    free(text);
    free(uuid);
    return rc == -ENOENT ? 0 : rc;
}

int note_age_ms(struct store_client *store, unsigned domid, uint64_t *age)
{
    struct timespec now;
    double start;
    int rc = read_start(store, domid, &start);

    clock_gettime(CLOCK_REALTIME, &now);
    double ms = (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1e6 - start;
    *age = start > 0 && ms >= 0 ? (uint64_t)ms : UINT64_MAX;
    return rc;
}
