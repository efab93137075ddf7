/* SPDX-License-Identifier: MIT */
/*
 * Search: facts from hypervisor and store, a verdict, a job.
 */
#include "laminad/search.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <syslog.h>

#include "common/failure.h"
#include "domain/hypervisor.h"
#include "domain/record.h"
#include "laminad/action.h"
#include "laminad/builders.h"
#include "laminad/note.h"

static void look_at(struct laminad *daemon, unsigned domid);

/*
 * What could not be learned leads to no verdict: it is looked at again. A store that is back fires
 * all watches, and that is a search anyway.
 */
static void look_again(struct laminad *daemon, const char *what, int rc)
{
    if (rc == -ENOTCONN)
        return;
    daemon_log(LOG_WARNING, "cannot look at %s: %s; trying again soon", what, strerror(-rc));
    retry_later(&daemon->retry);
}

static int has_leaf(struct store_client *store, unsigned domid, const char *leaf, bool *has)
{
    char *text;
    int rc = record_get(store, domid, leaf, &text);

    free(text);
    *has = rc == 0;
    return rc == -ENOENT ? 0 : rc;
}

/* A file that is gone or spoilt will not be another one later. */
static int learn_config(struct laminad *daemon, unsigned domid, struct facts *facts)
{
    struct domain_config config;
    int rc = record_load_config(daemon->store, domid, &config);

    facts->has_config = rc == 0;
    facts->on_poweroff = config.on_poweroff;
    facts->on_reboot = config.on_reboot;
    facts->on_crash = config.on_crash;
    domain_config_free(&config);
    return failure_may_pass(rc) ? rc : 0;
}

static int learn_life(struct laminad *daemon, unsigned domid, struct facts *facts)
{
    uint64_t age_ms;
    int rc = has_leaf(daemon->store, domid, RECORD_LEAF_KEPT, &facts->is_kept);

    if (rc == 0)
        rc = note_read_number(daemon->store, domid, RECORD_LEAF_QUICK, &facts->nr_quick);
    if (rc == 0)
        rc = note_age_ms(daemon->store, domid, &age_ms);
    if (rc == 0)
        facts->is_short_lived = age_ms < (uint64_t)laminad_settings.short_life_s * 1000;
    return rc;
}

/* *builder: who builds it, to be freed, when that process lives. */
static int learn_builder(struct laminad *daemon, unsigned domid, struct facts *facts,
                         char **builder)
{
    int rc = record_get(daemon->store, domid, "builder", builder);

    if (rc == 0)
        rc = builder_lives(*builder);
    facts->builder_lives = rc > 0;
    return rc > 0 || rc == -ENOENT ? 0 : rc;
}

/* What only the end of a domain makes interesting is not asked for before. */
static int learn(struct laminad *daemon, const char *state,
                 const struct xen_domctl_getdomaininfo *info, struct facts *facts)
{
    facts->is_building = strcmp(state, RECORD_BUILDING) == 0;
    facts->is_being_destroyed = strcmp(state, RECORD_DYING) == 0;
    if (!facts->exists)
        return 0;
    facts->is_dying = (info->flags & XEN_DOMINF_dying) != 0;
    facts->is_down = (info->flags & XEN_DOMINF_shutdown) != 0;
    facts->reason = info->flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;
    if (!facts->is_down || facts->is_dying || facts->is_building)
        return 0;
    int rc = learn_config(daemon, info->domain, facts);
    return rc ? rc : learn_life(daemon, info->domain, facts);
}

static int keep(struct laminad *daemon, unsigned domid, const struct facts *facts,
                enum verdict verdict)
{
    if (verdict == VERDICT_GIVE_UP)
        daemon_log(LOG_ERR,
                   "domain %u: %s within %u s of its start, %u times in a row: left as it is; see "
                   "its console's log, then 'lamina destroy %u'",
                   domid, decide_reason_text(facts->reason), laminad_settings.short_life_s,
                   facts->nr_quick + 1, domid);
    else
        daemon_log(LOG_NOTICE, "domain %u: %s: kept, as its configuration says", domid,
                   decide_reason_text(facts->reason));
    return note_text(daemon->store, domid, RECORD_LEAF_KEPT,
                     verdict == VERDICT_GIVE_UP ? "given up" : "preserve");
}

static int act(struct laminad *daemon, unsigned domid, const uint8_t uuid[16],
               const struct facts *facts, enum verdict verdict)
{
    struct domain_case this = { .domid = domid,
                                .reason = facts->reason,
                                .verdict = verdict,
                                .nr_quick = facts->is_short_lived ? facts->nr_quick + 1 : 0 };
    char key[JOB_KEY_SIZE];
    int rc = order_replaces(LAMINAD_ORDER_DIR, domid);

    /* The order's worker does that. */
    if (rc)
        return rc < 0 ? rc : 0;
    memcpy(this.uuid, uuid, sizeof(this.uuid));
    snprintf(key, sizeof(key), "domain %u", domid);
    return job_start(&daemon->jobs, key, action_on_domain, &this);
}

/* The verdict, and the process that builds the domain awaited if there is one. */
static int reach_verdict(struct laminad *daemon, unsigned domid, struct facts *facts,
                         enum verdict *verdict)
{
    char *builder = NULL;
    int rc = facts->is_building ? learn_builder(daemon, domid, facts, &builder) : 0;

