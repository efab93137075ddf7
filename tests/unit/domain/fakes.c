/* SPDX-License-Identifier: MIT */
/*
 * Fakes: arrays in shared memory. A transaction is a copy of the nodes that takes their place.
 */
#include "fakes.h"

#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/builder.h"
#include "common/daemon.h"
#include "device/device.h"
#include "domain/hypervisor.h"
#include "../../../hypervisor/lib/limits.h" /* defines DOMAINS_MAX too: an error if it differs */
#include "domain/wait.h"
#include "store/client.h"

#define NODES_MAX   256
#define DOMAINS     DOMAINS_MAX
#define TEXT_SIZE   (128 << 10)
#define FREE_KIB    (1u << 20)
#define TOTAL_KIB   (2u << 20)
#define PAGE_KIB    4u
#define FAILURE_RC  (-EIO)

struct nodes {
    size_t nr;
    struct {
        char path[128], value[512];
    } list[NODES_MAX];
};

static struct state {
    struct nodes nodes, changed; /* by the open transaction */
    bool in_transaction;
    struct fake_domain domains[DOMAINS];
    enum fake_mode mode;
    unsigned call, target;
    bool injected;
    int tell;
} *state;

static char text[TEXT_SIZE];

/* ---- injection ---- */

static int step(void)
{
    if (++state->call != state->target)
        return 0;
    state->injected = true;
    if (state->mode == FAKE_DIE)
        _exit(0);
    if (state->mode == FAKE_HANG && write(state->tell, "", 1) == 1)
        for (;;)
            pause();
    return state->mode == FAKE_FAIL ? FAILURE_RC : 0;
}

void fakes_inject(enum fake_mode mode, unsigned call)
{
    state->mode = mode;
    state->target = call;
    state->call = 0;
    state->injected = false;
    /* It ends with the connection of whoever died. */
    state->in_transaction = false;
}

void fakes_tell(int fd)
{
    state->tell = fd;
}

bool fakes_injected(void)
{
    return state->injected;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    return walk->level == 0 ? 0 : remove(path);
}

void fakes_reset(void)
{
    if (!state)
        state = mmap(NULL, sizeof(*state), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                     0);
    memset(state, 0, sizeof(*state));
    mkdir(DAEMON_RUN_DIR, 0755);
    nftw(DAEMON_RUN_DIR, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    fake_node_set("/lamina/domain", "");
    fake_node_set("/lamina/last-domain", "0");
}

static char *end_of_text;

static int list_file(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)walk;
    /* The lock of creations stays. */
    if (kind == FTW_F && !strstr(path, "create.lock"))
        end_of_text += sprintf(end_of_text, "file %s\n", path);
    return 0;
}

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

const char *fakes_snapshot(void)
{
    end_of_text = text;
    text[0] = '\0';
    qsort(state->nodes.list, state->nodes.nr, sizeof(state->nodes.list[0]), compare);
    for (size_t i = 0; i < state->nodes.nr; i++) {
        if (strcmp(state->nodes.list[i].path, "/lamina/last-domain") != 0)
            end_of_text += sprintf(end_of_text, "node %s = %s\n", state->nodes.list[i].path,
                                   state->nodes.list[i].value);
    }
    for (unsigned i = 1; i < DOMAINS; i++) {
        const struct fake_domain *d = &state->domains[i];

        if (d->used || d->introduced || d->nr_devices)
            end_of_text += sprintf(end_of_text, "domain %u: %d devices %u\n", i, d->introduced,
                                   d->nr_devices);
    }
    nftw(DAEMON_RUN_DIR, list_file, 8, FTW_PHYS);
    return text;
}

/* ---- store ---- */

static struct nodes *view(store_tx_t tx)
{
    return tx ? &state->changed : &state->nodes;
}

static size_t find(const struct nodes *nodes, const char *path)
{
    size_t i = 0;

    while (i < nodes->nr && strcmp(nodes->list[i].path, path) != 0)
        i++;
    return i;
}

