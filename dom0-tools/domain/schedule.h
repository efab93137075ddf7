/* SPDX-License-Identifier: MIT */
/*
 * Schedule: what <cputune> and cpuset mean to the hypervisor's scheduler.
 *
 * Weights are relative: libvirt's default of 1024 shares is the hypervisor's default of 256, so
 * domains with and without shares compare as under libvirt's other drivers. quota / period is what
 * each vCPU may use of one processor; the hypervisor knows one limit for the whole domain, in per
 * cent of a processor.
 */
#ifndef LAMINA_DOMAIN_SCHEDULE_H
#define LAMINA_DOMAIN_SCHEDULE_H

#include <stdint.h>

#include "common/failure.h"
#include "config/domain_config.h"

#define SCHEDULE_PERIOD_US 100000u /* libvirt's default */

/* 1 to 65535. */
uint16_t schedule_weight(uint32_t shares);

/* Per cent of one processor, rounded up; 0: no limit. period_us 0 is the default. */
uint16_t schedule_cap(int64_t quota_us, uint64_t period_us, unsigned nr_vcpus);

/* The processors that a vCPU may use: bit n is processor n; all ones: any. */
uint64_t schedule_affinity(const struct domain_config *config, unsigned vcpu);

/* Tells the hypervisor; a domain without any wish costs no call. */
int schedule_apply(unsigned domid, const struct domain_config *config, struct failure *failure)
    __attribute__((warn_unused_result));

/* Binds one vCPU to processors; at least one of them must exist. */
int schedule_pin(unsigned domid, unsigned vcpu, uint64_t cpus, struct failure *failure)
    __attribute__((warn_unused_result));

#endif
