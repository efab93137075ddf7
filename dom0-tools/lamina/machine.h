/* SPDX-License-Identifier: MIT */
/*
 * Machine: what the commands ask the hypervisor itself, as plain values. host_open() has been
 * called. Results are 0 or a negative errno value with a failure that says what was asked.
 */
#ifndef LAMINA_MACHINE_H
#define LAMINA_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/failure.h"
#include "public/sysctl.h"
#include "public/version.h"

struct machine_version {
    unsigned major;
    unsigned minor;
    xen_extraversion_t extra; /* texts end with NUL, whatever the hypervisor says */
    xen_capabilities_info_t capabilities;
    xen_changeset_info_t changeset;
    xen_commandline_t commandline;
    struct xen_compile_info compiled;
    uint64_t virt_start;
    unsigned page_size;
};

/* Who it is: any domain may ask. */
int machine_read_version(struct machine_version *info, struct failure *failure)
    __attribute__((warn_unused_result));

/* The machine under it: dom0 only. */
int machine_read_physical(struct xen_sysctl_physinfo *machine, uint32_t *scheduler,
                          struct failure *failure) __attribute__((warn_unused_result));

/* The name of XEN_SCHEDULER_*. */
const char *machine_scheduler_name(uint32_t scheduler);

/* The log from its oldest byte on, a new block; clear: the hypervisor forgets it. */
int machine_read_log(bool clear, char **text, size_t *size, struct failure *failure)
    __attribute__((warn_unused_result));

/* As if each key had been pressed at the hypervisor's console. */
int machine_press_keys(const char *keys, struct failure *failure)
    __attribute__((warn_unused_result));

#define VCPU_CPUS_MAX 64u

struct vcpu_state {
    bool online;
    bool blocked;
    bool running;
    uint64_t cpu_time_ns;
    unsigned cpu;  /* where it ran last */
    uint64_t hard; /* processors that it may run on; bit n is processor n */
    uint64_t soft; /* those that it prefers */
};

/* -ENOENT, without a failure: no such vCPU. */
int machine_read_vcpu(unsigned domid, unsigned vcpu, struct vcpu_state *state,
                      struct failure *failure) __attribute__((warn_unused_result));

#endif
