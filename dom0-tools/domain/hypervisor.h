/* SPDX-License-Identifier: MIT */
/*
 * Hypervisor: the calls by which this library makes and changes domains, in the tools' own units.
 * Each is one step that either happened or did not; results are 0 or a negative errno value.
 *
 * Callers have host_open()ed; else -ENODEV.
 */
#ifndef LAMINA_DOMAIN_HYPERVISOR_H
#define LAMINA_DOMAIN_HYPERVISOR_H

#include <stddef.h>
#include <stdint.h>

#include "public/domctl.h"
#include "public/event_channel.h"

/* Numbers of domains are less than this: hypervisor/lib/limits.h, to which a test compares it. */
#define DOMAINS_MAX 1024

/* -ESRCH: no such domain. */
int hypervisor_info(unsigned domid, struct xen_domctl_getdomaininfo *info)
    __attribute__((warn_unused_result));

/* Up to nr domains from number `first` on; how many, or a negative errno value. */
int hypervisor_list(unsigned first, struct xen_domctl_getdomaininfo *infos, unsigned nr)
    __attribute__((warn_unused_result));

/* Memory that no domain has. */
int hypervisor_free_kib(uint64_t *kib) __attribute__((warn_unused_result));

/* All that the machine has. */
int hypervisor_total_kib(uint64_t *kib) __attribute__((warn_unused_result));

/* Makes domain `domid`, paused, without memory and vCPUs. -EEXIST: the number is taken. */
int hypervisor_create(unsigned domid, const uint8_t uuid[16], unsigned nr_vcpus_max)
    __attribute__((warn_unused_result));

/* At once; what others still map of it goes when they let go. -ESRCH: no such domain. */
int hypervisor_destroy(unsigned domid) __attribute__((warn_unused_result));

int hypervisor_pause(unsigned domid) __attribute__((warn_unused_result));
int hypervisor_unpause(unsigned domid) __attribute__((warn_unused_result));
int hypervisor_set_nr_vcpus(unsigned domid, unsigned nr) __attribute__((warn_unused_result));
int hypervisor_set_memory_max(unsigned domid, uint64_t kib) __attribute__((warn_unused_result));
int hypervisor_set_time_offset(unsigned domid, int64_t seconds)
    __attribute__((warn_unused_result));
int hypervisor_set_uuid(unsigned domid, const uint8_t uuid[16]) __attribute__((warn_unused_result));

/* A port of the domain, to which the control domain may bind. */
int hypervisor_alloc_port(unsigned domid, evtchn_port_t *port) __attribute__((warn_unused_result));

/* Bit n of cpus is processor n; all ones: any. -EINVAL: none of them exists, or no such vCPU. */
int hypervisor_pin(unsigned domid, unsigned vcpu, uint64_t cpus)
    __attribute__((warn_unused_result));

/* cap is in per cent of a processor, 0: none. */
int hypervisor_get_weight(unsigned domid, uint16_t *weight, uint16_t *cap)
    __attribute__((warn_unused_result));
int hypervisor_set_weight(unsigned domid, uint16_t weight, uint16_t cap)
    __attribute__((warn_unused_result));

#endif
