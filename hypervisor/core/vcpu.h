/* SPDX-License-Identifier: MIT */
/*
 * A virtual CPU. Begins with the part that x86/ knows (struct guest_cpu), so `current` and the
 * machine's pointer are one.
 */
#ifndef LAMINA_CORE_VCPU_H
#define LAMINA_CORE_VCPU_H

#include "public/vcpu.h"
#include "sys/percpu.h"
#include "sys/timer.h"

struct domain;

enum vcpu_state { /* the runstate values of the ABI */
                  VCPU_RUNNING,
                  VCPU_RUNNABLE,
                  VCPU_BLOCKED,
                  VCPU_OFFLINE
};

/* Why a vCPU does not run; bits of vcpu.paused. All clear and not blocked: it is runnable. */
#define VCPU_PAUSED_DOWN     (1u << 0) /* never initialised, or VCPUOP_down */
#define VCPU_PAUSED_DOMAIN   (1u << 1) /* domain_pause */
#define VCPU_PAUSED_DYING    (1u << 2)
#define VCPU_PAUSED_SHUTDOWN (1u << 3) /* its domain has shut down */
#define VCPU_PAUSED_CAP      (1u << 4) /* used up its cap for this period; the scheduler's own */

/* Hypercall in progress on this vCPU; see hypercall/hypercall.h. */
struct hypercall_state {
    uint64_t *args;    /* of the multicall entry in hand; NULL outside a multicall */
    bool left_by_iret; /* hypercall/multicall.c */
};

struct vcpu {
    struct guest_cpu arch; /* must stay first */

    /* --- set once --- */
    struct domain *domain;
    uint16_t id;
    bool initialised; /* has a start state */

    /* --- this vCPU only --- */
    struct hypercall_state call;
    bool polling;           /* SCHEDOP_poll */

    /* --- atomic --- */
    uint32_t paused; /* VCPU_PAUSED_*; changed by vcpu_pause/vcpu_unpause */
    uint32_t starting; /* a CPU has VCPUOP_initialise of it in hand */

    /* --- scheduler, under the run queue lock --- */
    enum vcpu_state state;
    bool blocked;
    uint16_t cpu;      /* whose run queue it belongs to: runs or last ran there */
    bool running;      /* state loaded on `cpu`: there or nowhere */
    bool queued;       /* in the ready list of `cpu` */
    uint64_t affinity; /* CPUs allowed */
    uint64_t preferred; /* of these, idle ones are taken first; may hold others */
    uint64_t vtime;    /* weighted virtual run time, ns */
    struct vcpu *next_ready;
    uint64_t slice_start_ns;            /* run time is accounted up to here */
    uint64_t cap_start_ns, cap_used_ns; /* current period of the cap, and run time in it */

    /* --- accounting: written by the scheduler, read by anyone --- */
    uint64_t state_since_ns;
    uint64_t state_ns[4]; /* by enum vcpu_state */

    /* --- timers --- */
    struct timer singleshot, poll_timer, periodic, cap_timer;
    uint64_t periodic_ns;

    /* --- areas in guest memory registered by VCPUOP_* --- */
    guest_ptr_t runstate_area; /* va 0: none; written when the vCPU is switched in */
    guest_ptr_t time_area;
    mfn_t info_mfn;             /* frame of a registered vcpu_info, or MFN_INVALID */
    struct vcpu_info *info_own; /* stands in until registration; NULL: shared info has one */

    /* --- events --- */
    evtchn_port_t virq_port[24]; /* 0: not bound; under the domain's event lock */
    bool nmi_pending;
};

static inline bool vcpu_is_down(const struct vcpu *v)
{
    return READ_ONCE(v->paused) & VCPU_PAUSED_DOWN;
}

DECLARE_PER_CPU(struct vcpu *, current_vcpu); /* NULL while idle */
#define current this_cpu(current_vcpu)

int vcpu_create(struct domain *d, unsigned id,
                struct vcpu **out) must_check; /* -EEXIST -EINVAL -ENOMEM */
void vcpu_destroy(struct vcpu *v);             /* no longer known to anyone, loaded nowhere */
struct vcpu *vcpu_by_id(struct domain *d, uint64_t id); /* NULL: none */
/* for_each_vcpu(d, v): v takes each vCPU that d has, lowest id first; no break. */
#define for_each_vcpu(d, v)                                                                        \
    for (unsigned v##_id = 0; v##_id < (d)->vcpus_max; v##_id++)                                   \
        for (struct vcpu *v = READ_ONCE((d)->vcpu[v##_id]); v; v = NULL)

/*
 * Stop v and wait until it runs nowhere (not for current: it stops at the exit path). Waits with no
 * lock held, and never on behalf of a guest whose vCPUs could wait for each other: VCPUOP_down uses
 * vcpu_pause_nosync().
 */
void vcpu_pause(struct vcpu *v, uint32_t why);
void vcpu_pause_nosync(struct vcpu *v, uint32_t why);
void vcpu_unpause(struct vcpu *v, uint32_t why);
/* An event became pending: wake a blocked vCPU, or bring a running one to its exit path. */
void vcpu_kick(struct vcpu *v);
/* Set exit-path work and make sure it is seen. */
void vcpu_set_work(struct vcpu *v, uint32_t bits);

/* Is an event pending and unmasked? (vcpu_info bytes; the guest writes them too.) */
bool vcpu_event_deliverable(const struct vcpu *v);

/* Is an NMI pending, and a handler there for it? */
static inline bool vcpu_nmi_deliverable(const struct vcpu *v)
{
    return READ_ONCE(v->nmi_pending) && READ_ONCE(v->arch.traps[TRAP_NMI].address) != 0;
}

/*
 * VCPUOP_initialise and setvcpucontext end here: pv/context.c. v runs nowhere, and the caller sees
 * to it that nobody else does the same; no lock held, for it may take long. -ERESTART: nothing has
 * changed.
 */
int vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *ctx) must_check;
void vcpu_get_context(const struct vcpu *v, struct vcpu_guest_context *ctx); /* it runs nowhere */
/* Drop what pv/ holds for v: roots, descriptor tables. v is dying, runs nowhere. pv/exit.c */
void vcpu_release_context(struct vcpu *v);
/* Registered vcpu_info: maps the frame, moves state, marks all pending. core/evtchn_info.c */
int vcpu_register_info(struct vcpu *v, mfn_t mfn, unsigned offset) must_check;

#endif
