/* SPDX-License-Identifier: MIT */
/*
 * Discovery: each event of the store is a reason to compare all domains with those that are served,
 * so it does not matter what was missed while this daemon, or the store, was away.
 */
#include "consoled/discover.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <syslog.h>

#include "common/daemon.h"
#include "common/failure.h"
#include "config/domain_config.h"
#include "consoled/console.h"
#include "consoled/guest.h"
#include "domain/record.h"

#define PATH_SIZE 96

/* Where our own notes are: in which file, and where in it, a domain's output begins. */
#define MARK_ROOT "/lamina/console"

#define TRIES_MAX 20 /* of a transaction that meets others */

/* A domain waits for us meanwhile, once its ring is full. */
#define REVIEW_AGAIN_MS 1000

static void node_path(unsigned domid, const char *leaf, char path[PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "/local/domain/%u/%s", domid, leaf);
}

static void mark_path(unsigned domid, char path[PATH_SIZE])
{
    snprintf(path, PATH_SIZE, MARK_ROOT "/%u", domid);
}

/* --- log --- */

/* A name becomes part of a file's name: one that cannot be is replaced. */
static bool is_file_name(const char *name)
{
    size_t size = strlen(name);

    for (size_t i = 0; i < size; i++)
        if (name[i] == '/' || iscntrl((unsigned char)name[i]))
            return false;
    return size > 0 && size <= CONFIG_NAME_MAX && name[0] != '.';
}

static void log_path_of(const struct server *server, const struct guest *guest, char path[PATH_MAX])
{
    if (guest->name && is_file_name(guest->name))
        snprintf(path, PATH_MAX, "%s/%s.log", server->log_dir, guest->name);
    else
        snprintf(path, PATH_MAX, "%s/domain-%u.log", server->log_dir, guest->identity.domain);
}

/* The domain's own choice of a log, if it has one: 1, 0, or a negative errno value. */
static int chosen_log(struct server *server, const struct guest *guest, char path[PATH_MAX],
                      bool *appends)
{
    struct domain_config config;
    int rc = record_load_config(server->store, guest->identity.domain, &config);
    bool has_log = rc == 0 && config.has_console && config.console.log;

    if (has_log) {
        snprintf(path, PATH_MAX, "%s", config.console.log);
        *appends = config.console.log_append;
    }
    domain_config_free(&config);
    return failure_may_pass(rc) ? rc : has_log;
}

/* A predecessor's note on this very domain: 1, 0: none, or a negative errno value. */
static int read_mark(struct server *server, const struct guest *guest, struct log_mark *mark)
{
    char path[PATH_SIZE], *text;
    uint64_t frame;

    mark_path(guest->identity.domain, path);
    int rc = store_read(server->store, 0, path, &text, NULL);
    if (rc)
        return rc == -ENOENT ? 0 : rc;
    bool is_ours = sscanf(text, "%" SCNu64 " %" SCNu64 " %" SCNu64, &frame, &mark->inode,
                          &mark->offset) == 3 &&
                   frame == guest->identity.frame;
    free(text);
    return is_ours;
}

static void write_mark(struct server *server, const struct guest *guest)
{
    struct log_mark mark = log_mark(&guest->log);
    char path[PATH_SIZE];

    mark_path(guest->identity.domain, path);
    int rc = store_printf(server->store, 0, path, "%" PRIu64 " %" PRIu64 " %" PRIu64,
                          guest->identity.frame, mark.inode, mark.offset);
    if (rc)
        daemon_log(LOG_WARNING, "%s: %s", path, strerror(-rc));
}

/* What it has said to a predecessor of ours is part of the history. */
static int restore_history(struct guest *guest, struct log_mark since)
{
    uint8_t *data = malloc(CONSOLE_BACKLOG);

    if (!data)
        return -ENOMEM;
    history_append(&guest->history, data, log_tail(&guest->log, since, data, CONSOLE_BACKLOG));
    free(data);
    return 0;
}

/*
 * An error only for what may pass: nothing was written then. A domain without a log for good, which
 * the system's own log tells of, is served all the same.
 */
static int begin_log(struct server *server, struct guest *guest)
{
    struct log_mark since = { 0, 0 };
    char path[PATH_MAX];
    bool appends = true;
    int is_known = read_mark(server, guest, &since);
    int is_chosen = is_known < 0 ? is_known : chosen_log(server, guest, path, &appends);

    if (is_chosen < 0)
        return is_chosen;
    guest->has_own_log = is_chosen;
    if (!is_chosen)
        log_path_of(server, guest, path);
    int rc = log_open(&guest->log, &server->limits, path, !is_known && !appends);
    if (failure_may_pass(rc))
        return rc;
    if (is_known)
        return restore_history(guest, since);
    write_mark(server, guest);
    return 0;
}

