/* SPDX-License-Identifier: MIT */
/*
 * The machine at start: dom0 and two more domains, two vCPUs each, with page tables that show what
 * an attacker wants to see. Every domain's addresses:
 *
 *     page 0..7    data, writable               page 15      shared info
 *     page 8..14   its own tables, read-only    page 16, 17  first frames of its grant table
 *
 * in an L1 under L2 entry 0; L2 entry 1 is an empty L1; a third L1 is not linked anywhere.
 */
#include "sim.h"

#include <string.h>

#include "core/audit.h"
#include "core/console.h"
#include "core/dump.h"
#include "core/grant_table.h"
#include "core/sched.h"
#include "core/time.h"
#include "lib/errno.h"
#include "mm/alloc.h"
#include "mm/update.h"
#include "sys/log.h"

#define ENTRY_R UINT64_C(0x25)
#define ENTRY_W UINT64_C(0x27)
#define LOW_FRAMES 8 /* device memory */

enum { L4, USER_L4, L3, L2, L1, L1_EMPTY, L1_APART };

static uint64_t next_take = SIM_FRAMES;

static mfn_t take(uint64_t nr)
{
    next_take -= nr;
    memset(machine_map(_mfn(next_take)), 0, nr << PAGE_SHIFT);
    return _mfn(next_take);
}

static void entry_set(mfn_t table, unsigned slot, mfn_t frame, uint64_t flags)
{
    ((uint64_t *)machine_map(table))[slot] = mfn_to_maddr(frame) | flags;
}

static bool frames_get(struct domain *d, mfn_t *out, unsigned nr)
{
    for (unsigned i = 0; i < nr; i++) {
        out[i] = frames_alloc(&d->mm, 0, 0);
        if (mfn_eq(out[i], MFN_INVALID))
            return false;
        machine_clear_frame(out[i]);
        m2p_set(out[i], i);
    }
    return true;
}

static bool tables_make(struct domain *d, mfn_t table[WORLD_TABLES])
{
    mfn_t data[WORLD_DATA + WORLD_SPARE];

    if (!frames_get(d, table, WORLD_TABLES) || !frames_get(d, data, ARRAY_SIZE(data)) ||
        grant_table_grow(d, 2))
        return false;
    entry_set(table[L4], 0, table[L3], ENTRY_W);
    entry_set(table[USER_L4], 0, table[L3], ENTRY_W);
    entry_set(table[L3], 0, table[L2], ENTRY_W);
    entry_set(table[L2], 0, table[L1], ENTRY_W);
    entry_set(table[L2], 1, table[L1_EMPTY], ENTRY_W);
    for (unsigned i = 0; i < WORLD_DATA; i++)
        entry_set(table[L1], i, data[i], ENTRY_W);
    for (unsigned i = 0; i < WORLD_TABLES; i++)
        entry_set(table[L1], WORLD_DATA + i, table[i], ENTRY_R);
    entry_set(table[L1], 15, maddr_to_mfn(machine_maddr(d->shared)), ENTRY_W);
    entry_set(table[L1], 16, grant_table_frame(d, 0), ENTRY_W);
    entry_set(table[L1], 17, grant_table_frame(d, 1), ENTRY_W);
    return true;
}

static bool vcpu_start(struct domain *d, unsigned id, mfn_t l4, mfn_t user_l4)
{
    static struct vcpu_guest_context c;
    struct vcpu *v;
    int rc;

    if (vcpu_create(d, id, &v))
        return false;
    memset(&c, 0, sizeof(c));
    c.flags = VGCF_in_kernel;
    c.user_regs.rip = 0x400;
    c.user_regs.cs = FLAT_KERNEL_CS;
    c.user_regs.ss = FLAT_KERNEL_SS;
    c.user_regs.rsp = c.kernel_sp = (2 + id) * PAGE_SIZE;
    c.kernel_ss = FLAT_KERNEL_SS;
    c.ctrlreg[3] = xen_pfn_to_cr3(mfn_x(l4));
    c.ctrlreg[1] = xen_pfn_to_cr3(mfn_x(user_l4)) | 1;
    c.event_callback_eip = 0x500;
    c.failsafe_callback_eip = 0x600;
    c.syscall_callback_eip = 0x700;
    for (unsigned i = 0; i < 256; i++)
        c.trap_ctxt[i] = (struct trap_info){ .vector = (uint8_t)i, .cs = FLAT_KERNEL_CS,
                                             .address = 0x1000 + i };
    rc = vcpu_set_context(v, &c);
    if (rc)
        return false;
    vcpu_unpause(v, VCPU_PAUSED_DOWN);
    return true;
}

static void unmake(struct domain *d)
{
    int rc;

    while ((rc = domain_destroy(d)) != 0)
        BUG_ON(rc != -ERESTART);
    domains_reap();
}

struct domain *world_domain(domid_t id)
{
    mfn_t table[WORLD_TABLES];
    struct domain *d;

    if (domain_create(id, SIM_VCPUS, id == 0, &d))
        return NULL;
    d->mm.frames_max = WORLD_TABLES + WORLD_DATA + WORLD_SPARE + 6;
    if (!tables_make(d, table) || pt_pin(&d->mm, table[L4], PT_L4)) {
        unmake(d);
        return NULL;
    }
    for (unsigned i = 0; i < SIM_VCPUS; i++) {
        if (!vcpu_start(d, i, table[L4], table[USER_L4])) {
            unmake(d);
            return NULL;
        }
    }
    while (d->pause_count) /* as tools get it */
        domain_unpause(d);
    return d;
}

void world_build(void *unused)
{
    (void)unused;
    for (unsigned cpu = 0; cpu < SIM_CPUS; cpu++)
        sim.cpu[cpu].deadline_ns = UINT64_MAX;
    sim.next_vector = 0x40;
    sim.now_ns = 1000000000;
    frames_init(SIM_RAM_BYTES, take);
    frames_add_device(0, LOW_FRAMES * PAGE_SIZE);
    frames_add(LOW_FRAMES * PAGE_SIZE, next_take << PAGE_SHIFT);
    log_set_levels(LOG_ERROR, -1);
    time_init();
    sched_init();
    console_init();
    audit_init();
    for (unsigned id = 0; id < SIM_DOMAINS; id++)
        BUG_ON(!world_domain((domid_t)id));
}
