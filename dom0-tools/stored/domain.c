/* SPDX-License-Identifier: MIT */
/*
 * Domain: from its introduction, when its ring is attached, to its release, when nothing of it is
 * left: its nodes go, and its name goes out of the permissions of all others, so that a later
 * domain with the same id inherits nothing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stored/store.h"
#include "stored/watch.h"

struct domain *domain_find(const struct store *store, uint16_t domid)
{
    struct domain *domain = store->domains;

    while (domain && domain->domid != domid)
        domain = domain->next;
    return domain;
}

static int attach(struct store *store, struct domain *domain, bool is_new)
{
    return store->hooks.attach ? store->hooks.attach(store->hooks.context, domain, is_new) : 0;
}

static void detach(struct store *store, struct domain *domain)
{
    if (store->hooks.detach)
        store->hooks.detach(store->hooks.context, domain);
}

static void record_introduction(struct store *store, const struct domain *domain)
{
    store_record(store, &(struct record){ .type = RECORD_INTRODUCE,
                                          .domid = domain->domid,
                                          .number = domain->port,
                                          .wide = domain->frame });
}

/* An introduced domain may get a new port: its ring is attached again, its streams go on. */
static int introduce_again(struct store *store, struct domain *domain, uint64_t frame,
                           uint32_t port)
{
    struct domain old = *domain;

    detach(store, domain);
    domain->frame = frame;
    domain->port = port;
    int rc = attach(store, domain, false);
    if (rc) {
        domain->frame = old.frame;
        domain->port = old.port;
        return attach(store, domain, false) ? EIO : rc;
    }
    record_introduction(store, domain);
    return 0;
}

int domain_introduce(struct store *store, uint16_t domid, uint64_t frame, uint32_t port)
{
    struct domain *domain = domain_find(store, domid);

    if (domid >= DOMID_END || port == 0)
        return EINVAL;
    if (domain)
        return introduce_again(store, domain, frame, port);
    domain = must_zalloc(sizeof(*domain));
    *domain = (struct domain){ .domid = domid, .frame = frame, .port = port };
    domain->connection = connection_new(store, domid, true);
    int rc = attach(store, domain, true);
    if (rc) {
        connection_free(store, domain->connection);
        free(domain);
        return rc;
    }
    struct domain **slot = &store->domains;
    while (*slot)
        slot = &(*slot)->next;
    *slot = domain;
    record_introduction(store, domain);
    connection_record_positions(store, domain->connection);
    watch_fire_special(store, SPECIAL_INTRODUCE);
    return 0;
}

/* Paths found by a walk, one after the other, each with its NUL; changed once the walk is over. */
struct finding {
    uint16_t domid;
    struct buffer owned;
    struct buffer named;
};

static bool is_named(const struct perms *perms, uint16_t domid)
{
    struct perms copy = *perms;

    return perms_forget(&copy, domid);
}

static void find_traces(const struct node *node, const char *path, void *context)
{
    struct finding *finding = context;

    if (node->perms.list[0].domid == finding->domid)
        buffer_append_string(&finding->owned, path);
    else if (is_named(&node->perms, finding->domid))
        buffer_append_string(&finding->named, path);
}

static struct record record_of_perms(const char *path, const struct perms *perms)
{
    struct record record = record_of_path(RECORD_PERMS, path);

    record.b = perms->list;
    record.b_size = (uint32_t)(perms->nr * sizeof(perms->list[0]));
    return record;
}

static void forget_name(struct store *store, const char *path, uint16_t domid)
{
    const struct node *node = tree_find(store->root, path);

    if (node) {
        struct perms perms = node->perms;
        struct record record = record_of_perms(path, &perms);
        perms_forget(&perms, domid);
        record.b_size = (uint32_t)(perms.nr * sizeof(perms.list[0]));
        store_change(store, &record);
    }
}

/* "/" and the special paths can only change hands. */
static void forget_special(struct store *store, uint16_t domid)
{
    for (int i = 0; i < SPECIAL_COUNT; i++) {
        struct perms perms = store->special[i];
        bool changed = perms_forget(&perms, domid);
        if (perms.list[0].domid == domid) {
            perms.list[0].domid = 0;
            changed = true;
        }
        struct record record = record_of_perms(path_special_names[i], &perms);
        if (changed)
            store_change(store, &record);
    }
}

static void remove_owned(struct store *store, const char *path)
{
    static const struct perms dom0 = { 1, { { 0, ACCESS_NONE } } };
    struct record record = record_of_path(RECORD_REMOVE, path);

    if (strcmp(path, "/") == 0)
        record = record_of_perms(path, &dom0);
    record.flags = RECORD_FIRE;
    if (tree_find(store->root, path))
        store_change(store, &record);
}

static void remove_traces(struct store *store, uint16_t domid)
{
    struct finding finding = { .domid = domid };
    char path[PATH_ROOM] = "/";

    tree_walk(store->root, path, find_traces, &finding);
    for (size_t i = 0; i < finding.owned.size; i += strlen((char *)finding.owned.data + i) + 1)
        remove_owned(store, (char *)finding.owned.data + i);
    for (size_t i = 0; i < finding.named.size; i += strlen((char *)finding.named.data + i) + 1)
        forget_name(store, (char *)finding.named.data + i, domid);
    forget_special(store, domid);
    buffer_free(&finding.owned);
    buffer_free(&finding.named);
    for (struct domain *other = store->domains; other; other = other->next)
        if (other->connection->target == domid)
            domain_set_target(store, other, DOMID_NONE);
}

void domain_release(struct store *store, struct domain *domain)
{
    struct domain **slot = &store->domains;
    uint16_t domid = domain->domid;

    while (*slot != domain)
        slot = &(*slot)->next;
    *slot = domain->next;
    detach(store, domain);
    connection_free(store, domain->connection);
    free(domain);
    store_record(store, &(struct record){ .type = RECORD_RELEASE, .domid = domid });
    if (!store->is_replaying)
        remove_traces(store, domid);
    watch_fire_special(store, SPECIAL_RELEASE);
}

void domain_set_stopped(struct store *store, struct domain *domain, bool is_stopped)
{
    if (domain->is_stopped == is_stopped)
        return;
    domain->is_stopped = is_stopped;
    store_record(store, &(struct record){
                            .type = RECORD_STOPPED, .domid = domain->domid, .number = is_stopped });
    if (is_stopped)
        watch_fire_special(store, SPECIAL_RELEASE);
}

void domain_set_target(struct store *store, struct domain *domain, uint16_t target)
{
    domain->connection->target = target;
    store_record(
        store, &(struct record){ .type = RECORD_TARGET, .domid = domain->domid, .number = target });
}
