/* SPDX-License-Identifier: MIT */
/*
 * sched_op: give up the CPU, wait for an event, end the domain. Arguments: command, pointer to the
 * structure named after it (none for yield and block).
 */
#ifndef PUBLIC_SCHED_H
#define PUBLIC_SCHED_H

#include "event_channel.h"

#define SCHEDOP_yield 0
#define SCHEDOP_block 1 /* unmask upcalls and wait until one is pending */
#define SCHEDOP_shutdown 2
#define SCHEDOP_poll 3
#define SCHEDOP_remote_shutdown 4
#define SCHEDOP_shutdown_code 5 /* set the reason of a later shutdown only */
#define SCHEDOP_watchdog 6
#define SCHEDOP_pin_override 7

#define SHUTDOWN_poweroff 0
#define SHUTDOWN_reboot 1
#define SHUTDOWN_suspend 2
#define SHUTDOWN_crash 3
#define SHUTDOWN_watchdog 4
#define SHUTDOWN_soft_reset 5
#define SHUTDOWN_MAX 5

#ifndef __ASSEMBLY__

struct sched_shutdown {
    uint32_t reason; /* SHUTDOWN_* */
};

struct sched_poll {
    xen_handle_t ports; /* evtchn_port_t[nr_ports] */
    uint32_t nr_ports;  /* at most 128 */
    uint64_t timeout;   /* system time in ns, absolute; 0: none */
};

struct sched_remote_shutdown {
    domid_t domain_id;
    uint32_t reason; /* SHUTDOWN_* */
};

struct sched_watchdog {
    uint32_t id;      /* 0: new one; the call returns its id */
    uint32_t timeout; /* seconds until the domain is shut down; 0 with an id: end it */
};

struct sched_pin_override {
    int32_t pcpu; /* negative: end the override */
};

#endif
#endif
