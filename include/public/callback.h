/* SPDX-License-Identifier: MIT */
/*
 * callback_op: where the hypervisor enters the guest kernel for events, failed segment loads,
 * system calls and NMIs. Arguments: command, pointer to the structure named after it.
 */
#ifndef PUBLIC_CALLBACK_H
#define PUBLIC_CALLBACK_H

#include "xen.h"

#define CALLBACKOP_register 0
#define CALLBACKOP_unregister 1

#define CALLBACKTYPE_event 0
#define CALLBACKTYPE_failsafe 1  /* a segment of the return frame could not be loaded */
#define CALLBACKTYPE_syscall 2   /* SYSCALL from 64-bit user code */
#define CALLBACKTYPE_sysenter_deprecated 3
#define CALLBACKTYPE_nmi 4
#define CALLBACKTYPE_sysenter 5  /* SYSENTER from 32-bit user code */
#define CALLBACKTYPE_syscall32 7 /* SYSCALL from 32-bit user code */

#define CALLBACKF_mask_events (1u << 0) /* upcalls are masked on entry */

#ifndef __ASSEMBLY__

struct callback_register {
    uint16_t type;  /* CALLBACKTYPE_* */
    uint16_t flags; /* CALLBACKF_* */
    xen_callback_t address;
};

struct callback_unregister {
    uint16_t type;
    uint16_t _unused;
};

#endif
#endif
