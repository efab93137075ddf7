/* SPDX-License-Identifier: MIT */
/*
 * A hypercall from the table: any row, with arguments of the row's shapes. Numbers that have no row
 * and shapes that do not fit come too, now and then.
 */
#include "fuzz.h"
#include "hypercall_fuzz.h"
#include "public/domctl.h"
#include "public/platform.h"
#include "public/sysctl.h"

#include <string.h>

#include "sys/log.h"

#define ELEMENTS_MAX 6

static SIM_PER_CPU size_t args_used;

void args_reset(void)
{
    args_used = 0;
}

void *args_take(struct sim_cpu *cpu, size_t bytes, gva_t *va)
{
    size_t at = args_used;

    bytes = ROUND_UP(bytes, 8);
    BUG_ON(bytes > ARGS_BYTES / 2);
    if (bytes > ARGS_BYTES - at)
        at = 0; /* overlapping structures are a guest's right */
    args_used = at + bytes;
    *va = ARGS_VA + at;
    memset(cpu->args + at, 0, bytes);
    return cpu->args + at;
}

static void words_fill(const struct domain *d, void *at, size_t bytes)
{
    for (size_t i = 0; i + 4 <= bytes && i < 128; i += 4) {
        uint64_t value = chance(3) ? value_any(d) : 0;

        memcpy((char *)at + i, &value, i + 8 <= bytes && i % 8 == 0 ? 8 : 4);
        if (value >> 32)
            i += 4;
    }
}

/* ---- lists ----------------------------------------------------------------------------------- */

static void updates_make(struct sim_cpu *cpu, const struct domain *d, struct call *call)
{
    unsigned nr = 1 + pick(ELEMENTS_MAX);
    struct mmu_update *list = args_take(cpu, nr * sizeof(*list), &call->arg[0]);

    for (unsigned i = 0; i < nr; i++) {
        list[i].ptr = value_slot(d) | (chance(4) ? pick(5) : 0);
        list[i].val = value_entry(d);
    }
    call->arg[1] = chance(32) ? value_number() : nr;
    if (chance(3))
        (void)args_take(cpu, 8, &call->arg[2]);
    call->arg[3] = DOMID_SELF;
    if (chance(4))
        call->arg[3] = value_domid() | (chance(2) ? (uint32_t)(value_domid() + 1) << 16 : 0);
}

static void extended_make(struct sim_cpu *cpu, const struct domain *d, struct call *call,
                          unsigned sub)
{
    unsigned nr = 1 + pick(ELEMENTS_MAX);
    struct mmuext_op *list = args_take(cpu, nr * sizeof(*list), &call->arg[0]);

    for (unsigned i = 0; i < nr; i++) {
        list[i].cmd = i == 0 ? sub : pick(19);
        list[i].arg1.mfn = chance(8) ? value_any(d) : mfn_x(value_frame(d));
        list[i].arg2.src_mfn = chance(2) ? value_va() : mfn_x(value_frame(d));
    }
    call->arg[1] = chance(32) ? value_number() : nr;
    if (chance(3))
        (void)args_take(cpu, 8, &call->arg[2]);
    call->arg[3] = chance(4) ? value_domid() : DOMID_SELF;
}

static void multicall_make(struct sim_cpu *cpu, const struct domain *d, struct call *call)
{
    unsigned nr = 1 + pick(4);
    struct multicall_entry *list = args_take(cpu, nr * sizeof(*list), &call->arg[0]);

    for (unsigned i = 0; i < nr; i++) {
        struct call inner;

        call_make(cpu, d, &inner);
        list[i].op = inner.number;
        memcpy(list[i].args, inner.arg, sizeof(list[i].args));
    }
    call->arg[1] = chance(32) ? value_number() : nr;
}

/* ---- by shape -------------------------------------------------------------------------------- */

static uint64_t argument(struct sim_cpu *cpu, const struct domain *d, unsigned row, unsigned i)
{
    const struct hypercall_name *name = &hypercall_names[row];
    const struct fuzz_arg *arg = &fuzz_shapes[row].arg[i];
    size_t bytes = arg->size;
    unsigned nr = 1;
    gva_t va = 0;
    char *at;

    switch (arg->kind) {
    case FUZZ_DOMID:
        return value_domid();
    case FUZZ_MFN:
        return mfn_x(value_frame(d));
    case FUZZ_VCPU:
        return chance(8) ? value_number() : pick(SIM_VCPUS);
    case FUZZ_PTR:
    case FUZZ_STRUCT:
        if (chance(32))
            return value_va();
        nr = arg->kind == FUZZ_PTR && bytes < 1024 ? 1 + pick(ELEMENTS_MAX) : 1;
        at = args_take(cpu, MAX(bytes, sizeof(uint64_t)) * nr, &va);
        for (; nr > 0; nr--, at += bytes)
            if (!struct_fill(d, name->number, name->sub, at, cpu))
                words_fill(d, at, bytes);
        return va;
    case FUZZ_U64:
        return value_any(d);
    default:
        return arg->max && !chance(16) ? pick_word() % (arg->max + 1) : value_number();
    }
}

