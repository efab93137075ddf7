/* SPDX-License-Identifier: MIT */
/*
 * Actions: destroying, restarting, carrying out orders.
 */
#include "laminad/action.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "config/values.h"
#include "domain/domain.h"
#include "domain/hypervisor.h"
#include "domain/record.h"
#include "laminad/dump.h"
#include "laminad/laminad.h"
#include "laminad/name.h"
#include "laminad/note.h"

enum { DONE = 0, AGAIN = 1 };

/* For a store that is being restarted. */
#define STORE_WAIT_MS 10000

static struct store_client *connect_store(void)
{
    struct store_client *store;
    int rc = store_open(&store, STORE_WAIT_MS);

    if (rc == 0)
        return store;
    daemon_log(LOG_ERR, "the store does not answer: %s", strerror(-rc));
    return NULL;
}

/* --- ends --- */

static int reap(struct store_client *store, unsigned domid)
{
    struct failure failure = { .kind = FAILURE_NONE };

    if (record_find(store, domid) == -ENOENT)
        return DONE;
    int rc = domain_reap(store, domid, &failure);
    if (rc == 0)
        daemon_log(LOG_INFO, "domain %u: cleaned up what it left", domid);
    else if (rc != -ENOENT)
        daemon_log(LOG_ERR, "domain %u: %s", domid, failure.text);
    return rc == 0 || rc == -ENOENT ? DONE : AGAIN;
}

static int destroy(struct store_client *store, unsigned domid)
{
    struct failure failure = { .kind = FAILURE_NONE };
    int rc = domain_destroy(store, domid, &failure);

    if (rc == 0)
        daemon_log(LOG_INFO, "domain %u: destroyed", domid);
    else if (rc != -ENOENT)
        daemon_log(LOG_ERR, "domain %u: %s", domid, failure.text);
    return rc == 0 || rc == -ENOENT ? DONE : AGAIN;
}

/* --- orders --- */

/*
 * The predecessor is the domain of this number only while it has the same uuid: 1, 0, or a negative
 * errno value, as those below.
 */
static int is_there(struct store_client *store, const struct order *order)
{
    uint8_t uuid[16];
    char *text;
    int rc = record_get(store, order->predecessor, "uuid", &text);

    if (rc == 0)
        rc = value_read_uuid(text, uuid) == 0 && memcmp(uuid, order->uuid, sizeof(uuid)) == 0;
    else if (rc == -ENOENT)
        rc = 0;
    free(text);
    return rc;
}

static int start(struct store_client *store, struct domain_config *config, unsigned nr_quick)
{
    struct domain_create_options options = { 0 };
    struct failure failure = { .kind = FAILURE_NONE };
    unsigned domid;
    int rc = domain_create(store, config, &options, &domid, &failure);

    if (rc) {
        daemon_log(LOG_ERR, "%s: cannot be started: %s", config->name, failure.text);
        return failure_may_pass(rc) ? AGAIN : DONE;
    }
    if (nr_quick > 0)
        (void)note_number(store, domid, RECORD_LEAF_QUICK, nr_quick);
    daemon_log(LOG_INFO, "%s: started as domain %u", config->name, domid);
    return DONE;
}

/* Half of a domain, which whoever began it has left: no obstacle, creation takes it away. */
static int is_remains(struct store_client *store, unsigned domid)
{
    int rc = record_has_text(store, domid, "state", RECORD_DYING);

    if (rc)
        return rc;
    rc = record_has_text(store, domid, "state", RECORD_BUILDING);
    if (rc <= 0)
        return rc;
    rc = record_has_builder(store, domid);
    return rc < 0 ? rc : !rc;
}

/* A worker before us may have come that far. */
static int is_started(struct store_client *store, const char *name)
{
    struct failure failure = { .kind = FAILURE_NONE };
    unsigned domid;
    int rc = domain_find(store, name, &domid, &failure);

    if (rc)
        return rc == -ENOENT ? 0 : rc;
    rc = is_remains(store, domid);
    if (rc)
        return rc < 0 ? rc : 0;
    daemon_log(LOG_NOTICE, "%s: there is a domain of that name (%u), so it is not started", name,
               domid);
    return 1;
}

static int carry_out(struct store_client *store, const struct order *order,
                     struct domain_config *config)
{
    int rc = order->has_predecessor ? is_there(store, order) : 0;

    if (rc > 0 && destroy(store, order->predecessor) != DONE)
        return AGAIN;
    if (rc >= 0)
        rc = is_started(store, config->name);
    if (rc == 0)
        return start(store, config, order->nr_quick);
    if (rc < 0)
        daemon_log(LOG_ERR, "%s: cannot tell whether it is to be started: %s", config->name,
                   strerror(-rc));
    return rc < 0 ? AGAIN : DONE;
}

