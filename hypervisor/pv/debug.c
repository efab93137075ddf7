/* SPDX-License-Identifier: MIT */
/*
 * Debug registers. The guest's are loaded as they are, so they may not point into the hypervisor.
 * I/O breakpoints are remembered and read back, but never loaded: ports are emulated, and the
 * processor would report the hypervisor's own accesses.
 */
#include "lib/errno.h"
#include "pv/guest_cpu.h"
#include "sys/percpu.h"

#define CR4_DE        UINT64_C(0x8)
#define DR6_RESET     UINT64_C(0xffff0ff0)
#define DR6_WRITABLE  UINT64_C(0xe00f)
#define DR7_RESET     UINT64_C(0x400)
#define DR7_WRITABLE  UINT64_C(0xffff03ff) /* enables, LE and GE, conditions */
#define DR7_GD        (UINT64_C(1) << 13)
#define DR7_ENABLE(i) (UINT64_C(3) << (2 * (i)))
#define DR7_COND(i)   (UINT64_C(0xf) << (16 + 4 * (i)))
#define DR7_IS_IO(d, i) (((d) >> (16 + 4 * (i)) & 3) == 2)

void debugreg_reset(struct vcpu *v)
{
    for (unsigned i = 0; i < 4; i++)
        v->arch.dr[i] = 0;
    v->arch.dr6 = DR6_RESET;
    v->arch.dr7 = DR7_RESET;
    v->arch.dr7_io = 0;
}

static int control_set(struct guest_cpu *g, uint64_t value)
{
    uint64_t io = 0;

    if (value & DR7_GD)
        return -EPERM;
    value &= DR7_WRITABLE;
    for (unsigned i = 0; i < 4; i++) {
        if (!DR7_IS_IO(value, i))
            continue;
        if ((value & DR7_ENABLE(i)) && !(g->cr4 & CR4_DE))
            return -EPERM;
        /* A disabled one, too: its condition must not become reserved when CR4.DE is off. */
        io |= value & (DR7_ENABLE(i) | DR7_COND(i));
    }
    g->dr7_io = io;
    g->dr7 = (value & ~io) | DR7_RESET;
    return 0;
}

/* 4 and 5 are other names of 6 and 7 without debug extensions. -1: no such register. */
static int debugreg_number(const struct guest_cpu *g, unsigned reg)
{
    if (reg == 4 || reg == 5)
        return g->cr4 & CR4_DE ? -1 : (int)reg + 2;
    return reg < 8 ? (int)reg : -1;
}

bool debug_address_ok(uint64_t address)
{
    return is_canonical(address) && (address < HYPERVISOR_START || address >= HYPERVISOR_END);
}

int debugreg_set(struct vcpu *v, unsigned reg, uint64_t value)
{
    struct guest_cpu *g = &v->arch;
    int number = debugreg_number(g, reg), rc = 0;

    if (number < 0)
        return -ENODEV;
    if (number < 4) {
        if (!debug_address_ok(value))
            return -EPERM;
        g->dr[number] = value;
    } else if (value >> 32 != 0) {
        return -EINVAL;
    } else if (number == 6) {
        g->dr6 = DR6_RESET | (value & DR6_WRITABLE);
    } else {
        rc = control_set(g, value);
    }
    if (rc == 0 && v == current)
        machine_load_debug(g);
    return rc;
}

int debugreg_get(struct vcpu *v, unsigned reg, uint64_t *value)
{
    const struct guest_cpu *g = &v->arch;
    int number = debugreg_number(g, reg);

    if (number < 0)
        return -ENODEV;
    *value = number < 4 ? g->dr[number] : number == 6 ? g->dr6 : g->dr7 | g->dr7_io;
    return 0;
}
