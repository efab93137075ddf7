/* SPDX-License-Identifier: MIT */
/*
 * Decision: what has to happen to a domain of ours, from what is known of it. No memory: the same
 * facts give the same verdict, so a daemon that starts anew finds the work of its predecessor.
 */
#ifndef LAMINA_LAMINAD_DECIDE_H
#define LAMINA_LAMINAD_DECIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "config/domain_config.h"

struct facts {
    /* --- of the hypervisor --- */
    bool exists;
    bool is_dying;
    bool is_down;    /* has shut down ... */
    unsigned reason; /* ... for this reason: SHUTDOWN_* */

    /* --- of the record --- */
    bool is_building;
    bool builder_lives;
    bool is_being_destroyed; /* someone began to take it apart */
    bool is_kept;            /* a former verdict was VERDICT_KEEP */
    unsigned nr_quick;       /* how many predecessors in a row were restarted after a short life */
    bool is_short_lived;     /* its own life was short */

    /* --- of its configuration --- */
    bool has_config;
    enum domain_action on_poweroff, on_reboot, on_crash;
};

enum verdict {
    VERDICT_NOTHING,
    VERDICT_AWAIT_BUILDER, /* its builder is at work: look again when that ends */
    VERDICT_REAP,          /* it is gone, what it held is not */
    VERDICT_DESTROY,
    VERDICT_KEEP,    /* it stays for someone to look at */
    VERDICT_GIVE_UP, /* the same: it would only be restarted to die again */
    VERDICT_RESTART,
    VERDICT_RENAME_RESTART,
    VERDICT_COREDUMP_DESTROY,
    VERDICT_COREDUMP_RESTART,
};

/* restarts_max: short lives in a row after which a domain is given up; 0: never. */
enum verdict decide(const struct facts *facts, unsigned restarts_max);

/* What happened to it, for people: "powered off", "crashed" ... */
const char *decide_reason_text(unsigned reason);

#endif