    *verdict = rc == 0 ? decide(facts, laminad_settings.restarts_max) : VERDICT_NOTHING;
    if (rc == 0 && *verdict == VERDICT_AWAIT_BUILDER) {
        rc = builder_await(daemon, domid, builder, look_at);
        facts->builder_lives = rc != 0;
        rc = rc > 0 ? 0 : rc;
    }
    free(builder);
    if (rc == 0 && !facts->builder_lives) {
        builder_forget(daemon, domid);
        /* It may have ended since it was asked. */
        *verdict = decide(facts, laminad_settings.restarts_max);
    }
    return rc;
}

static int judge(struct laminad *daemon, unsigned domid, const char *state)
{
    struct xen_domctl_getdomaininfo info = { .flags = 0 };
    struct facts facts = { 0 };
    enum verdict verdict;
    int rc = hypervisor_info(domid, &info);

    if (rc && rc != -ESRCH)
        return rc;
    facts.exists = rc == 0;
    rc = learn(daemon, state, &info, &facts);
    if (rc == 0)
        rc = reach_verdict(daemon, domid, &facts, &verdict);
    if (rc)
        return rc;
    if (verdict == VERDICT_KEEP || verdict == VERDICT_GIVE_UP)
        return keep(daemon, domid, &facts, verdict);
    if (verdict != VERDICT_NOTHING && verdict != VERDICT_AWAIT_BUILDER)
        return act(daemon, domid, info.handle, &facts, verdict);
    return 0;
}

static void look_at(struct laminad *daemon, unsigned domid)
{
    char *state;
    int rc = record_get(daemon->store, domid, "state", &state);

    if (rc == -ENOENT) {
        builder_forget(daemon, domid);
        rc = 0;
    } else if (rc == 0) {
        rc = judge(daemon, domid, state);
    }
    free(state);
    if (rc == 0)
        return;
    char what[32];
    snprintf(what, sizeof(what), "domain %u", domid);
    look_again(daemon, what, rc);
}

static void start_order(void *context, const char *name)
{
    struct laminad *daemon = context;
    char key[JOB_KEY_SIZE], copy[ORDER_NAME_SIZE];

    snprintf(key, sizeof(key), "order %.100s", name);
    snprintf(copy, sizeof(copy), "%s", name);
    int rc = job_start(&daemon->jobs, key, action_order, copy);
    if (rc)
        look_again(daemon, key, rc);
}

static int start_autostart(struct laminad *daemon)
{
    return action_autostart_is_due()
               ? job_start(&daemon->jobs, "autostart", action_autostart, NULL)
               : 0;
}

void search_all(void *context)
{
    struct laminad *daemon = context;
    unsigned *domids;
    size_t nr;

    jobs_begin_search(&daemon->jobs);
    int rc = start_autostart(daemon);
    int rc_orders = order_for_each(LAMINAD_ORDER_DIR, start_order, daemon);
    int rc_records = record_list(daemon->store, &domids, &nr);
    for (size_t i = 0; i < nr; i++)
        look_at(daemon, domids[i]);
    free(domids);
    rc = rc ? rc : rc_orders ? rc_orders : rc_records;
    if (rc)
        look_again(daemon, "all domains", rc);
    /* What could not be asked about is still wanted. */
    if (rc == 0 && !daemon->retry.is_set)
        jobs_end_search(&daemon->jobs);
}

/* Whether an event is about the state or builder of a domain, and of which. */
static bool is_about_domain(const char *path, unsigned *domid)
{
    int end = 0;

    if (sscanf(path, RECORD_ROOT "/%u/%n", domid, &end) != 1 || end == 0)
        return false;
    return strcmp(path + end, "state") == 0 || strcmp(path + end, "builder") == 0;
}

/*
 * Devices and notes change often and are of no interest. The root of all records is told when the
 * watch begins, also with a new store daemon: then there is no knowing what was missed.
 */
static bool take_event(struct laminad *daemon, const struct store_event *event)
{
    unsigned domid;

    if (is_about_domain(event->path, &domid))
        look_at(daemon, domid);
    return event->path[0] == '@' || strcmp(event->path, RECORD_ROOT) == 0;
}

static void follow_descriptor(struct laminad *daemon)
{
    int fd = store_fd(daemon->store);

    if (fd == daemon->store_source.fd)
        return;
    loop_remove(daemon->loop, &daemon->store_source);
    daemon->store_source.fd = fd;
    int rc = loop_add(daemon->loop, &daemon->store_source, EPOLLIN);
    if (rc)
        daemon_log(LOG_ERR, "the store: %s", strerror(-rc));
}

static void store_ready(struct loop_source *source, uint32_t events)
{
    struct laminad *daemon =
        (struct laminad *)((char *)source - offsetof(struct laminad, store_source));
    struct store_event event;
    bool search = false;

    (void)events;
    while (store_next_event(daemon->store, &event) == 1) {
        search = take_event(daemon, &event) || search;
        store_event_free(&event);
    }
    if (search)
        search_all(daemon);
    follow_descriptor(daemon);
}

int search_start(struct laminad *daemon)
{
    int rc = store_open(&daemon->store, 0);

    if (rc)
        return rc;
    daemon->store_source = (struct loop_source){ store_fd(daemon->store), store_ready };
    rc = store_watch(daemon->store, RECORD_ROOT, "records");
    if (rc == 0)
        rc = store_watch(daemon->store, "@releaseDomain", "release");
    return rc ? rc : loop_add(daemon->loop, &daemon->store_source, EPOLLIN);
}

void search_stop(struct laminad *daemon)
{
    builders_forget_all(daemon);
    store_close(daemon->store);
    daemon->store = NULL;
}