/* --- domains --- */

static int read_identity(struct store_client *store, store_tx_t tx, unsigned domid,
                         struct guest_identity *identity)
{
    char path[PATH_SIZE];
    uint64_t port = 0;

    identity->domain = (domid_t)domid;
    node_path(domid, "console/ring-ref", path);
    int rc = store_read_u64(store, tx, path, &identity->frame);
    node_path(domid, "console/port", path);
    if (rc == 0)
        rc = store_read_u64(store, tx, path, &port);
    identity->port = (evtchn_port_t)port;
    return rc == 0 && port != identity->port ? -EINVAL : rc;
}

/* *name, to be freed, is NULL when it has none. */
static int read_name(struct server *server, unsigned domid, char **name)
{
    char path[PATH_SIZE];

    node_path(domid, "name", path);
    int rc = store_read(server->store, 0, path, name, NULL);
    return rc == -ENOENT ? 0 : rc;
}

static int write_terminal(struct store_client *store, store_tx_t tx, const struct guest *guest)
{
    struct guest_identity now;
    char path[PATH_SIZE];
    int rc = read_identity(store, tx, guest->identity.domain, &now);

    node_path(guest->identity.domain, "console/tty", path);
    if (rc == 0 && now.frame != guest->identity.frame)
        rc = -ENOENT;
    return rc ? rc : store_write(store, tx, path, guest->tty);
}

/* A store that is back fires all watches, and that is a review anyway. */
static void look_again(struct server *server, int rc)
{
    if (failure_may_pass(rc) && rc != -ENOTCONN)
        retry_later(&server->retry);
}

/* In a transaction, for the nodes may go at any time and must not come again by ours. */
static void tell_terminal(struct server *server, struct guest *guest)
{
    int rc = -EAGAIN;

    for (int i = 0; i < TRIES_MAX && rc == -EAGAIN; i++) {
        store_tx_t tx;
        rc = store_begin(server->store, &tx);
        if (rc)
            break;
        rc = write_terminal(server->store, tx, guest);
        int end = store_end(server->store, tx, rc == 0);
        rc = rc ? rc : end;
    }
    if (rc && rc != -ENOENT)
        daemon_log(LOG_WARNING, "domain %u: console/tty: %s", guest->identity.domain,
                   strerror(-rc));
    guest->is_told = !failure_may_pass(rc);
    look_again(server, rc);
}

static void try_attach(struct server *server, struct guest *guest)
{
    int rc = guest_attach(guest);

    if (rc == 0)
        tell_terminal(server, guest);
    else if (!guest->is_refused)
        daemon_log(LOG_ERR, "domain %u: cannot serve its console: %s%s", guest->identity.domain,
                   strerror(-rc), rc == -EINVAL ? "; does another console daemon run?" : "");
    guest->is_refused = rc != 0;
    look_again(server, rc);
}

/* Known and with its log, or neither: 0, or a negative errno value. */
static int meet(struct server *server, const struct guest_identity *identity)
{
    char *name;
    int rc = read_name(server, identity->domain, &name);

    if (rc)
        return rc;
    struct guest *guest = guest_new(server, identity, name);
    rc = guest ? begin_log(server, guest) : -ENOMEM;
    if (rc && guest)
        guest_free(guest);
    if (rc == 0)
        try_attach(server, guest);
    return rc;
}

static void consider(struct server *server, unsigned domid)
{
    struct guest_identity identity = { 0 };

    if (guest_find(server, (domid_t)domid))
        return;
    int rc = read_identity(server->store, 0, domid, &identity);
    if (rc == -ENOENT || rc == -EINVAL)
        return; /* its console is not there yet, and may never be */
    if (rc == 0)
        rc = channel_domain_lives(identity.domain, identity.handle);
    if (rc > 0)
        rc = meet(server, &identity);
    if (rc)
        daemon_log(LOG_ERR, "domain %u: cannot look at its console: %s", domid, strerror(-rc));
    look_again(server, rc);
}

/* A domain that nobody can tell about stays. */
static bool is_gone(struct server *server, const struct guest *guest)
{
    uint8_t handle[16];
    int rc = channel_domain_lives(guest->identity.domain, handle);

    look_again(server, rc);
    return rc == 0 ||
           (rc > 0 && memcmp(handle, guest->identity.handle, sizeof(handle)) != 0);
}

