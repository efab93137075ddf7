/* SPDX-License-Identifier: MIT */
/*
 * What the attacker does, step by step. Every choice comes from the seed, none from an answer, so a
 * seed is an attack that can be repeated.
 */
#include "attack.h"
#include "public/grant_table.h"
#include "public/sched.h"
#include "public/vcpu.h"

#include <string.h>

struct sim_cpu attacker __attribute__((aligned(4096)));

/* Is the list of nr elements where the arguments are? Then it may be read here. */
static bool is_ours(uint64_t list, uint64_t nr, size_t bytes)
{
    return list >= ARGS_VA && list < ARGS_VA + ARGS_BYTES && nr <= 16 &&
           list + nr * bytes <= ARGS_VA + ARGS_BYTES;
}

static bool sets_root(uint64_t list, uint64_t nr)
{
    const struct mmuext_op *op = (const struct mmuext_op *)list;

    if (is_ours(list, nr, sizeof(*op)))
        for (uint64_t i = 0; i < nr; i++)
            if (op[i].cmd == MMUEXT_NEW_BASEPTR)
                return true;
    return false;
}

/* Would it end or stop this domain, or take its handlers or its tables away? */
static bool is_end(uint64_t number, const uint64_t arg[])
{
    switch (number) {
    case __HYPERVISOR_iret:
    case __HYPERVISOR_set_trap_table:
    case __HYPERVISOR_set_callbacks:
    case __HYPERVISOR_callback_op:
    case __HYPERVISOR_stack_switch:
        return true;
    case __HYPERVISOR_mmuext_op:
        return sets_root(arg[0], arg[1]);
    case __HYPERVISOR_sched_op_compat:
        return arg[0] == SCHEDOP_block;
    case __HYPERVISOR_sched_op:
        return arg[0] == SCHEDOP_shutdown || arg[0] == SCHEDOP_poll || arg[0] == SCHEDOP_watchdog;
    case __HYPERVISOR_vcpu_op:
        return arg[0] == VCPUOP_down;
    default:
        return false;
    }
}

/* Such calls are rare: what comes behind them would never be seen. */
static bool is_skipped(const struct call *call)
{
    const struct multicall_entry *list = (const struct multicall_entry *)call->arg[0];
    bool ends = is_end(call->number, call->arg);

    if (call->number == __HYPERVISOR_multicall &&
        is_ours(call->arg[0], call->arg[1], sizeof(*list)))
        for (uint64_t i = 0; i < call->arg[1]; i++)
            ends |= is_end(list[i].op, list[i].args);
    return ends && !chance(32);
}

static void hypercall(const struct domain *d)
{
    struct call call;

    args_reset();
    call_make(&attacker, d, &call);
    if (!is_skipped(&call))
        deed_call(&call);
}

/* A plain instruction on an entry of its own tables, which it sees read-only. */
static void table_write(const struct domain *d)
{
    static const uint8_t code[][8] = {
        { 0x48, 0x89, 0x03 },                   /* mov %rax, (%rbx) */
        { 0x89, 0x03 },                         /* mov %eax, (%rbx) */
        { 0x88, 0x03 },                         /* mov %al, (%rbx) */
        { 0xf0, 0x48, 0x0f, 0xb1, 0x0b },       /* lock cmpxchg %rcx, (%rbx) */
        { 0x48, 0x87, 0x03 },                   /* xchg %rax, (%rbx) */
        { 0xf0, 0x48, 0x0f, 0xba, 0x2b, 0x01 }, /* lock btsq $1, (%rbx) */
        { 0x48, 0x09, 0x03 },                   /* or %rax, (%rbx) */
        { 0x48, 0xc7, 0x03, 0, 0, 0, 0 },       /* movq $0, (%rbx) */
    };
    struct registers r = { .rax = value_entry(d), .rcx = value_entry(d) };
    unsigned page = pick(ARENA_PAGES);

    r.rbx = deed_entry((uint64_t)arena[page]) + (chance(16) ? pick(8) : 0);
    deed_code(code[pick(ARRAY_SIZE(code))], sizeof(code[0]), &r);
}

