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

#include "domain/hypervisor.h"
#include "domain/record.h"
#include "laminad/action.h"
#include "laminad/builders.h"
#include "laminad/note.h"

static void look_at(struct laminad *daemon, unsigned domid);

static bool has_leaf(struct store_client *store, unsigned domid, const char *leaf)
{
    char *text = record_get(store, domid, leaf);

    free(text);
    return text != NULL;
}

static void learn_config(struct laminad *daemon, unsigned domid, struct facts *facts)
{
    struct domain_config config;

    facts->has_config = record_load_config(daemon->store, domid, &config) == 0;
    facts->on_poweroff = config.on_poweroff;
    facts->on_reboot = config.on_reboot;
    facts->on_crash = config.on_crash;
    domain_config_free(&config);
}

static void learn_life(struct laminad *daemon, unsigned domid, struct facts *facts)
{
    facts->is_kept = has_leaf(daemon->store, domid, RECORD_LEAF_KEPT);
    facts->nr_quick = note_read_number(daemon->store, domid, RECORD_LEAF_QUICK);
    facts->is_short_lived =
        note_age_ms(daemon->store, domid) < (uint64_t)laminad_settings.short_life_s * 1000;
}

/* Who builds it, to be freed, when that process lives. */
static char *learn_builder(struct laminad *daemon, unsigned domid, struct facts *facts)
{
    char *builder = facts->is_building ? record_get(daemon->store, domid, "builder") : NULL;

    facts->builder_lives = builder && builder_lives(builder);
    return builder;
}

/* What only the end of a domain makes interesting is not asked for before. */
static void learn(struct laminad *daemon, const char *state,
                  const struct xen_domctl_getdomaininfo *info, struct facts *facts)
{
    facts->is_building = strcmp(state, RECORD_BUILDING) == 0;
    facts->is_being_destroyed = strcmp(state, RECORD_DYING) == 0;
    if (!facts->exists)
        return;
    facts->is_dying = (info->flags & XEN_DOMINF_dying) != 0;
    facts->is_down = (info->flags & XEN_DOMINF_shutdown) != 0;
    facts->reason = info->flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;
    if (!facts->is_down || facts->is_dying || facts->is_building)
        return;
    learn_config(daemon, info->domain, facts);
    learn_life(daemon, info->domain, facts);
}

static void keep(struct laminad *daemon, unsigned domid, const struct facts *facts,
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
    note_text(daemon->store, domid, RECORD_LEAF_KEPT,
              verdict == VERDICT_GIVE_UP ? "given up" : "preserve");
}

static void act(struct laminad *daemon, unsigned domid, const uint8_t uuid[16],
                const struct facts *facts, enum verdict verdict)
{
    struct domain_case this = { .domid = domid,
                                .reason = facts->reason,
                                .verdict = verdict,
                                .nr_quick = facts->is_short_lived ? facts->nr_quick + 1 : 0 };
    char key[JOB_KEY_SIZE];

    /* The order's worker does that. */
    if (order_replaces(LAMINAD_ORDER_DIR, domid))
        return;
    memcpy(this.uuid, uuid, sizeof(this.uuid));
    snprintf(key, sizeof(key), "domain %u", domid);
    job_start(&daemon->jobs, key, action_on_domain, &this);
}

static void judge(struct laminad *daemon, unsigned domid, const char *state)
{
    struct xen_domctl_getdomaininfo info = { .flags = 0 };
    struct facts facts = { 0 };
    int rc = hypervisor_info(domid, &info);

    if (rc && rc != -ESRCH) {
        daemon_log(LOG_ERR, "domain %u: the hypervisor does not tell about it: %s", domid,
                   strerror(-rc));
        return;
    }
    facts.exists = rc == 0;
    learn(daemon, state, &info, &facts);
    char *builder = learn_builder(daemon, domid, &facts);
    enum verdict verdict = decide(&facts, laminad_settings.restarts_max);
    /* It may have ended since it was asked. */
    if (verdict == VERDICT_AWAIT_BUILDER && !builder_await(daemon, domid, builder, look_at)) {
        facts.builder_lives = false;
        verdict = decide(&facts, laminad_settings.restarts_max);
    }
    free(builder);
    if (!facts.builder_lives)
        builder_forget(daemon, domid);
    if (verdict == VERDICT_KEEP || verdict == VERDICT_GIVE_UP)
        keep(daemon, domid, &facts, verdict);
    else if (verdict != VERDICT_NOTHING && verdict != VERDICT_AWAIT_BUILDER)
        act(daemon, domid, info.handle, &facts, verdict);
}

static void look_at(struct laminad *daemon, unsigned domid)
{
    char *state = record_get(daemon->store, domid, "state");

    if (state)
        judge(daemon, domid, state);
    else
        builder_forget(daemon, domid);
    free(state);
}

static void start_order(void *context, const char *name)
{
    struct laminad *daemon = context;
    char key[JOB_KEY_SIZE], copy[ORDER_NAME_SIZE];

    snprintf(key, sizeof(key), "order %.100s", name);
    snprintf(copy, sizeof(copy), "%s", name);
    job_start(&daemon->jobs, key, action_order, copy);
}

void search_all(void *context)
{
    struct laminad *daemon = context;
    unsigned *domids;
    size_t nr;

    jobs_begin_search(&daemon->jobs);
    order_for_each(LAMINAD_ORDER_DIR, start_order, daemon);
    int rc = record_list(daemon->store, &domids, &nr);
    for (size_t i = 0; rc == 0 && i < nr; i++)
        look_at(daemon, domids[i]);
    if (rc == 0)
        free(domids);
    else if (rc != -ENOTCONN)
        daemon_log(LOG_ERR, "cannot list domains: %s", strerror(-rc));
    /* What could not be asked about is still wanted. */
    if (rc == 0)
        jobs_end_search(&daemon->jobs);
}

/* --- events --- */

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

void search_begin(struct laminad *daemon)
{
    job_start(&daemon->jobs, "autostart", action_autostart, NULL);
    search_all(daemon);
}

void search_stop(struct laminad *daemon)
{
    builders_forget_all(daemon);
    store_close(daemon->store);
    daemon->store = NULL;
}