static int read_order(const char *name, struct domain_config *config)
{
    struct config_report *report = calloc(1, sizeof(*report));
    char path[sizeof(LAMINAD_ORDER_DIR) + ORDER_NAME_SIZE + 1];

    snprintf(path, sizeof(path), "%s/%s", LAMINAD_ORDER_DIR, name);
    int rc = report ? domain_config_read(path, config, report) : -ENOMEM;
    if (rc)
        daemon_log(LOG_ERR, "%s: %s", path, strerror(-rc));
    free(report);
    return rc;
}

/* fd has the order locked; it is finished or stays for the next try. */
static int work_on(struct store_client *store, const char *name, int fd)
{
    struct domain_config config = { 0 };
    struct order order;
    int code = DONE, rc = order_parse(name, &order) ? read_order(name, &config) : -EINVAL;

    if (rc == 0)
        code = carry_out(store, &order, &config);
    else if (failure_may_pass(rc))
        code = AGAIN;
    if (code == DONE)
        order_finish(LAMINAD_ORDER_DIR, name, fd);
    domain_config_free(&config);
    return code;
}

int action_order(void *argument)
{
    const char *name = argument;
    int fd = order_lock(LAMINAD_ORDER_DIR, name);

    if (fd == -ENOENT)
        return DONE;
    struct store_client *store = fd < 0 ? NULL : connect_store();
    return store ? work_on(store, name, fd) : AGAIN;
}

/* --- restarts --- */

/* Still the same domain, still down: nobody was faster. */
static bool is_still_down(const struct domain_case *this)
{
    struct xen_domctl_getdomaininfo info;

    return hypervisor_info(this->domid, &info) == 0 && (info.flags & XEN_DOMINF_shutdown) != 0 &&
           (info.flags & XEN_DOMINF_dying) == 0 &&
           memcmp(info.handle, this->uuid, sizeof(this->uuid)) == 0;
}

/* The successor under a new name is another domain, with a uuid of its own. */
static int rename_successor(struct store_client *store, struct domain_config *config)
{
    char *name;
    int rc = name_for_successor(store, config->name, &name);

    if (rc)
        return rc;
    free(config->name);
    config->name = name;
    config->has_uuid = false;
    return 0;
}

static int restart(struct store_client *store, const struct domain_case *this,
                   struct domain_config *config)
{
    struct order order = { true, this->domid, { 0 }, this->nr_quick };
    char name[ORDER_NAME_SIZE];
    int rc = this->verdict == VERDICT_RENAME_RESTART ? rename_successor(store, config) : 0;

    memcpy(order.uuid, this->uuid, sizeof(order.uuid));
    order_name(&order, config->name, name);
    int fd = rc ? rc : order_write(LAMINAD_ORDER_DIR, name, config);
    if (fd == -EEXIST)
        return DONE; /* whoever wrote it, or the next search, carries it out */
    if (fd >= 0)
        return work_on(store, name, fd);
    daemon_log(LOG_ERR, "domain %u (%s): cannot note that it has to be restarted: %s", this->domid,
               config->name, strerror(-fd));
    return AGAIN;
}

static void dump_core(const struct domain_case *this, const char *name)
{
    struct failure failure = { .kind = FAILURE_NONE };
    char *path;

    if (dump_domain(this->domid, name, laminad_settings.dump_dir, &path, &failure) == 0) {
        daemon_log(LOG_NOTICE, "domain %u (%s): its memory is in %s", this->domid, name, path);
        free(path);
    } else {
        daemon_log(LOG_ERR, "domain %u (%s): no core dump: %s", this->domid, name, failure.text);
    }
}

static int end_of_domain(struct store_client *store, const struct domain_case *this)
{
    struct failure failure = { .kind = FAILURE_NONE };
    struct domain_config config = { 0 };
    int code = AGAIN;

    if (domain_current_config(store, this->domid, &config, &failure) != 0) {
        daemon_log(LOG_ERR, "domain %u: %s", this->domid, failure.text);
    } else {
        daemon_log(LOG_INFO, "domain %u (%s): %s", this->domid, config.name,
                   decide_reason_text(this->reason));
        if (this->verdict == VERDICT_COREDUMP_DESTROY || this->verdict == VERDICT_COREDUMP_RESTART)
            dump_core(this, config.name);
        code = this->verdict == VERDICT_COREDUMP_DESTROY ? destroy(store, this->domid)
                                                         : restart(store, this, &config);
    }
    domain_config_free(&config);
    return code;
}

int action_on_domain(void *argument)
{
    const struct domain_case *this = argument;
    struct store_client *store = connect_store();

    if (!store)
        return AGAIN;
    switch (this->verdict) {
    case VERDICT_REAP:
        return reap(store, this->domid);
    case VERDICT_DESTROY:
        return destroy(store, this->domid);
    default:
        return is_still_down(this) ? end_of_domain(store, this) : DONE;
    }
}
