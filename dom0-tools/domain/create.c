/* SPDX-License-Identifier: MIT */
/*
 * Creation: one step a function, in the order of the table at the end. A step that fails, or a
 * signal between two steps, has the domain taken apart (take_apart.h), which undoes every step and
 * minds none that was not reached. A creator that is killed leaves the record, which the first step
 * that matters writes, and by which anybody can take the rest apart.
 *
 * Names, uuids and disks are compared with those in use under the creation lock, which is held
 * until the record has been written. From then on the domain's own lock is held.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "builder/builder.h"
#include "device/device.h"
#include "domain/domain.h"
#include "domain/hypervisor.h"
#include "domain/lock.h"
#include "domain/memory.h"
#include "domain/name.h"
#include "domain/nodes.h"
#include "domain/record.h"
#include "domain/schedule.h"
#include "domain/take_apart.h"
#include "domain/uuid.h"

struct creation {
    struct store_client *store;
    struct domain_config *config;
    const struct domain_create_options *options;
    struct failure *failure;
    const char *kernel;
    unsigned domid;
    int creation_lock, domain_lock;
    bool recorded; /* there is something to take apart */
    evtchn_port_t store_port, console_port;
    struct build_result built;
};

static int fail(struct creation *creation, int rc, const char *what)
{
    return failure_set(creation->failure, FAILURE_OPERATION, rc, "%s", what);
}

/* ---- what can be refused before anything exists ---- */

static int check_image(struct creation *creation)
{
    const struct domain_config *config = creation->config;

    return build_check(creation->kernel, config->initrd, config->current_memory_kib,
                       creation->failure);
}

static int check_memory(struct creation *creation)
{
    uint64_t needed = creation->config->current_memory_kib + MEMORY_OVERHEAD_KIB, free_kib;
    int rc = hypervisor_free_kib(&free_kib);

    if (rc != 0)
        return fail(creation, rc, "cannot ask the hypervisor for free memory");
    if (needed <= free_kib)
        return 0;
    return failure_set(creation->failure, FAILURE_OPERATION, -ENOMEM,
                       "too little memory: the domain needs %" PRIu64 " MiB, and %" PRIu64
                       " MiB are free",
                       (needed + 1023) / 1024, free_kib / 1024);
}

static int check_names(struct creation *creation)
{
    const struct domain_config *config = creation->config;

    creation->creation_lock = lock_creation();
    if (creation->creation_lock < 0)
        return fail(creation, creation->creation_lock, "cannot take the lock of creations");
    return name_check_free(creation->store, config->name, config->uuid, NAME_EXCEPT_NONE,
                           creation->failure);
}

static int check_devices(struct creation *creation)
{
    const struct domain_config *config = creation->config;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < config->nr_disks; i++)
        rc = disk_check(creation->store, &config->disks[i], creation->failure);
    for (size_t i = 0; rc == 0 && i < config->nr_interfaces; i++)
        rc = interface_check(&config->interfaces[i], creation->failure);
    return rc;
}

/* ---- what makes the domain ---- */

/* Numbers go up, so that nobody meets a new domain where he left an old one; -1: all are taken. */
static int choose_number(struct store_client *store)
{
    struct xen_domctl_getdomaininfo info;
    uint64_t last;

    if (store_read_u64(store, 0, RECORD_LAST, &last) != 0 || last >= DOMAINS_MAX)
        last = 0;
    for (unsigned i = 0; i < DOMAINS_MAX; i++) {
        unsigned domid = (unsigned)((last + i) % (DOMAINS_MAX - 1)) + 1;

        if (hypervisor_info(domid, &info) != -ESRCH)
            continue;
        int rc = record_find(store, domid);
        if (rc)
            return rc == -ENOENT ? (int)domid : rc;
    }
    return -ENOSPC;
}