static void set(struct nodes *nodes, const char *path, const char *value)
{
    size_t i = find(nodes, path);

    if (i == nodes->nr) {
        if (nodes->nr == NODES_MAX)
            abort();
        snprintf(nodes->list[nodes->nr++].path, sizeof(nodes->list[0].path), "%s", path);
    }
    snprintf(nodes->list[i].value, sizeof(nodes->list[0].value), "%s", value);
}

const char *fake_node(const char *path)
{
    size_t i = find(&state->nodes, path);

    return i < state->nodes.nr ? state->nodes.list[i].value : NULL;
}

void fake_node_set(const char *path, const char *value)
{
    set(&state->nodes, path, value);
}

int store_open(struct store_client **client, int wait_ms)
{
    (void)wait_ms;
    *client = (struct store_client *)state;
    return 0;
}

void store_close(struct store_client *client)
{
    (void)client;
}

/* Never ready. */
int store_fd(const struct store_client *client)
{
    static int fd = -1;

    (void)client;
    if (fd < 0)
        fd = eventfd(0, EFD_CLOEXEC);
    return fd;
}

int store_next_event(struct store_client *client, struct store_event *event)
{
    (void)client;
    (void)event;
    return 0;
}

void store_event_free(struct store_event *event)
{
    (void)event;
}

int store_watch(struct store_client *client, const char *path, const char *token)
{
    (void)client;
    (void)path;
    (void)token;
    return 0;
}

int store_read(struct store_client *client, store_tx_t tx, const char *path, char **value,
               size_t *size)
{
    const struct nodes *nodes = view(tx);
    size_t i = find(nodes, path);

    (void)client;
    *value = NULL;
    if (i == nodes->nr)
        return -ENOENT;
    *value = strdup(nodes->list[i].value);
    if (!*value)
        return -ENOMEM;
    if (size)
        *size = strlen(*value);
    return 0;
}

int store_read_u64(struct store_client *client, store_tx_t tx, const char *path, uint64_t *value)
{
    char *read = NULL;
    int rc = store_read(client, tx, path, &read, NULL);

    if (rc == 0)
        *value = strtoull(read, NULL, 10);
    free(read);
    return rc;
}

int store_write(struct store_client *client, store_tx_t tx, const char *path, const char *value)
{
    int rc = step();

    (void)client;
    if (rc == 0)
        set(view(tx), path, value);
    return rc;
}

