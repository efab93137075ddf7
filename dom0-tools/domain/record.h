/* SPDX-License-Identifier: MIT */
/*
 * Record: what the tools note about a domain below DOMAIN_RECORD (device/device.h), and its XML in
 * DAEMON_RUN_DIR. A record is written before its domain exists and removed after all else of it is
 * gone, so a domain of ours without a record cannot be.
 */
#ifndef LAMINA_DOMAIN_RECORD_H
#define LAMINA_DOMAIN_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/domain_config.h"
#include "store/client.h"

#define RECORD_ROOT "/lamina/domain"
#define RECORD_LAST "/lamina/last-domain" /* the number that was given last */
#define RECORD_PATH_SIZE 80u

#define RECORD_BUILDING "building"
#define RECORD_RUNNING  "running"
#define RECORD_DYING    "dying"

/* A leaf of the record ("name"; "" is the record itself). */
void record_path(unsigned domid, const char *leaf, char path[RECORD_PATH_SIZE]);

/*
 * The record of a domain to be built by this process, all at once: name and uuid of config, which
 * is also saved. Under lock_creation(). -EEXIST: there is a record of that number.
 */
int record_begin(struct store_client *store, unsigned domid, const struct domain_config *config)
    __attribute__((warn_unused_result));

/* Built: state "running" and no builder any more. */
int record_finish(struct store_client *store, unsigned domid) __attribute__((warn_unused_result));

int record_set_state(struct store_client *store, unsigned domid, const char *state);

/* The XML file and the record, if there are such. */
int record_remove(struct store_client *store, unsigned domid) __attribute__((warn_unused_result));

/*
 * A leaf's text, to be freed: 0; -ENOENT: absent, or no store; or another negative errno value, and
 * then nobody knows. *text is NULL but on success.
 */
int record_get(struct store_client *store, unsigned domid, const char *leaf, char **text)
    __attribute__((warn_unused_result));

/* Whether a leaf is there with that very text: 1, 0, or a negative errno value. */
int record_has_text(struct store_client *store, unsigned domid, const char *leaf,
                    const char *wanted) __attribute__((warn_unused_result));

/* Whether there is a record: 0, -ENOENT, or another negative errno value. */
int record_find(struct store_client *store, unsigned domid) __attribute__((warn_unused_result));

/*
 * Whether a process is building the domain now: 1: the recorded one lives and is the same still, 0,
 * or a negative errno value.
 */
int record_has_builder(struct store_client *store, unsigned domid)
    __attribute__((warn_unused_result));

/* The numbers of all records, in no order; to be freed. */
int record_list(struct store_client *store, unsigned **domids, size_t *nr)
    __attribute__((warn_unused_result));

/* The recorded XML. config is for domain_config_free() in every case. */
int record_load_config(struct store_client *store, unsigned domid, struct domain_config *config)
    __attribute__((warn_unused_result));
int record_save_config(unsigned domid, const struct domain_config *config)
    __attribute__((warn_unused_result));

/*
 * Loads the recorded XML, changes it and saves it; nothing is done for a domain without a record,
 * which is another tool's. change() returns 0 or a negative errno value, and then nothing is saved.
 * Under lock_domain().
 */
int record_change_config(struct store_client *store, unsigned domid,
                         int (*change)(struct domain_config *config, const void *value),
                         const void *value) __attribute__((warn_unused_result));

/* "PID START" of a process: its start in clock ticks after boot tells it from a later namesake. */
#define BUILDER_TEXT_SIZE 48u
int builder_describe(long pid, char text[BUILDER_TEXT_SIZE]) __attribute__((warn_unused_result));
int builder_lives(const char *text) __attribute__((warn_unused_result)); /* as above */
void builder_stop(const char *text); /* asks it to end, if it lives: SIGTERM */

#endif