/* The record comes first: a lock's file would tell nobody whose it is. */
static int record(struct creation *creation)
{
    int number = choose_number(creation->store);

    if (number < 0)
        return fail(creation, number, "no number for a new domain");
    creation->domid = (unsigned)number;
    int rc = record_begin(creation->store, creation->domid, creation->config);
    /* A part of it may have been written; what was there before is somebody else's. */
    creation->recorded = rc != -EEXIST;
    if (rc != 0)
        return fail(creation, rc, "cannot write the domain's record");
    creation->domain_lock = lock_domain(creation->domid);
    lock_release(creation->creation_lock);
    creation->creation_lock = -1;
    if (creation->domain_lock < 0)
        return fail(creation, creation->domain_lock, "cannot lock the new domain");
    rc = record_find(creation->store, creation->domid);
    if (rc == -ENOENT)
        return fail(creation, -ECANCELED, "somebody destroyed the domain already");
    return rc == 0 ? 0 : fail(creation, rc, "cannot read the domain's record");
}

static int create(struct creation *creation)
{
    const struct domain_config *config = creation->config;
    unsigned domid = creation->domid;
    int rc = hypervisor_create(domid, config->uuid, config->nr_vcpus_max);

    if (rc == -EEXIST)
        return failure_set(creation->failure, FAILURE_OPERATION, rc,
                           "another tool took number %u at the same time: try again", domid);
    if (rc != 0)
        return fail(creation, rc, "the hypervisor refuses a new domain");
    rc = hypervisor_set_nr_vcpus(domid, config->nr_vcpus_max);
    if (rc != 0)
        return fail(creation, rc, "the hypervisor refuses that many vCPUs");
    rc = hypervisor_set_memory_max(domid, config->current_memory_kib + MEMORY_SLACK_KIB);
    return rc == 0 ? 0 : fail(creation, rc, "cannot set the domain's memory limit");
}

/* Seconds that the domain's wall clock is ahead of UTC. */
static int64_t clock_ahead(const struct domain_clock *clock)
{
    time_t now = time(NULL);
    struct tm local;

    if (clock->offset == CLOCK_VARIABLE)
        return clock->adjustment_s;
    return clock->offset == CLOCK_LOCALTIME && localtime_r(&now, &local) ? local.tm_gmtoff : 0;
}

static int schedule(struct creation *creation)
{
    int64_t ahead = clock_ahead(&creation->config->clock);
    int rc = ahead ? hypervisor_set_time_offset(creation->domid, ahead) : 0;

    if (rc != 0)
        return fail(creation, rc, "cannot set the domain's clock");
    return schedule_apply(creation->domid, creation->config, creation->failure);
}

static int open_ports(struct creation *creation)
{
    int rc = hypervisor_alloc_port(creation->domid, &creation->store_port);

    if (rc == 0)
        rc = hypervisor_alloc_port(creation->domid, &creation->console_port);
    return rc == 0 ? 0 : fail(creation, rc, "cannot open the domain's event channels");
}

static int build(struct creation *creation)
{
    const struct domain_config *config = creation->config;
    struct build_request request = {
        .domain = (domid_t)creation->domid,
        .kernel = creation->kernel,
        .initrd = config->initrd,
        .cmdline = config->cmdline,
        .memory_kib = config->current_memory_kib,
        .memory_max_kib = config->memory_kib,
        .nr_vcpus = config->nr_vcpus_max,
        .store_port = creation->store_port,
        .console_port = creation->console_port,
    };

    return build_domain(&request, &creation->built, creation->failure);
}

static int introduce(struct creation *creation)
{
    struct domain_nodes nodes = {
        .config = creation->config,
        .kernel = creation->kernel,
        .store_port = creation->store_port,
        .console_port = creation->console_port,
        .store_mfn = creation->built.store_mfn,
        .console_mfn = creation->built.console_mfn,
    };
    int rc = nodes_write(creation->store, creation->domid, &nodes);

    if (rc != 0)
        return fail(creation, rc, "cannot write the domain into the store");
    rc = store_introduce(creation->store, creation->domid, nodes.store_mfn, nodes.store_port);
    return rc == 0 ? 0 : fail(creation, rc, "the store does not take the domain");
}