/* A renamed domain's output goes on in the file of its new name. */
static void follow_name(struct server *server, struct guest *guest)
{
    char path[PATH_MAX], *name;

    look_again(server, read_name(server, guest->identity.domain, &name));
    if (!name || (guest->name && strcmp(name, guest->name) == 0)) {
        free(name);
        return;
    }
    free(guest->name);
    guest->name = name;
    if (guest->has_own_log)
        return;
    log_close(&guest->log);
    log_path_of(server, guest, path);
    look_again(server, log_open(&guest->log, &server->limits, path, false));
}

static void remove_mark(struct server *server, unsigned domid)
{
    char path[PATH_SIZE];

    mark_path(domid, path);
    (void)store_rm(server->store, 0, path);
}

/* What could not be had before is asked for again. */
static void review_one(struct server *server, struct guest *guest)
{
    if (failure_may_pass(guest->log.fd))
        look_again(server, log_reopen(&guest->log));
    follow_name(server, guest);
    if (!guest->channel.page)
        try_attach(server, guest);
    else if (!guest->is_told)
        tell_terminal(server, guest);
}

static void review_known(struct server *server)
{
    for (struct guest *guest = server->guests, *next; guest; guest = next) {
        unsigned domid = guest->identity.domain;
        next = guest->next;
        if (is_gone(server, guest)) {
            guest_free(guest);
            remove_mark(server, domid);
        } else {
            review_one(server, guest);
        }
    }
}

/* The numbers below a node, each handed on. */
static int for_each_number(struct server *server, const char *path,
                           void (*visit)(struct server *server, unsigned domid))
{
    char **names, *end;
    size_t nr;
    int rc = store_list(server->store, 0, path, &names, &nr);

    if (rc)
        return rc;
    for (size_t i = 0; i < nr; i++) {
        unsigned long domid = strtoul(names[i], &end, 10);
        if (isdigit((unsigned char)names[i][0]) && *end == '\0' && domid > 0 &&
            domid < DOMID_FIRST_RESERVED)
            visit(server, (unsigned)domid);
    }
    free(names);
    return 0;
}

static void forget_stale(struct server *server, unsigned domid)
{
    if (!guest_find(server, (domid_t)domid))
        remove_mark(server, domid);
}

/* A store that is away fires all watches when it is back: then there is another review. */
static void review(struct server *server)
{
    review_known(server);
    int rc = for_each_number(server, "/local/domain", consider);
    if (rc && rc != -ENOENT && rc != -ENOTCONN)
        daemon_log(LOG_ERR, "cannot list domains: %s", strerror(-rc));
    look_again(server, rc);
}

static void follow_descriptor(struct server *server)
{
    int fd = store_fd(server->store);

    if (fd == server->store_source.fd)
        return;
    loop_remove(server->loop, &server->store_source);
    server->store_source.fd = fd;
    int rc = loop_add(server->loop, &server->store_source, EPOLLIN);
    if (rc == 0)
        return;
    daemon_log(LOG_ERR, "the store: %s", strerror(-rc));
    server->store_source.fd = -1;
    look_again(server, rc);
}

static void review_again(void *context)
{
    review(context);
    follow_descriptor(context);
}

static void store_ready(struct loop_source *source, uint32_t events)
{
    struct server *server =
        (struct server *)((char *)source - offsetof(struct server, store_source));
    struct store_event event;
    bool has_news = false;

    (void)events;
    while (store_next_event(server->store, &event) == 1) {
        store_event_free(&event);
        has_news = true;
    }
    if (has_news)
        review(server);
    follow_descriptor(server);
}

int discover_start(struct server *server)
{
    int rc = store_open(&server->store, 0);

    if (rc)
        return rc;
    rc = retry_open(&server->retry, server->loop, REVIEW_AGAIN_MS, review_again, server);
    if (rc)
        return rc;
    server->store_source = (struct loop_source){ store_fd(server->store), store_ready };
    rc = store_watch(server->store, "@introduceDomain", "introduce");
    if (rc == 0)
        rc = store_watch(server->store, "@releaseDomain", "release");
    if (rc)
        return rc;
    review(server);
    (void)for_each_number(server, MARK_ROOT, forget_stale);
    follow_descriptor(server);
    return loop_add(server->loop, &server->store_source, EPOLLIN);
}

void discover_stop(struct server *server)
{
    retry_close(&server->retry);
    store_close(server->store);
    server->store = NULL;
}
