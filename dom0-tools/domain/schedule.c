/* SPDX-License-Identifier: MIT */
/*
 * Schedule: weights, caps and affinities. The arithmetic is pure; the rest is a call each.
 */
#include "domain/schedule.h"

#include <errno.h>
#include <stdbool.h>

#include "config/values.h"
#include "domain/hypervisor.h"

#define SHARES_PER_WEIGHT 4u /* 1024 shares, 256 units of weight */
#define ANY_PROCESSOR     UINT64_MAX

uint16_t schedule_weight(uint32_t shares)
{
    uint32_t weight = shares / SHARES_PER_WEIGHT;

    return weight < 1 ? 1 : weight > UINT16_MAX ? UINT16_MAX : (uint16_t)weight;
}

uint16_t schedule_cap(int64_t quota_us, uint64_t period_us, unsigned nr_vcpus)
{
    if (quota_us <= 0)
        return 0;
    __extension__ typedef unsigned __int128 wide_t; /* no product below can overflow it */
    uint64_t period = period_us ? period_us : SCHEDULE_PERIOD_US;
    wide_t cap = ((wide_t)quota_us * 100 * nr_vcpus + period - 1) / period;

    return cap > UINT16_MAX ? UINT16_MAX : (uint16_t)cap;
}

uint64_t schedule_affinity(const struct domain_config *config, unsigned vcpu)
{
    if (config->cputune.pinned >> vcpu & 1)
        return config->cputune.affinity[vcpu];
    return config->cpuset ? config->cpuset : ANY_PROCESSOR;
}

int schedule_pin(unsigned domid, unsigned vcpu, uint64_t cpus, struct failure *failure)
{
    char text[VALUE_CPUSET_SIZE];
    int rc = hypervisor_pin(domid, vcpu, cpus);

    value_write_cpuset(cpus, text);
    if (rc == -EINVAL)
        return failure_set(failure, FAILURE_CONFIG, rc,
                           "cannot pin vCPU %u to %s: no such vCPU, or none of these processors"
                           " exists",
                           vcpu, text);
    if (rc != 0)
        return failure_set(failure, FAILURE_OPERATION, rc, "cannot pin vCPU %u to processors %s",
                           vcpu, text);
    return 0;
}

static int apply_shares(unsigned domid, const struct domain_config *config, struct failure *failure)
{
    const struct domain_cputune *tune = &config->cputune;
    uint16_t weight, cap;

    if (!tune->has_shares && !tune->has_quota)
        return 0;
    int rc = hypervisor_get_weight(domid, &weight, &cap);
    if (rc == 0) {
        if (tune->has_shares)
            weight = schedule_weight(tune->shares);
        if (tune->has_quota)
            cap = schedule_cap(tune->quota_us, tune->has_period ? tune->period_us : 0,
                               config->nr_vcpus_max);
        rc = hypervisor_set_weight(domid, weight, cap);
    }
    if (rc != 0)
        return failure_set(failure, FAILURE_OPERATION, rc,
                           "cannot set the weight and limit of <cputune>");
    return 0;
}

int schedule_apply(unsigned domid, const struct domain_config *config, struct failure *failure)
{
    int rc = 0;

    for (unsigned vcpu = 0; rc == 0 && vcpu < config->nr_vcpus_max; vcpu++) {
        uint64_t cpus = schedule_affinity(config, vcpu);

        if (cpus != ANY_PROCESSOR)
            rc = schedule_pin(domid, vcpu, cpus, failure);
    }
    return rc == 0 ? apply_shares(domid, config, failure) : rc;
}