static int attach_devices(struct creation *creation)
{
    const struct domain_config *config = creation->config;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < config->nr_disks; i++)
        rc = disk_attach(creation->store, creation->domid, &config->disks[i], creation->failure);
    for (size_t i = 0; rc == 0 && i < config->nr_interfaces; i++)
        rc = interface_attach(creation->store, creation->domid, (unsigned)i,
                              &config->interfaces[i], creation->failure);
    return rc;
}

/* The record is finished last: until then the domain ends with its creator. */
static int start(struct creation *creation)
{
    int rc = creation->options->paused ? 0 : hypervisor_unpause(creation->domid);

    if (rc != 0)
        return fail(creation, rc, "cannot start the domain");
    rc = record_finish(creation->store, creation->domid);
    return rc == 0 ? 0 : fail(creation, rc, "cannot finish the domain's record");
}

struct step {
    const char *what; /* for people who wait */
    int (*run)(struct creation *creation);
};

static const struct step checks[] = {
    { "checking the kernel", check_image },
    { "checking memory", check_memory },
    { "checking the name", check_names },
    { "checking devices", check_devices },
    { NULL, NULL },
};

static const struct step steps[] = {
    { "choosing a number", record },
    { "creating the domain", create },
    { "setting its schedule", schedule },
    { "opening its channels", open_ports },
    { "loading the kernel", build },
    { "telling the store", introduce },
    { "attaching devices", attach_devices },
    { "starting", start },
    { NULL, NULL },
};

/* A signal also ends waits, but which of them does not matter to anybody. */
static int cancel(struct creation *creation)
{
    *creation->failure = (struct failure){ .kind = FAILURE_NONE };
    return failure_set(creation->failure, FAILURE_OPERATION, -EINTR,
                       "interrupted: nothing is left of the domain");
}

static int run(struct creation *creation, const struct step *step)
{
    const struct domain_create_options *options = creation->options;
    int rc = 0;

    for (; rc == 0 && step->run; step++) {
        if (options->cancelled && *options->cancelled)
            return cancel(creation);
        if (options->progress)
            options->progress(options->context, step->what);
        rc = step->run(creation);
    }
    return rc != 0 && options->cancelled && *options->cancelled ? cancel(creation) : rc;
}

/* What went wrong with the clean-up follows the reason why there had to be one. */
static void undo(struct creation *creation)
{
    struct failure second = { .kind = FAILURE_NONE };
    struct failure *first = creation->failure;
    size_t length = strlen(first->text);

    if (creation->domain_lock < 0)
        creation->domain_lock = lock_domain(creation->domid);
    if (domain_take_apart(creation->store, creation->domid, &second) != 0)
        snprintf(first->text + length, sizeof(first->text) - length,
                 "; and domain %u is not gone yet: %s", creation->domid, second.text);
}

int domain_create(struct store_client *store, struct domain_config *config,
                  const struct domain_create_options *options, unsigned *domid,
                  struct failure *failure)
{
    struct creation creation = {
        .store = store,
        .config = config,
        .options = options,
        .failure = failure,
        .kernel = config->has_bootloader ? BUILDER_PVGRUB : config->kernel,
        .creation_lock = -1,
        .domain_lock = -1,
    };
    int rc = config_fill_in(config);

    if (rc != 0)
        return fail(&creation, rc, "cannot make a uuid");
    rc = run(&creation, checks);
    if (rc == 0 && !options->dry_run)
        rc = run(&creation, steps);
    if (rc != 0 && creation.recorded)
        undo(&creation);
    lock_release(creation.creation_lock);
    lock_release(creation.domain_lock);
    *domid = creation.domid;
    return rc;
}
