/* SPDX-License-Identifier: MIT */
/*
 * Decision: a table of reasons and policies.
 */
#include "laminad/decide.h"

#include "public/sched.h"

static enum domain_action policy(const struct facts *facts)
{
    switch (facts->reason) {
    case SHUTDOWN_poweroff:
        return facts->on_poweroff;
    case SHUTDOWN_reboot:
        return facts->on_reboot;
    default:
        /* A watchdog that was not fed, and what nobody has a name for, is no orderly end. */
        return facts->on_crash;
    }
}

static enum verdict verdict_of(enum domain_action action)
{
    switch (action) {
    case ACTION_RESTART:
        return VERDICT_RESTART;
    case ACTION_PRESERVE:
        return VERDICT_KEEP;
    case ACTION_RENAME_RESTART:
        return VERDICT_RENAME_RESTART;
    case ACTION_COREDUMP_DESTROY:
        return VERDICT_COREDUMP_DESTROY;
    case ACTION_COREDUMP_RESTART:
        return VERDICT_COREDUMP_RESTART;
    case ACTION_DESTROY:
        break;
    }
    return VERDICT_DESTROY;
}

static bool is_restart(enum verdict verdict)
{
    return verdict == VERDICT_RESTART || verdict == VERDICT_RENAME_RESTART ||
           verdict == VERDICT_COREDUMP_RESTART;
}

static enum verdict verdict_on_down(const struct facts *facts, unsigned restarts_max)
{
    /* Who suspends a domain is waiting for it, to save it or to let it go on. */
    if (facts->reason == SHUTDOWN_suspend || facts->is_kept)
        return VERDICT_NOTHING;
    /* Nothing is left from which it could be started again. */
    if (!facts->has_config)
        return VERDICT_DESTROY;
    enum verdict verdict = verdict_of(policy(facts));
    if (is_restart(verdict) && restarts_max > 0 && facts->is_short_lived &&
        facts->nr_quick + 1 >= restarts_max)
        return VERDICT_GIVE_UP;
    return verdict;
}

enum verdict decide(const struct facts *facts, unsigned restarts_max)
{
    if (facts->is_building && facts->builder_lives)
        return VERDICT_AWAIT_BUILDER;
    if (!facts->exists || facts->is_dying)
        return VERDICT_REAP;
    if (facts->is_building || facts->is_being_destroyed)
        return VERDICT_DESTROY;
    return facts->is_down ? verdict_on_down(facts, restarts_max) : VERDICT_NOTHING;
}

const char *decide_reason_text(unsigned reason)
{
    switch (reason) {
    case SHUTDOWN_poweroff:
        return "powered off";
    case SHUTDOWN_reboot:
        return "rebooted";
    case SHUTDOWN_suspend:
        return "suspended";
    case SHUTDOWN_crash:
        return "crashed";
    case SHUTDOWN_watchdog:
        return "did not feed its watchdog";
    default:
        return "ended in an unknown way";
    }
}
