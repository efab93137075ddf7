/* SPDX-License-Identifier: MIT */
/*
 * Probe: looks without changing anything. A probe that cannot look says so and is no success.
 */
#include "lamina/probe.h"

#include <errno.h>
#include <inttypes.h>
#include <lamina/host.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/builder.h"
#include "common/daemon.h"
#include "device/device.h"
#include "domain/domain.h"
#include "domain/record.h"
#include "lamina/describe.h"
#include "lamina/machine.h"

#define MEMORY_LOW_MIB 32u /* hardly a domain starts with less */

static void found(struct finding *finding, enum finding_kind kind, const char *cure,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

static void found(struct finding *finding, enum finding_kind kind, const char *cure,
                  const char *format, ...)
{
    va_list arguments;

    finding->kind = kind;
    snprintf(finding->cure, sizeof(finding->cure), "%s", cure);
    va_start(arguments, format);
    vsnprintf(finding->detail, sizeof(finding->detail), format, arguments);
    va_end(arguments);
}

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

/* A daemon is the supervisor's business where there is one. */
static const char *start_command(const char *name)
{
    static char command[80];
    bool systemd = is_there("/run/systemd/system");

    snprintf(command, sizeof(command), "%s%s", systemd ? "systemctl start " : "", name);
    return command;
}

static void look_hypervisor(struct probing *probing, struct finding *finding)
{
    struct machine_version version;
    struct failure failure = { .kind = FAILURE_NONE };
    int rc = host_open();

    probing->has_host = rc == 0;
    if (rc == -EACCES || rc == -EPERM)
        found(finding, FINDING_MISSING, "sudo lamina check", "only root may ask");
    else if (rc != 0 && is_there("/sys/hypervisor/type"))
        found(finding, FINDING_MISSING, "modprobe xen-privcmd", "there, but its device is missing");
    else if (rc != 0)
        found(finding, FINDING_MISSING, "reboot", "this kernel runs on none; boot Lamina first");
    else if (machine_read_version(&version, &failure) != 0)
        found(finding, FINDING_MISSING, "dmesg", "%s", failure.text);
    else
        found(finding, FINDING_OK, "", "version %u.%u%s", version.major, version.minor,
              version.extra);
}

static void look_privileges(struct probing *probing, struct finding *finding)
{
    struct xen_sysctl_physinfo machine;
    struct failure failure = { .kind = FAILURE_NONE };
    uint32_t scheduler;

    if (!probing->has_host)
        found(finding, FINDING_MISSING, "", "not known without a hypervisor");
    else if (machine_read_physical(&machine, &scheduler, &failure) == 0)
        found(finding, FINDING_OK, "", "this is the control domain");
    else
        found(finding, FINDING_MISSING, "", "this domain may not make others: %s", failure.text);
}

/* The first of the paths that is not there; NULL: all are. */
static const char *first_absent(const char *const *paths)
{
    while (*paths && is_there(*paths))
        paths++;
    return *paths;
}

static void look_devices(struct probing *probing, struct finding *finding)
{
    static const char *const paths[] = { "/dev/xen/privcmd", "/dev/xen/evtchn", "/dev/xen/gntdev",
                                         "/dev/xen/xenbus", NULL };
    const char *absent = first_absent(paths);

    (void)probing;
    if (absent)
        found(finding, FINDING_MISSING, "modprobe -a xen-privcmd xen-evtchn xen-gntdev",
              "%s is missing", absent);
    else
        found(finding, FINDING_OK, "", "privcmd, evtchn, gntdev, xenbus in /dev/xen");
}

static void look_modules(struct probing *probing, struct finding *finding)
{
    static const char *const paths[] = { "/sys/bus/xen-backend/drivers/vbd",
                                         "/sys/bus/xen-backend/drivers/vif", "/dev/loop-control",
                                         "/sys/module/bridge", NULL };
    static const char *const names[] = { "xen-blkback", "xen-netback", "loop", "bridge" };
    char absent[80] = "", cure[100];
    size_t length = 0;

    (void)probing;
    for (size_t i = 0; paths[i]; i++) {
        if (!is_there(paths[i]))
            length += (size_t)snprintf(absent + length, sizeof(absent) - length, " %s", names[i]);
    }
    snprintf(cure, sizeof(cure), "modprobe -a%s", absent);
    if (length > 0)
        found(finding, FINDING_MISSING, cure, "not loaded:%s", absent);
    else
        found(finding, FINDING_OK, "", "xen-blkback, xen-netback, loop and bridge are loaded");
}

static void look_store(struct probing *probing, struct finding *finding)
{
    char *value;
    size_t size;
    int rc = store_open(&probing->store, 0);

    if (rc == 0) {
        rc = store_read(probing->store, 0, "/", &value, &size);
        if (rc == 0) {
            free(value);
            found(finding, FINDING_OK, "", "answers at " STORE_SOCKET);
            return;
        }
        store_close(probing->store);
    }
    probing->store = NULL;
    found(finding, FINDING_MISSING, start_command("lamina-stored"), "does not answer: %s",
          strerror(-rc));
}

static void look_daemon(struct finding *finding, const char *name, const char *what)
{
    if (daemon_runs(name))
        found(finding, FINDING_OK, "", "runs");
    else
        found(finding, FINDING_MISSING, start_command(name), "does not run: %s", what);
}

static void look_consoled(struct probing *probing, struct finding *finding)
{
    (void)probing;
    look_daemon(finding, "lamina-consoled", "no consoles, no logs of them");
}

static void look_laminad(struct probing *probing, struct finding *finding)
{
    (void)probing;
    look_daemon(finding, "laminad", "nobody acts when domains end");
}

static void look_bridge(struct probing *probing, struct finding *finding)
{
    (void)probing;
    if (is_there("/sys/class/net/" DEVICE_DEFAULT_BRIDGE "/bridge"))
        found(finding, FINDING_OK, "", DEVICE_DEFAULT_BRIDGE " is there");
    else if (is_there("/sys/class/net/" DEVICE_DEFAULT_BRIDGE))
        found(finding, FINDING_MISSING, "ip link delete " DEVICE_DEFAULT_BRIDGE,
              DEVICE_DEFAULT_BRIDGE " is there, but is no bridge");
    else
        found(finding, FINDING_NOTE, "",
              DEVICE_DEFAULT_BRIDGE " is made when the first domain needs it");
}

/* All that domains can still have is what dom0 gives up: half of the machine is a beginning. */
static void look_memory(struct probing *probing, struct finding *finding)
{
    struct xen_sysctl_physinfo machine;
    struct failure failure = { .kind = FAILURE_NONE };
    uint32_t scheduler;
    char cure[48];

    if (!probing->has_host || machine_read_physical(&machine, &scheduler, &failure) != 0) {
        found(finding, FINDING_MISSING, "", "not known without a hypervisor");
        return;
    }
    uint64_t mib = describe_kib(machine.free_pages) / 1024;
    uint64_t all = describe_kib(machine.total_pages) / 1024;
    bool low = mib < MEMORY_LOW_MIB;
    snprintf(cure, sizeof(cure), "lamina set-memory 0 %" PRIu64 "MiB", all / 2);
    found(finding, low ? FINDING_MISSING : FINDING_OK, low ? cure : "",
          "%" PRIu64 " MiB of %" PRIu64 " are free for domains", mib, all);
}

/* The builder makes the folder when it is not there. */
static void look_cache(struct probing *probing, struct finding *finding)
{
    (void)probing;
    if (access(BUILDER_CACHE, R_OK | W_OK | X_OK) == 0)
        found(finding, FINDING_OK, "", BUILDER_CACHE " can be written");
    else if (errno == ENOENT)
        found(finding, FINDING_NOTE, "", BUILDER_CACHE " is made with the first domain");
    else
        found(finding, FINDING_MISSING, "mkdir -p " BUILDER_CACHE, BUILDER_CACHE ": %s",
              strerror(errno));
}

static bool has_state(const struct domain_entry *entry, const char *state)
{
    return entry->state && strcmp(entry->state, state) == 0;
}

/* What is neither alive nor going to be; laminad would have taken it away. */
static bool is_stale(struct store_client *store, const struct domain_entry *entry)
{
    return entry->info.flags & XEN_DOMINF_dying || has_state(entry, RECORD_DYING) ||
           (has_state(entry, RECORD_BUILDING) &&
            record_has_builder(store, entry->info.domain) == 0);
}

static bool is_listed(const struct domain_entry *list, size_t nr, unsigned domid)
{
    while (nr > 0 && list[nr - 1].info.domain != domid)
        nr--;
    return nr > 0;
}

struct stale {
    unsigned nr;
    unsigned domid; /* one of them */
};

/* Domains without a future, and records without a domain that nobody is about to make. */
static int count_stale(struct store_client *store, const struct domain_entry *list, size_t nr,
                       struct stale *stale)
{
    unsigned *domids;
    size_t nr_records;
    int rc = record_list(store, &domids, &nr_records);

    if (rc != 0)
        return rc;
    *stale = (struct stale){ .nr = 0 };
    for (size_t i = 0; i < nr; i++) {
        if (is_stale(store, &list[i]) && stale->nr++ == 0)
            stale->domid = list[i].info.domain;
    }
    for (size_t i = 0; i < nr_records; i++) {
        if (!is_listed(list, nr, domids[i]) && record_has_builder(store, domids[i]) == 0 &&
            stale->nr++ == 0)
            stale->domid = domids[i];
    }
    free(domids);
    return 0;
}

static void look_domains(struct probing *probing, struct finding *finding)
{
    struct failure failure = { .kind = FAILURE_NONE };
    struct domain_entry *list;
    struct stale stale;
    size_t nr;
    char cure[40];

    if (!probing->has_host || !probing->store) {
        found(finding, FINDING_MISSING, "", "not known without hypervisor and store");
        return;
    }
    if (domains_list(probing->store, &list, &nr, &failure) != 0) {
        found(finding, FINDING_MISSING, "", "%s", failure.text);
        return;
    }
    int rc = count_stale(probing->store, list, nr, &stale);
    domains_free(list, nr);
    if (rc != 0) {
        found(finding, FINDING_MISSING, "", "cannot read their records: %s", strerror(-rc));
        return;
    }
    snprintf(cure, sizeof(cure), "lamina destroy %u", stale.domid);
    if (stale.nr > 0)
        found(finding, FINDING_MISSING, cure, "%u half built or half gone", stale.nr);
    else
        found(finding, FINDING_OK, "", "%zu with this one", nr);
}

const struct probe probes[] = {
    { "hypervisor", look_hypervisor }, { "privileges", look_privileges },
    { "devices", look_devices },       { "modules", look_modules },
    { "lamina-stored", look_store },   { "lamina-consoled", look_consoled },
    { "laminad", look_laminad },       { "bridge", look_bridge },
    { "memory", look_memory },         { "kernel cache", look_cache },
    { "domains", look_domains },       { .name = NULL },
};
