/* SPDX-License-Identifier: MIT */
/*
 * Probe: one thing that domains need, looked at: whether it is there, and what cures it if not.
 */
#ifndef LAMINA_PROBE_H
#define LAMINA_PROBE_H

#include <stdbool.h>
#include <stddef.h>

#include "store/client.h"

enum finding_kind {
    FINDING_OK,
    FINDING_NOTE,    /* not there, and nothing is missing by that */
    FINDING_MISSING, /* domains cannot be had without */
};

struct finding {
    enum finding_kind kind;
    char detail[200];
    char cure[160]; /* one command; empty where there is nothing to cure */
};

/* What earlier probes found out for later ones. */
struct probing {
    bool has_host;
    struct store_client *store; /* or NULL */
};

struct probe {
    const char *name;
    void (*look)(struct probing *probing, struct finding *finding);
};

/* In the order in which one needs the other; ends with a row without name. */
extern const struct probe probes[];

#endif
