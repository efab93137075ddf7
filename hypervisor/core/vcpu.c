/* SPDX-License-Identifier: MIT */
/*
 * Life of a vCPU, the reasons why it does not run, and how it learns that there is news. Whether
 * and where it runs is core/sched.c's.
 */
#include "core/vcpu.h"

#include "core/domain.h"
#include "core/sched.h"
#include "core/time.h"
#include "lib/bits.h"
#include "lib/errno.h"
#include "mm/alloc.h"
#include "sys/log.h"

/* From half a page on the heap aligns to a page, more than the 64 bytes that XSAVE wants. */
static size_t xsave_bytes(void)
{
    return MAX(machine_xsave_size(), (size_t)PAGE_SIZE / 2);
}

/* Architectural state after reset, as far as it is not 0. */
static void state_reset(struct guest_cpu *g)
{
    g->in_kernel = true;
    g->xcr0 = 1; /* x87 */
    g->dr6 = 0xffff0ff0;
    g->dr7 = 0x400;
    for (unsigned i = 0; i < ARRAY_SIZE(g->gdt_frames); i++)
        g->gdt_frames[i] = MFN_INVALID;
    for (unsigned i = 0; i < ARRAY_SIZE(g->ldt_frames); i++)
        g->ldt_frames[i] = MFN_INVALID;
    machine_xsave_init(g);
}

static void info_init(struct vcpu *v)
{
    v->arch.info = vcpu_first_info(v);
    WRITE_ONCE(v->arch.info->evtchn_upcall_mask, 1);
}

static void memory_free(struct vcpu *v)
{
    if (v->arch.traps)
        heap_free(v->arch.traps, 256 * sizeof(struct trap_info));
    if (v->arch.xsave)
        heap_free(v->arch.xsave, xsave_bytes());
    if (v->info_own)
        heap_free(v->info_own, sizeof(struct vcpu_info));
    heap_free(v, sizeof(*v));
}

static struct vcpu *memory_alloc(unsigned id)
{
    struct vcpu *v = heap_alloc(sizeof(*v));

    if (!v)
        return NULL;
    v->arch.traps = heap_alloc(256 * sizeof(struct trap_info));
    v->arch.xsave = heap_alloc(xsave_bytes());
    if (id >= XEN_LEGACY_MAX_VCPUS)
        v->info_own = heap_alloc(sizeof(struct vcpu_info));
    if (v->arch.traps && v->arch.xsave && (v->info_own || id < XEN_LEGACY_MAX_VCPUS))
        return v;
    memory_free(v);
    return NULL;
}

int vcpu_create(struct domain *d, unsigned id, struct vcpu **out)
{
    struct vcpu *v;

    if (id >= d->vcpus_max)
        return -EINVAL;
    if (d->vcpu[id])
        return -EEXIST;
    v = memory_alloc(id);
    if (!v)
        return -ENOMEM;
    v->domain = d;
    v->id = (uint16_t)id;
    v->paused = VCPU_PAUSED_DOWN | (READ_ONCE(d->pause_count) ? VCPU_PAUSED_DOMAIN : 0);
    v->info_mfn = MFN_INVALID;
    state_reset(&v->arch);
    info_init(v);
    sched_vcpu_init(v);
    time_vcpu_init(v);
    /* Whoever finds v in the table finds it complete. */
    store_barrier();
    WRITE_ONCE(d->vcpu[id], v);
    *out = v;
    return 0;
}

void vcpu_destroy(struct vcpu *v)
{
    time_vcpu_stop(v);
    sched_vcpu_remove(v);
    v->domain->vcpu[v->id] = NULL;
    memory_free(v);
}

struct vcpu *vcpu_by_id(struct domain *d, uint64_t id)
{
    return id < d->vcpus_max ? READ_ONCE(d->vcpu[id]) : NULL;
}

/* ---- running or not ------------------------------------------------------------------------ */

void vcpu_pause(struct vcpu *v, uint32_t why)
{
    atomic_or(&v->paused, why);
    sched_sleep(v, true);
}

void vcpu_pause_nosync(struct vcpu *v, uint32_t why)
{
    atomic_or(&v->paused, why);
    sched_sleep(v, false);
}

void vcpu_unpause(struct vcpu *v, uint32_t why)
{
    atomic_and(&v->paused, ~why);
    sched_wake(v);
}

/*
 * The caller made the news visible with an atomic operation. A vCPU that is about to block shows
 * that first and then looks for news: one of the two sees the other. A running one is brought to
 * its exit path even while it masks events, since its unmasking and our look may cross.
 */
void vcpu_kick(struct vcpu *v)
{
    memory_barrier();
    if (READ_ONCE(v->blocked))
        sched_unblock(v);
    else if (v != current && READ_ONCE(v->running))
        machine_kick_cpu(READ_ONCE(v->cpu));
}

void vcpu_set_work(struct vcpu *v, uint32_t bits)
{
    atomic_or(&v->arch.work, bits);
    if (v != current && READ_ONCE(v->running))
        machine_kick_cpu(READ_ONCE(v->cpu));
}

bool vcpu_event_deliverable(const struct vcpu *v)
{
    const struct vcpu_info guest_shared *info = READ_ONCE(v->arch.info);

    return READ_ONCE(info->evtchn_upcall_pending) && !READ_ONCE(info->evtchn_upcall_mask);
}
