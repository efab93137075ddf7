/* SPDX-License-Identifier: MIT */
/*
 * nmi_op: the guest's handler for non-maskable interrupts. Arguments: command, pointer to the
 * structure. Reasons appear in arch_shared_info.nmi_reason of dom0.
 */
#ifndef PUBLIC_NMI_H
#define PUBLIC_NMI_H

#include "xen.h"

#define XENNMI_register_callback 0 /* struct xennmi_callback; vCPU 0 only */
#define XENNMI_unregister_callback 1

#define XEN_NMIREASON_io_error (1 << 0)
#define XEN_NMIREASON_pci_serr (1 << 1)
#define XEN_NMIREASON_unknown (1 << 2)

#ifndef __ASSEMBLY__

struct xennmi_callback {
    uint64_t handler_address;
    uint64_t pad;
};

#endif
#endif