static uint32_t msr_choose(void)
{
    static const uint32_t known[] = { 0xc0000080, 0xc0000081, 0xc0000082, 0xc0000084, 0xc0000100,
                                      0xc0000101, 0xc0000102, 0xc0000103, 0x1b, 0x10, 0x48, 0x49,
                                      0x174, 0x175, 0x176, 0x1d9, 0x277, 0x2ff, 0x8b, 0x38f };

    return chance(4) ? (uint32_t)pick_word() : known[pick(ARRAY_SIZE(known))];
}

/* What ring 3 may not do, or what must do no harm there; and any bytes. */
static void instruction(const struct domain *d)
{
    static const uint8_t code[][4] = {
        { 0xfa }, { 0xfb }, { 0x0f, 0x20, 0xd8 }, { 0x0f, 0x22, 0xd8 }, { 0x0f, 0x20, 0xc0 },
        { 0x0f, 0x22, 0xc0 }, { 0x0f, 0x22, 0xe0 }, { 0x0f, 0x32 }, { 0x0f, 0x30 }, { 0x0f, 0x32 },
        { 0x0f, 0x30 }, { 0xe4, 0x80 }, { 0xee }, { 0xec }, { 0xef }, { 0x6e }, { 0x6d },
        { 0x0f, 0x06 }, { 0x0f, 0x08 }, { 0x0f, 0x09 }, { 0x0f, 0x21, 0xc0 }, { 0x0f, 0x23, 0xf8 },
        { 0x0f, 0x23, 0xc0 }, { 0x0f, 0x01, 0xd1 }, { 0x0f, 0x01, 0x3b }, { 0x0f, 0xa2 },
        { 0xcd, 0x80 }, { 0xcd, 0x82 }, { 0xcd, 0x02 }, { 0xcc }, { 0xf1 }, { 0x8e, 0xd8 },
        { 0x8e, 0xc0 }, { 0x8e, 0xe0 }, { 0x8e, 0xe8 }, { 0x8e, 0xd0 }, { 0x0f, 0x01, 0xf8 },
        { 0x0f, 0x0b }, { 0x0f, 0x00, 0xd0 }, { 0x0f, 0x01, 0x13 }, { 0x0f, 0x05 }, { 0x0f, 0x34 },
        { 0x0f, 0x01, 0xc1 }, { 0x0f, 0x01, 0xca }, { 0x9d }, { 0xca }, { 0xcf }, { 0x48, 0xcf },
    };
    uint8_t bytes[16];
    struct registers r = { value_any(d), value_va(), msr_choose(), value_any(d) };

    for (unsigned i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(chance(64) ? pick(256) : 0x90);
    if (!chance(16))
        memcpy(bytes, code[pick(ARRAY_SIZE(code))], sizeof(code[0]));
    for (unsigned i = 1; i < 4; i++)
        if (!bytes[i])
            bytes[i] = 0x90;
    deed_code(bytes, sizeof(bytes), &r);
}

/* Pages that will be offered as tables; descriptors look like entries, too. */
static void memory_prepare(const struct domain *d)
{
    deed_write((uint64_t)arena[pick(ARENA_PAGES)] + pick(32) * 8u, chance(4) ? 0 : value_entry(d));
}

static void grant_write(const struct domain *d)
{
    static const uint16_t flags[] = { GTF_permit_access, GTF_permit_access,
                                      GTF_permit_access | GTF_readonly, 0, GTF_accept_transfer };

    deed_grant(pick(16), chance(16) ? (uint16_t)pick_word() : flags[pick(ARRAY_SIZE(flags))],
               value_domid(), (uint32_t)mfn_x(value_frame(d)));
}

void attack_step(const struct domain *d)
{
    unsigned what = pick(32);

    if (!chance(8))
        deed_prepare();
    if (what < 16)
        hypercall(d);
    else if (what < 19)
        memory_prepare(d);
    else if (what < 22)
        table_write(d);
    else if (what < 27)
        instruction(d);
    else if (what < 29)
        grant_write(d);
    else if (what < 30)
        deed_event_word(pick(4), chance(2) ? pick_word() : pick(3));
    else if (what < 31)
        deed_read(value_va());
    else
        deed_write(value_va(), value_any(d));
}
