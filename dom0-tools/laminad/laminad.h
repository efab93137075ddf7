/* SPDX-License-Identifier: MIT */
/*
 * What the parts of laminad share.
 */
#ifndef LAMINA_LAMINAD_LAMINAD_H
#define LAMINA_LAMINAD_LAMINAD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/daemon.h"
#include "common/loop.h"
#include "common/retry.h"
#include "laminad/jobs.h"
#include "store/client.h"

#define LAMINAD_ORDER_DIR     DAEMON_RUN_DIR "/orders"
#define LAMINAD_AUTOSTART_DIR "/etc/lamina/autostart"
#define LAMINAD_DUMP_DIR      "/var/lib/lamina/dump"

/* Leaves of a domain's record that are laminad's. */
#define RECORD_LEAF_QUICK "quick-restarts" /* short-lived predecessors in a row */
#define RECORD_LEAF_KEPT  "kept"           /* why it stays although it has ended */

/* Set once, from the command line. */
struct laminad_settings {
    const char *pid_file; /* NULL: the usual one */
    bool in_background;
    const char *autostart_dir;
    const char *dump_dir;
    unsigned restarts_max; /* short lives in a row; 0: any number */
    unsigned short_life_s;
};

extern struct laminad_settings laminad_settings;

struct builder;

struct laminad {
    struct loop *loop;
    struct store_client *store;
    struct loop_source store_source;
    struct jobs jobs;
    struct retry retry; /* of a search that could not be completed */
    struct builder *builders; /* processes whose end is waited for */
};

#endif
