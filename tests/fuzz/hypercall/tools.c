/* SPDX-License-Identifier: MIT */
/* What tools in dom0 would do: make the domains, end them, resume what sleeps. */
#include "fuzz.h"

#include "core/sched.h"
#include "hypercall/target.h"
#include "lib/errno.h"
#include "sys/percpu.h"

void tools_destroy(struct vcpu *v, void *arg)
{
    struct domain *d;
    int rc = target_claim((domid_t)(uintptr_t)arg, &d);

    (void)v;
    if (rc || !d)
        return;
    do {
        rc = domain_destroy(d);
    } while (rc == -ERESTART && !preempt_pending());
    target_release(d);
}

void tools_make(void *arg)
{
    (void)world_domain((domid_t)(uintptr_t)arg);
}

bool tools_know(domid_t id, bool *shut_down)
{
    struct mm_account *acct = mm_account_of_slot(id);

    *shut_down = acct && container_of(acct, struct domain, mm)->is_shut_down;
    return acct != NULL;
}

/* Everybody sleeps: an event from outside, and tools that resume what was paused. */
void tools_wake(void *unused)
{
    (void)unused;
    for_each_domain(d) {
        while (d->pause_count)
            domain_unpause(d);
        for_each_vcpu(d, v) {
            if (v->blocked)
                sched_unblock(v);
            if (vcpu_is_down(v) && v->initialised)
                vcpu_unpause(v, VCPU_PAUSED_DOWN);
        }
    }
}
