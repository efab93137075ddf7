/* SPDX-License-Identifier: MIT */
/*
 * The paravirtual clock and the timers of vCPUs. System time is machine_now_ns() for everybody; a
 * guest computes it from the TSC with the factors published in its vcpu_time_info. The wall clock
 * is one number, the time of day at system time 0, published in each shared info page.
 *
 * Everything published follows the version protocol: odd while it changes, so that a reader on
 * another CPU repeats.
 */
#include "core/time.h"

#include "core/domain.h"
#include "lib/bits.h"
#include "lib/errno.h"
#include "mm/guest.h"

#define NS_PER_S      UINT64_C(1000000000)
#define PERIOD_MIN_NS UINT64_C(1000000)

static struct {
    /* --- under lock --- */
    spinlock_t lock;
    uint64_t wallclock_ns; /* since 1970, at system time 0 */
} state = { .lock = SPINLOCK_INIT(LOCK_TIMER) };

void time_init(void)
{
    state.wallclock_ns = machine_wallclock_s() * NS_PER_S - machine_now_ns();
}

/* ---- system time --------------------------------------------------------------------------- */

static void time_fill(struct vcpu_time_info *t, const struct machine_clock *clock)
{
    *t = (struct vcpu_time_info){
        .tsc_timestamp = clock->base_tsc,
        .system_time = clock->base_ns,
        .tsc_to_system_mul = clock->mul,
        .tsc_shift = clock->shift,
        .flags = clock->stable ? XEN_PVCLOCK_TSC_STABLE_BIT : 0,
    };
}

/* All but the version. */
static void time_publish(struct vcpu_time_info guest_shared *t, const struct vcpu_time_info *now)
{
    WRITE_ONCE(t->tsc_timestamp, now->tsc_timestamp);
    WRITE_ONCE(t->system_time, now->system_time);
    WRITE_ONCE(t->tsc_to_system_mul, now->tsc_to_system_mul);
    WRITE_ONCE(t->tsc_shift, now->tsc_shift);
    WRITE_ONCE(t->flags, now->flags);
}

/* v's registered time area, by the address space that is loaded: v's own, in kernel mode. */
static void time_area_update(struct vcpu *v, const struct vcpu_time_info *now)
{
    guest_ptr_t area = guest_ptr(READ_ONCE(v->time_area.va));
    struct vcpu_time_info odd = *now;
    int rc;

    odd.version |= 1;
    rc = copy_to_guest(area, &odd.version, sizeof(odd.version));
    if (!rc)
        rc = copy_to_guest(area, &odd, sizeof(odd));
    if (!rc)
        rc = copy_to_guest(area, &now->version, sizeof(now->version));
    /* If the area went away, the guest reads what it finds. */
    (void)rc;
}

void time_update_vcpu(struct vcpu *v)
{
    struct vcpu_time_info guest_shared *t = &v->arch.info->time;
    uint32_t version = READ_ONCE(t->version);
    struct vcpu_time_info now;
    struct machine_clock clock;

    machine_clock_read(&clock);
    /* The factors rarely change: most switches find them published already. */
    if (READ_ONCE(t->tsc_timestamp) != clock.base_tsc ||
        READ_ONCE(t->system_time) != clock.base_ns ||
        READ_ONCE(t->tsc_to_system_mul) != clock.mul || version == 0) {
        version = (version | 1u) + 2u;
        WRITE_ONCE(t->version, version);
        store_barrier();
        time_fill(&now, &clock);
        time_publish(t, &now);
        store_barrier();
        WRITE_ONCE(t->version, ++version);
    }
    if (READ_ONCE(v->time_area.va) && v == current && v->arch.in_kernel) {
        time_fill(&now, &clock);
        now.version = version & ~1u;
        time_area_update(v, &now);
    }
}

/* ---- wall clock ---------------------------------------------------------------------------- */

void time_update_wallclock(struct domain *d)
{
    struct shared_info guest_shared *shared = d->shared;
    uint32_t version;
    uint64_t ns, s;

    lock_take(&state.lock);
    version = (READ_ONCE(shared->wc_version) | 1u) + 2u;
    ns = state.wallclock_ns;
    s = (uint64_t)((int64_t)(ns / NS_PER_S) + READ_ONCE(d->wallclock_offset_s));
    WRITE_ONCE(shared->wc_version, version);
    store_barrier();
    WRITE_ONCE(shared->wc_sec, (uint32_t)s);
    WRITE_ONCE(shared->wc_sec_hi, (uint32_t)(s >> 32));
    WRITE_ONCE(shared->wc_nsec, (uint32_t)(ns % NS_PER_S));
    store_barrier();
    WRITE_ONCE(shared->wc_version, version + 1);
    lock_drop(&state.lock);
}

void time_set_offset(struct domain *d, int64_t s)
{
    WRITE_ONCE(d->wallclock_offset_s, s);
    time_update_wallclock(d);
}

void time_set_wallclock(uint64_t s, uint32_t ns, uint64_t system_ns)
{
    lock_take(&state.lock);
    /* Modulo 2^64: a nonsensical argument makes a nonsensical clock, which is dom0's own. */
    state.wallclock_ns = s * NS_PER_S + ns - system_ns;
    lock_drop(&state.lock);
    for_each_domain(d)
        time_update_wallclock(d);
}

/* ---- timers -------------------------------------------------------------------------------- */

static void singleshot_fire(struct timer *timer)
{
    evtchn_send_virq(container_of(timer, struct vcpu, singleshot), VIRQ_TIMER);
}

static void periodic_fire(struct timer *timer)
{
    struct vcpu *v = container_of(timer, struct vcpu, periodic);
    uint64_t period = READ_ONCE(v->periodic_ns), now = machine_now_ns(), next;

    if (!period)
        return;
    /* Ticks missed while the CPU was busy are not made up for. */
    next = timer->deadline_ns + period;
    timer_set(timer, timer->cpu, next > now ? next : now + period);
    evtchn_send_virq(v, VIRQ_TIMER);
}

int time_set_singleshot(struct vcpu *v, uint64_t abs_ns, bool only_future)
{
    bool is_past = abs_ns <= machine_now_ns();

    if (is_past && only_future)
        return -ETIME;
    if (!is_past) {
        timer_set(&v->singleshot, READ_ONCE(v->cpu), abs_ns);
        return 0;
    }
    timer_stop(&v->singleshot);
    evtchn_send_virq(v, VIRQ_TIMER);
    return 0;
}

void time_stop_singleshot(struct vcpu *v)
{
    timer_stop(&v->singleshot);
}

int time_set_periodic(struct vcpu *v, uint64_t period_ns)
{
    uint64_t now = machine_now_ns();

    if (period_ns < PERIOD_MIN_NS || period_ns > INT64_MAX)
        return -EINVAL;
    WRITE_ONCE(v->periodic_ns, period_ns);
    timer_set(&v->periodic, READ_ONCE(v->cpu), now + period_ns);
    return 0;
}

void time_stop_periodic(struct vcpu *v)
{
    WRITE_ONCE(v->periodic_ns, 0);
    timer_stop(&v->periodic);
}

void time_vcpu_init(struct vcpu *v)
{
    timer_init(&v->singleshot, singleshot_fire);
    timer_init(&v->periodic, periodic_fire);
    time_update_vcpu(v);
}

void time_vcpu_stop(struct vcpu *v)
{
    time_stop_singleshot(v);
    time_stop_periodic(v);
}
