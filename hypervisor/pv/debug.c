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

    if (value >> 32 != 0)
        return -EINVAL;
    if (value & DR7_GD)
        return -EPERM;
    value &= DR7_WRITABLE;
    for (unsigned i = 0; i < 4; i++) {
        if (!(value & DR7_ENABLE(i)) || !DR7_IS_IO(value, i))
            continue;
        if (!(g->cr4 & CR4_DE))
            return -EPERM;
        io |= value & (DR7_ENABLE(i) | DR7_COND(i));
    }
    g->dr7_io = io;
    g->dr7 = (value & ~io) | DR7_RESET;
    /* A disabled one with an I/O condition must not become reserved when CR4.DE is off. */
    for (unsigned i = 0; i < 4; i++)
        if (DR7_IS_IO(g->dr7, i)) {
            g->dr7_io |= g->dr7 & DR7_COND(i);
            g->dr7 &= ~DR7_COND(i);
        }
    return 0;
}

int debugreg_set(struct vcpu *v, unsigned reg, uint64_t value)
{
    struct guest_cpu *g = &v->arch;
    int rc = 0;

    switch (reg) {
    case 0: case 1: case 2: case 3:
        if (!is_canonical(value) || (value >= HYPERVISOR_START && value < HYPERVISOR_END))
            return -EPERM;
        g->dr[reg] = value;
        break;
    case 4:
        if (g->cr4 & CR4_DE)
            return -ENODEV;
        /* fall through */
    case 6:
        if (value >> 32 != 0)
            return -EINVAL;
        g->dr6 = DR6_RESET | (value & DR6_WRITABLE);
        break;
    case 5:
        if (g->cr4 & CR4_DE)
            return -ENODEV;
        /* fall through */
    case 7:
        rc = control_set(g, value);
        break;
    default:
        return -ENODEV;
    }
    if (rc == 0 && v == current)
        machine_load_debug(g);
    return rc;
}

int debugreg_get(struct vcpu *v, unsigned reg, uint64_t *value)
{
    const struct guest_cpu *g = &v->arch;

    if (reg > 7 || ((reg == 4 || reg == 5) && (g->cr4 & CR4_DE)))
        return -ENODEV;
    if (reg < 4)
        *value = g->dr[reg];
    else if (reg == 4 || reg == 6)
        *value = g->dr6;
    else
        *value = g->dr7 | g->dr7_io;
    return 0;
}
