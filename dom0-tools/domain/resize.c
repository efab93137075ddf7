/* SPDX-License-Identifier: MIT */
/*
 * Resizing: how much memory and how many vCPUs a living domain should have. The guest is asked by
 * nodes that it watches; what it must not exceed the hypervisor is told.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "domain/domain.h"
#include "domain/hypervisor.h"
#include "domain/lock.h"
#include "domain/memory.h"
#include "domain/nodes.h"
#include "domain/record.h"
#include "domain/schedule.h"

static int lock(unsigned domid, struct failure *failure)
{
    int fd = lock_domain(domid);

    return fd >= 0 ? fd :
                     failure_set(failure, FAILURE_OPERATION, fd, "cannot lock domain %u", domid);
}

/* ---- memory ---- */

static int change_memory(struct domain_config *config, const void *value)
{
    config->current_memory_kib = *(const uint64_t *)value;
    return 0;
}

/* Nobody noted what the control domain was made for: the machine is its limit. */
static int read_memory_max(struct store_client *store, unsigned domid, uint64_t *max)
{
    char path[NODES_PATH_SIZE];

    nodes_path(domid, "memory/static-max", path);
    int rc = store_read_u64(store, 0, path, max);
    return rc == -ENOENT && domid == 0 ? hypervisor_total_kib(max) : rc;
}

static int check_memory(struct store_client *store, unsigned domid, uint64_t memory_kib,
                        struct failure *failure)
{
    uint64_t min = domid == 0 ? MEMORY_DOM0_MIN_KIB : CONFIG_MEMORY_KIB_MIN, max;
    int rc = read_memory_max(store, domid, &max);

    if (rc != 0)
        return failure_set(failure, FAILURE_OPERATION, rc, "cannot read what domain %u may have",
                           domid);
    if (memory_kib > max)
        return failure_set(failure, FAILURE_CONFIG, -EINVAL, "domain %u: %s %" PRIu64 " MiB%s",
                           domid, domid == 0 ? "the machine has" : "it was made for at most",
                           max / 1024, domid == 0 ? "" : " (<memory> in its file)");
    if (memory_kib < min)
        return failure_set(failure, FAILURE_CONFIG, -EINVAL, "domain %u: it needs at least"
                           " %" PRIu64 " MiB", domid, min / 1024);
    return 0;
}

/* The limit first: the guest asks for the pages as soon as it sees the target. */
static int set_memory(struct store_client *store, unsigned domid, uint64_t memory_kib)
{
    char path[NODES_PATH_SIZE];
    struct xen_domctl_getdomaininfo info;
    int rc = hypervisor_info(domid, &info);

    if (rc == 0)
        rc = hypervisor_set_memory_max(domid, memory_kib + MEMORY_SLACK_KIB);
    if (rc != 0)
        return rc;
    nodes_path(domid, "memory/target", path);
    rc = store_printf(store, 0, path, "%" PRIu64, memory_kib);
    if (rc == 0)
        return record_change_config(store, domid, change_memory, &memory_kib);
    int undone = hypervisor_set_memory_max(domid, info.max_pages << (PAGE_KIB_SHIFT));
    return undone == 0 ? rc : undone;
}

int domain_set_memory(struct store_client *store, unsigned domid, uint64_t memory_kib,
                      struct failure *failure)
{
    int fd = lock(domid, failure);

    if (fd < 0)
        return fd;
    int rc = check_memory(store, domid, memory_kib, failure);
    if (rc == 0 && (rc = set_memory(store, domid, memory_kib)) != 0)
        failure_set(failure, FAILURE_OPERATION, rc, "cannot set the memory of domain %u", domid);
    lock_release(fd);
    return rc;
}

/* ---- vCPUs ---- */

static int change_vcpus(struct domain_config *config, const void *value)
{
    config->nr_vcpus = *(const unsigned *)value;
    return 0;
}

static int set_vcpus(struct store_client *store, unsigned domid, unsigned nr,
                     struct failure *failure)
{
    struct xen_domctl_getdomaininfo info;
    int rc = hypervisor_info(domid, &info);

    if (rc != 0)
        return failure_set(failure, FAILURE_OPERATION, rc == -ESRCH ? -ENOENT : rc,
                           "cannot ask about domain %u", domid);
    unsigned nr_max = info.max_vcpu_id + 1;
    if (nr < 1 || nr > nr_max)
        return failure_set(failure, FAILURE_CONFIG, -EINVAL,
                           "domain %u: it was made for 1 to %u vCPUs (<vcpu> in its file)", domid,
                           nr_max);
    rc = nodes_set_vcpus(store, domid, nr, nr_max);
    if (rc == 0)
        rc = record_change_config(store, domid, change_vcpus, &nr);
    return rc == 0 ? 0 :
                     failure_set(failure, FAILURE_OPERATION, rc,
                                 "cannot set the vCPUs of domain %u", domid);
}

int domain_set_vcpus(struct store_client *store, unsigned domid, unsigned nr,
                     struct failure *failure)
{
    int fd = lock(domid, failure);

    if (fd < 0)
        return fd;
    int rc = set_vcpus(store, domid, nr, failure);
    lock_release(fd);
    return rc;
}

struct pin {
    unsigned vcpu;
    uint64_t cpus;
};

static int change_pin(struct domain_config *config, const void *value)
{
    const struct pin *pin = value;

    if (pin->vcpu >= config->nr_vcpus_max)
        return 0;
    config->cputune.pinned |= (uint64_t)1 << pin->vcpu;
    config->cputune.affinity[pin->vcpu] = pin->cpus;
    return 0;
}

int domain_pin(struct store_client *store, unsigned domid, unsigned vcpu, uint64_t cpus,
               struct failure *failure)
{
    struct pin pin = { .vcpu = vcpu, .cpus = cpus };
    int fd = lock(domid, failure);

    if (fd < 0)
        return fd;
    int rc = schedule_pin(domid, vcpu, cpus, failure);
    if (rc == 0 && (rc = record_change_config(store, domid, change_pin, &pin)) != 0)
        failure_set(failure, FAILURE_OPERATION, rc, "cannot note that vCPU %u is pinned", vcpu);
    lock_release(fd);
    return rc;
}
