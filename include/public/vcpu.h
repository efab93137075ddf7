/* SPDX-License-Identifier: MIT */
/*
 * vcpu_op: start and stop vCPUs, their timers, and the memory areas a guest registers so that the
 * hypervisor keeps run state, clock and event state there. Arguments: command, vCPU number,
 * pointer to the structure named after the command.
 */
#ifndef PUBLIC_VCPU_H
#define PUBLIC_VCPU_H

#include "xen.h"

#define VCPUOP_initialise 0 /* struct vcpu_guest_context: first state of a vCPU that is down */
#define VCPUOP_up 1
#define VCPUOP_down 2
#define VCPUOP_is_up 3 /* returns 1, 0, or -XEN_ENOENT for a number that does not exist */
#define VCPUOP_get_runstate_info 4
#define VCPUOP_register_runstate_memory_area 5
#define VCPUOP_set_periodic_timer 6
#define VCPUOP_stop_periodic_timer 7
#define VCPUOP_set_singleshot_timer 8
#define VCPUOP_stop_singleshot_timer 9
#define VCPUOP_register_vcpu_info 10
#define VCPUOP_send_nmi 11
#define VCPUOP_get_physid 12
#define VCPUOP_register_vcpu_time_memory_area 13

#define RUNSTATE_running 0  /* on a physical CPU */
#define RUNSTATE_runnable 1 /* waits for a physical CPU */
#define RUNSTATE_blocked 2  /* waits for an event */
#define RUNSTATE_offline 3  /* neither: down or paused */

#define XEN_RUNSTATE_UPDATE (1ull << 63) /* in state_entry_time: an update is going on */

#define VCPU_SSHOTTMR_future (1u << 0) /* a deadline in the past gives -XEN_ETIME */

#ifndef __ASSEMBLY__

struct vcpu_runstate_info {
    int32_t state;             /* RUNSTATE_* */
    uint64_t state_entry_time; /* system time, ns */
    uint64_t time[4];          /* ns spent in each state since the vCPU was made */
};

struct vcpu_register_runstate_memory_area {
    union {
        xen_handle_t h; /* struct vcpu_runstate_info; 0 ends the registration */
        uint64_t p;
    } addr;
};

struct vcpu_set_periodic_timer {
    uint64_t period_ns;
};

struct vcpu_set_singleshot_timer {
    uint64_t timeout_abs_ns; /* system time */
    uint32_t flags;          /* VCPU_SSHOTTMR_* */
};

struct vcpu_register_vcpu_info {
    uint64_t mfn;    /* guest frame that takes the vcpu_info */
    uint32_t offset; /* in that frame; the structure must not cross its end */
    uint32_t rsvd;
};

struct vcpu_get_physid {
    uint64_t phys_id; /* APIC id in the low word, ACPI id in the high one */
};

#define xen_vcpu_physid_to_x86_apicid(physid) ((uint32_t)(physid))
#define xen_vcpu_physid_to_x86_acpiid(physid) ((uint32_t)((physid) >> 32))

struct vcpu_register_time_memory_area {
    union {
        xen_handle_t h; /* struct vcpu_time_info */
        uint64_t p;
    } addr;
};

#endif
#endif
