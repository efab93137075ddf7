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

void note_text(struct store_client *store, unsigned domid, const char *leaf, const char *text)
{
    int rc = -EAGAIN;

    for (int i = 0; i < TRIES_MAX && rc == -EAGAIN; i++)
        rc = write_once(store, domid, leaf, text);
    if (rc && rc != -ENOENT)
        daemon_log(LOG_WARNING, "domain %u: cannot note %s: %s", domid, leaf, strerror(-rc));
}

void note_number(struct store_client *store, unsigned domid, const char *leaf, unsigned number)
{
    char text[16];

    snprintf(text, sizeof(text), "%u", number);
    note_text(store, domid, leaf, text);
}

unsigned note_read_number(struct store_client *store, unsigned domid, const char *leaf)
{
    char path[RECORD_PATH_SIZE];
    uint64_t number;

    record_path(domid, leaf, path);
    return store_read_u64(store, 0, path, &number) == 0 && number <= UINT32_MAX ? (unsigned)number
                                                                                : 0;
}

/* The tools write when they started it: seconds, with a fraction. */
uint64_t note_age_ms(struct store_client *store, unsigned domid)
{
    char path[128];
    char *uuid = record_get(store, domid, "uuid"), *text = NULL;
    struct timespec now;

    snprintf(path, sizeof(path), "/vm/%s/start_time", uuid ? uuid : "");
    int rc = uuid ? store_read(store, 0, path, &text, NULL) : -ENOENT;
    double start = rc ? 0 : strtod(text, NULL) * 1000;
    free(text);
    free(uuid);
    clock_gettime(CLOCK_REALTIME, &now);
    double age = (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1e6 - start;
    return start > 0 && age >= 0 ? (uint64_t)age : UINT64_MAX;
}
