/* SPDX-License-Identifier: MIT */
/*
 * What a guest asks of the scheduler: to give way, to wait for an event or for one of some ports,
 * and how its time was spent. Waiting must not miss the event that it waits for: the vCPU says that
 * it blocks, then looks; who makes an event pending sets it, then looks who blocks.
 */
#include "core/domain.h"
#include "core/run_queue.h"
#include "core/sched.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "mm/guest.h"

void sched_yield(void)
{
    struct run_queue *q = &this_cpu(run_queue);
    struct vcpu *v = current;

    if (READ_ONCE(q->nr_ready) == 0)
        return;
    lock_take(&q->lock);
    /* Behind the first in line, which gives up no more than what it was ahead. */
    if (q->ready)
        v->vtime = MAX(v->vtime, q->ready->vtime);
    lock_drop(&q->lock);
    cpu_set_work(q->cpu, WORK_SCHEDULE);
}

void sched_block(void)
{
    struct vcpu *v = current;

    WRITE_ONCE(v->arch.info->evtchn_upcall_mask, 0);
    WRITE_ONCE(v->blocked, true);
    /* Blocked is visible before the last look: who makes an event pending later will see it. */
    memory_barrier();
    if (vcpu_event_deliverable(v) || vcpu_nmi_deliverable(v))
        WRITE_ONCE(v->blocked, false);
    else
        cpu_set_work(v->cpu, WORK_SCHEDULE);
}

/* Is there a reason not to wait? > 0: yes, 0: none, or an error. */
static int poll_ready(struct vcpu *v, const evtchn_port_t *ports, unsigned nr, uint64_t timeout_ns)
{
    if (vcpu_event_deliverable(v))
        return 1;
    for (unsigned i = 0; i < nr; i++) {
        int rc = evtchn_is_pending(v->domain, ports[i]);

        if (rc)
            return rc;
    }
    return timeout_ns && timeout_ns <= machine_now_ns();
}

int sched_poll(struct vcpu *v, const evtchn_port_t *ports, unsigned nr, uint64_t timeout_ns)
{
    int rc;

    timer_stop(&v->poll_timer);
    WRITE_ONCE(v->polling, true);
    WRITE_ONCE(v->blocked, true);
    memory_barrier(); /* as in sched_block() */
    rc = poll_ready(v, ports, nr, timeout_ns);
    if (rc) {
        WRITE_ONCE(v->polling, false);
        WRITE_ONCE(v->blocked, false);
        return MIN(rc, 0);
    }
    if (timeout_ns)
        timer_set(&v->poll_timer, v->cpu, timeout_ns);
    cpu_set_work(v->cpu, WORK_SCHEDULE);
    return 0;
}

/* ---- run states ---------------------------------------------------------------------------- */

/* As of the last change of state; of one moment, though other CPUs change it. */
static void runstate_read(const struct vcpu *v, struct vcpu_runstate_info *out)
{
    struct run_queue *q = queue_lock(v);

    memset(out, 0, sizeof(*out)); /* the padding reaches guests too */
    out->state = (int32_t)v->state;
    out->state_entry_time = v->state_since_ns;
    memcpy(out->time, v->state_ns, sizeof(out->time));
    lock_drop(&q->lock);
}

void sched_runstate(const struct vcpu *v, struct vcpu_runstate_info *out)
{
    runstate_read(v, out);
    out->time[out->state] += machine_now_ns() - out->state_entry_time;
}

/* The area is found by a kernel address: the kernel's root must be loaded while it is written. */
void sched_runstate_publish(struct vcpu *v)
{
    struct vcpu_runstate_info info;
    guest_ptr_t area = guest_ptr(READ_ONCE(v->runstate_area.va));
    guest_ptr_t entry_time =
        guest_ptr(area.va + offsetof(struct vcpu_runstate_info, state_entry_time));
    bool shows_update = READ_ONCE(v->domain->vm_assist) & BIT(VMASST_TYPE_runstate_update_flag);
    bool in_user = !v->arch.in_kernel;
    int rc = 0;

    if (!area.va)
        return;
    runstate_read(v, &info);
    if (in_user) {
        v->arch.in_kernel = true;
        machine_load_cr3(&v->arch);
    }
    if (shows_update) {
        uint64_t updating = info.state_entry_time | XEN_RUNSTATE_UPDATE;

        rc = copy_to_guest(entry_time, &updating, sizeof(updating));
        info.state_entry_time = updating;
    }
    if (!rc)
        rc = copy_to_guest(area, &info, sizeof(info));
    if (!rc && shows_update) {
        info.state_entry_time &= ~XEN_RUNSTATE_UPDATE;
        store_barrier();
        rc = copy_to_guest(entry_time, &info.state_entry_time, sizeof(info.state_entry_time));
    }
    if (in_user) {
        v->arch.in_kernel = false;
        machine_load_cr3(&v->arch);
    }
    /* An area that went away is the guest's own loss: it reads what it finds. */
    (void)rc;
}