int store_printf(struct store_client *client, store_tx_t tx, const char *path, const char *format,
                 ...)
{
    char value[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(value, sizeof(value), format, arguments);
    va_end(arguments);
    return store_write(client, tx, path, value);
}

int store_mkdir(struct store_client *client, store_tx_t tx, const char *path)
{
    return find(view(tx), path) < view(tx)->nr ? 0 : store_write(client, tx, path, "");
}

int store_rm(struct store_client *client, store_tx_t tx, const char *path)
{
    struct nodes *nodes = view(tx);
    size_t length = strlen(path), kept = 0;
    int rc = step();

    (void)client;
    for (size_t i = 0; rc == 0 && i < nodes->nr; i++) {
        const char *other = nodes->list[i].path;

        if (strncmp(other, path, length) == 0 && (other[length] == '\0' || other[length] == '/'))
            continue;
        nodes->list[kept++] = nodes->list[i];
    }
    if (rc == 0)
        nodes->nr = kept;
    return rc;
}

/* Only children that have a value of their own, which is enough for records. */
int store_list(struct store_client *client, store_tx_t tx, const char *path, char ***names,
               size_t *nr)
{
    const struct nodes *nodes = view(tx);
    size_t length = strlen(path);

    (void)client;
    *nr = 0;
    *names = calloc(NODES_MAX, sizeof(char *) + 32);
    if (!*names)
        return -ENOMEM;
    char *room = (char *)(*names + NODES_MAX);
    for (size_t i = 0; i < nodes->nr; i++) {
        const char *other = nodes->list[i].path;

        if (strncmp(other, path, length) != 0 || other[length] != '/' ||
            strchr(other + length + 1, '/'))
            continue;
        (*names)[(*nr)++] = room;
        room += sprintf(room, "%.30s", other + length + 1) + 1;
    }
    return 0;
}

int store_set_perms(struct store_client *client, store_tx_t tx, const char *path, const char *perms)
{
    (void)client;
    (void)tx;
    (void)path;
    (void)perms;
    return step();
}

int store_begin(struct store_client *client, store_tx_t *tx)
{
    int rc = step();

    (void)client;
    if (state->in_transaction)
        abort();
    *tx = 1;
    if (rc == 0) {
        state->changed = state->nodes;
        state->in_transaction = true;
    }
    return rc;
}

int store_end(struct store_client *client, store_tx_t tx, bool commit)
{
    int rc = commit ? step() : 0;

    (void)client;
    (void)tx;
    if (rc == 0 && commit)
        state->nodes = state->changed;
    state->in_transaction = false;
    return rc;
}

int store_introduce(struct store_client *client, unsigned domid, uint64_t mfn, unsigned port)
{
    int rc = step();

    (void)client;
    if (rc == 0 && (mfn == 0 || port == 0))
        abort();
    if (rc == 0)
        state->domains[domid].introduced = true;
    return rc;
}

int store_release(struct store_client *client, unsigned domid)
{
    bool known = state->domains[domid].introduced;

    (void)client;
    state->domains[domid].introduced = false;
    return known ? 0 : -ENOENT;
}

/* ---- hypervisor ---- */

struct fake_domain *fake_domain(unsigned domid)
{
    return &state->domains[domid];
}

int hypervisor_info(unsigned domid, struct xen_domctl_getdomaininfo *info)
{
    if (domid >= DOMAINS || (domid != 0 && !state->domains[domid].used))
        return -ESRCH;
    memset(info, 0, sizeof(*info));
    info->domain = (domid_t)domid;
    info->flags = state->domains[domid].flags;
    info->max_vcpu_id = state->domains[domid].nr_vcpus - 1;
    info->max_pages = state->domains[domid].memory_max_kib / PAGE_KIB;
    memcpy(info->handle, state->domains[domid].uuid, sizeof(info->handle));
    return 0;
}

int hypervisor_list(unsigned first, struct xen_domctl_getdomaininfo *infos, unsigned nr)
{
    unsigned found = 0;

    for (unsigned i = first; found < nr && i < DOMAINS; i++)
        found += hypervisor_info(i, &infos[found]) == 0;
    return (int)found;
}

int hypervisor_free_kib(uint64_t *kib)
{
    *kib = FREE_KIB;
    return 0;
}

int hypervisor_total_kib(uint64_t *kib)
{
    *kib = TOTAL_KIB;
    return 0;
}

int hypervisor_create(unsigned domid, const uint8_t uuid[16], unsigned nr_vcpus_max)
{
    struct fake_domain *d = &state->domains[domid];
    int rc = domid < DOMAINS ? step() : -EINVAL;

    (void)nr_vcpus_max;
    if (rc != 0)
        return rc;
    /* Nobody may make a domain before he noted it. */
    char path[64];
    snprintf(path, sizeof(path), DOMAIN_RECORD "/builder", domid);
    if (d->used || !fake_node(path))
        abort();
    memset(d, 0, sizeof(*d));
    d->used = d->paused = true;
    memcpy(d->uuid, uuid, sizeof(d->uuid));
    return 0;
}

int hypervisor_destroy(unsigned domid)
{
    if (domid >= DOMAINS || !state->domains[domid].used)
        return -ESRCH;
    state->domains[domid].used = false;
    return 0;
}

int hypervisor_pause(unsigned domid)
{
    state->domains[domid].paused = true;
    return 0;
}

int hypervisor_unpause(unsigned domid)
{
    int rc = step();

    if (rc == 0)
        state->domains[domid].paused = false;
    return rc;
}

int hypervisor_set_nr_vcpus(unsigned domid, unsigned nr)
{
    state->domains[domid].nr_vcpus = nr;
    return step();
}

int hypervisor_set_memory_max(unsigned domid, uint64_t kib)
{
    int rc = step();

    if (rc == 0)
        state->domains[domid].memory_max_kib = kib;
    return rc;
}

int hypervisor_set_time_offset(unsigned domid, int64_t seconds)
{
    state->domains[domid].time_offset = seconds;
    return step();
}

int hypervisor_set_uuid(unsigned domid, const uint8_t uuid[16])
{
    memcpy(state->domains[domid].uuid, uuid, 16);
    return 0;
}

int hypervisor_alloc_port(unsigned domid, evtchn_port_t *port)
{
    *port = ++state->domains[domid].nr_ports;
    return step();
}

int hypervisor_pin(unsigned domid, unsigned vcpu, uint64_t cpus)
{
    state->domains[domid].affinity[vcpu] = cpus;
    return step();
}

int hypervisor_get_weight(unsigned domid, uint16_t *weight, uint16_t *cap)
{
    (void)domid;
    *weight = 256;
    *cap = 0;
    return 0;
}

int hypervisor_set_weight(unsigned domid, uint16_t weight, uint16_t cap)
{
    state->domains[domid].weight = weight;
    state->domains[domid].cap = cap;
    return step();
}

/* ---- builder and devices ---- */

int build_check(const char *kernel, const char *initrd, uint64_t memory_kib,
                struct failure *failure)
{
    (void)initrd;
    (void)memory_kib;
    int rc = step();

    if (rc == 0 && strcmp(kernel, "/missing") != 0)
        return 0;
    return failure_set(failure, FAILURE_FILE, rc ? rc : -ENOENT, "kernel %s", kernel);
}

int build_domain(const struct build_request *request, struct build_result *result,
                 struct failure *failure)
{
    int rc = step();

    if (rc != 0)
        return failure_set(failure, FAILURE_OPERATION, rc, "cannot build");
    if (!request->store_port || !request->console_port || !state->domains[request->domain].nr_vcpus)
        abort();
    state->domains[request->domain].pages = request->memory_kib / PAGE_KIB;
    result->store_mfn = 1000;
    result->console_mfn = 1001;
    return 0;
}

static int attach(unsigned domid, struct failure *failure)
{
    int rc = step();

    if (rc != 0)
        return failure_set(failure, FAILURE_OPERATION, rc, "cannot attach");
    state->domains[domid].nr_devices++;
    return 0;
}

int disk_attach(struct store_client *store, unsigned domid, const struct domain_disk *disk,
                struct failure *failure)
{
    (void)store;
    (void)disk;
    return attach(domid, failure);
}

int interface_attach(struct store_client *store, unsigned domid, unsigned index,
                     const struct domain_interface *interface, struct failure *failure)
{
    (void)store;
    (void)index;
    if (!interface->has_mac)
        abort();
    return attach(domid, failure);
}

static int detach(unsigned domid)
{
    state->domains[domid].nr_devices--;
    return 0;
}

int disk_detach(struct store_client *store, unsigned domid, const char *name, bool force,
                int timeout_ms, struct failure *failure)
{
    (void)store;
    (void)name;
    (void)force;
    (void)timeout_ms;
    (void)failure;
    return detach(domid);
}

int interface_detach(struct store_client *store, unsigned domid, const char *name, bool force,
                     int timeout_ms, struct failure *failure)
{
    return disk_detach(store, domid, name, force, timeout_ms, failure);
}

int devices_list(struct store_client *store, unsigned domid, enum device_kind kind,
                 struct device_info **list, size_t *nr)
{
    (void)store;
    (void)domid;
    (void)kind;
    *list = NULL;
    *nr = 0;
    return 0;
}

void devices_free(struct device_info *list, size_t nr)
{
    (void)list;
    (void)nr;
}

/* Not before the domain has ended: the guest could still use them. */
int devices_release(struct store_client *store, unsigned domid, struct failure *failure)
{
    (void)store;
    (void)failure;
    if (state->domains[domid].used)
        abort();
    state->domains[domid].nr_devices = 0;
    return 0;
}

int disk_check(struct store_client *store, const struct domain_disk *disk, struct failure *failure)
{
    (void)store;
    (void)disk;
    int rc = step();

    return rc == 0 ? 0 : failure_set(failure, FAILURE_CONFIG, rc, "disk in use");
}

int interface_check(const struct domain_interface *interface, struct failure *failure)
{
    (void)interface;
    int rc = step();

    return rc == 0 ? 0 : failure_set(failure, FAILURE_CONFIG, rc, "no such bridge");
}