/* Domains beside those that have a world, with what their making asks for. */
static void domctl_fill(struct xen_domctl *op)
{
    op->domain = (domid_t)(chance(8) ? value_domid() : pick(SIM_DOMAINS + 2));
    if (chance(4))
        return;
    switch (op->cmd) {
    case XEN_DOMCTL_createdomain:
        memset(&op->u, 0, sizeof(op->u));
        op->u.createdomain.max_vcpus = 1 + pick(2);
        op->u.createdomain.grant_opts = 1;
        op->u.createdomain.max_evtchn_port = UINT32_MAX;
        op->u.createdomain.max_grant_frames = op->u.createdomain.max_maptrack_frames = -1;
        break;
    case XEN_DOMCTL_max_vcpus:
        op->u.max_vcpus.max = 1 + pick(2);
        break;
    case XEN_DOMCTL_max_mem:
        op->u.max_mem.max_memkb = pick(64) * 4;
        break;
    default:
        break;
    }
}

/* platform_op, sysctl, domctl: one structure with the command in front and the row's behind. */
static void header_make(struct sim_cpu *cpu, const struct domain *d, struct call *call,
                        unsigned row)
{
    const struct hypercall_name *name = &hypercall_names[row];
    unsigned behind = name->number == __HYPERVISOR_domctl ? 16 : 8;
    uint32_t *at = args_take(cpu, 256, &call->arg[0]);

    words_fill(d, (char *)at + behind, MAX(fuzz_shapes[row].arg[0].size, 8u));
    at[0] = name->sub;
    at[1] = name->number == __HYPERVISOR_domctl   ? XEN_DOMCTL_INTERFACE_VERSION
            : name->number == __HYPERVISOR_sysctl ? XEN_SYSCTL_INTERFACE_VERSION
                                                  : XENPF_INTERFACE_VERSION;
    if (name->number == __HYPERVISOR_domctl)
        domctl_fill((struct xen_domctl *)(void *)at);
    if (chance(32))
        at[pick(3)] = (uint32_t)value_number();
}

/* Rows that change what is searched for come more often than all the others together. */
static unsigned row_choose(void)
{
    static const struct {
        uint16_t number, sub;
    } favourite[] = {
        { 1, HYPERCALL_NO_SUB }, { 14, HYPERCALL_NO_SUB }, { 26, 0 }, { 26, 1 }, { 26, 2 },
        { 26, 3 }, { 26, 4 }, { 26, 5 }, { 26, 15 }, { 20, 0 }, { 20, 0 }, { 20, 1 }, { 20, 1 },
        { 20, 5 }, { 32, 0 }, { 32, 6 }, { 32, 3 }, { 32, 4 }, { 12, 0 }, { 12, 1 }, { 12, 11 },
        { 2, HYPERCALL_NO_SUB }, { 1, HYPERCALL_NO_SUB }, { 1, HYPERCALL_NO_SUB },
    };
    unsigned i = pick(2 * ARRAY_SIZE(favourite));

    if (i < ARRAY_SIZE(favourite))
        for (unsigned row = 0; row < HYPERCALL_IDS; row++)
            if (hypercall_names[row].number == favourite[i].number &&
                hypercall_names[row].sub == favourite[i].sub)
                return row;
    return pick(HYPERCALL_IDS);
}

/* Calls that only stop a vCPU or the machine are rare: the run would be over soon. */
static bool is_end(unsigned number, unsigned sub)
{
    return number == __HYPERVISOR_sched_op && (sub == 2 || sub == 4);
}

void call_make(struct sim_cpu *cpu, const struct domain *d, struct call *call)
{
    unsigned row = row_choose();
    const struct hypercall_name *name = &hypercall_names[row];
    const struct fuzz_shape *shape = &fuzz_shapes[row];
    unsigned first = shape->select == FUZZ_CMD || shape->select == FUZZ_EXTENT_CMD;

    memset(call, 0, sizeof(*call));
    call->number = chance(64) ? value_number() : name->number;
    if (is_end(name->number, name->sub) && !chance(64))
        return;
    if (name->number == __HYPERVISOR_mmu_update)
        updates_make(cpu, d, call);
    else if (name->number == __HYPERVISOR_multicall)
        multicall_make(cpu, d, call);
    else if (shape->select == FUZZ_ELEMENT)
        extended_make(cpu, d, call, name->sub);
    else if (shape->select == FUZZ_HEADER)
        header_make(cpu, d, call, row);
    else
        for (unsigned i = 0; i < shape->nr_args && first + i < 6; i++)
            call->arg[first + i] = argument(cpu, d, row, i);
    if (first)
        call->arg[0] = name->sub | (chance(16) ? pick_word() << 6 : 0);
    if (name->number == __HYPERVISOR_grant_table_op && !chance(32))
        call->arg[2] = 1 + pick(ELEMENTS_MAX);
    if (name->number == __HYPERVISOR_update_va_mapping && !chance(8))
        call->arg[1] = value_entry(d), call->arg[2] = chance(2) ? pick(8) : 0,
        call->arg[0] = value_va();
}
