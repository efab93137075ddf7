/* SPDX-License-Identifier: MIT */
/*
 * Device interrupts: the hypervisor owns vectors and controllers, dom0 sees pirqs. A pirq is a GSI
 * (pirq number = GSI) or an MSI/MSI-X message (numbers from the top down). Level-triggered inputs
 * stay masked from arrival until the guest's end-of-interrupt.
 */
#ifndef LAMINA_CORE_IRQ_H
#define LAMINA_CORE_IRQ_H

#include "lib/limits.h"
#include "public/physdev.h"
#include "sys/lock.h"
#include "x86/machine.h"

struct domain;

enum pirq_kind { PIRQ_NONE, PIRQ_GSI, PIRQ_MSI };

struct pirq {
    uint8_t kind;                /* enum pirq_kind */
    uint8_t vector;              /* 0: none yet */
    bool level, low, configured; /* setup_gsi */
    bool bound;                  /* to an event channel */
    bool shared;                 /* the guest said at binding that several devices use it */
    bool needs_eoi;              /* level and delivered, not yet ended */
    bool reserved;               /* number handed out by pirq_get_free() */
    evtchn_port_t port;
    uint16_t gsi;
    struct machine_msi msi;
};

struct pirq_table {
    spinlock_t lock;
    struct pirq *pirq; /* PIRQS_MAX entries; NULL: domain has no interrupts */
    mfn_t eoi_mfn;     /* pirq_eoi_gmfn page or MFN_INVALID */
    /* its hypervisor view: bit set = guest must make the EOI call */
    uint64_t guest_shared *eoi_map;
    bool auto_unmask;  /* v1 of the call: EOI also unmasks the event channel */
};

int pirq_table_init(struct domain *d) must_check;
void pirq_table_destroy(struct domain *d);

/* Errors: -EINVAL no such number or not of that kind, -EPERM domain has no interrupts, -EEXIST the
 * hypervisor's own input, -EBUSY bound, -ENOSPC no number or vector left. */
int pirq_setup_gsi(struct domain *d, unsigned gsi, bool level, bool low) must_check;
/* *pirq: wanted number, or negative for any; out: the number. */
int pirq_map_gsi(struct domain *d, unsigned gsi, int *pirq) must_check;
int pirq_map_msi(struct domain *d, const struct machine_msi *msi, int *pirq) must_check;
int pirq_unmap(struct domain *d, int pirq) must_check;
int pirq_alloc_vector(struct domain *d, unsigned pirq) must_check; /* vector > 0 or error */
/* XENIRQSTAT_* */
int pirq_status(struct domain *d, unsigned pirq, uint32_t *flags) must_check;
int pirq_eoi(struct domain *d, unsigned pirq) must_check;
int pirq_set_eoi_page(struct domain *d, uint64_t gmfn, bool auto_unmask) must_check;
int pirq_get_free(struct domain *d, int *pirq) must_check;
/* From evtchn: start and stop delivery; called with the event lock held. */
int pirq_bind(struct domain *d, unsigned pirq, evtchn_port_t port, bool share) must_check;
void pirq_unbind(struct domain *d, unsigned pirq);
/* What is mapped and bound, on the console: debug key. */
void pirq_print(struct domain *d);
/* The event channel of a bound pirq moved to vCPU on `cpu`. */
void pirq_set_cpu(struct domain *d, unsigned pirq, unsigned cpu);

#endif
