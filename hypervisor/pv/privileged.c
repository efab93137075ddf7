/* SPDX-License-Identifier: MIT */
/*
 * Privileged instructions of a guest, from their #GP, and the forced-emulation CPUID from its #UD.
 * What a real kernel in ring 0 could do and a guest may not is left to become the guest's #GP.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/guest.h"
#include "pv/guest_cpu.h"
#include "pv/trap.h"

#define CR0_VISIBLE UINT64_C(0x80050033) /* PG AM WP NE ET MP PE */
#define CR0_TS      UINT64_C(8)
#define CR4_FSGSBASE UINT64_C(0x10000)
#define CR4_OSXSAVE  UINT64_C(0x40000)
#define LMSW_MASK   0xfu

#define XCR0_X87    UINT64_C(0x01)
#define XCR0_SSE    UINT64_C(0x02)
#define XCR0_AVX    UINT64_C(0x04)
#define XCR0_MPX    UINT64_C(0x18)
#define XCR0_AVX512 UINT64_C(0xe0)

#define VECTOR_UD    6

static int cr_read(struct vcpu *v, unsigned cr, uint64_t *value)
{
    const struct guest_cpu *g = &v->arch;

    switch (cr) {
    case 0:
        *value = CR0_VISIBLE | g->cr0_ts;
        return 0;
    case 2:
        *value = READ_ONCE(g->info->arch.cr2); /* the guest may have read and changed it there */
        return 0;
    case 3:
        *value = xen_pfn_to_cr3(xen_cr3_to_pfn(g->cr3_kernel));
        return 0;
    case 4:
        *value = g->cr4;
        return 0;
    default:
        return -EFAULT;
    }
}

static void cr4_write(struct vcpu *v, uint64_t value)
{
    struct guest_cpu *g = &v->arch;

    value = cr4_fix(value);
    if ((value ^ g->cr4) & CR4_FSGSBASE) {
        machine_save_bases(g);
        machine_set_fsgsbase(value & CR4_FSGSBASE);
    }
    g->cr4 = value;
}

/* Here and below: 0, -ERESTART; any other error is a #GP. */
static int cr_write(struct vcpu *v, unsigned cr, uint64_t value)
{
    int rc;

    switch (cr) {
    case 0:
        if ((value ^ CR0_VISIBLE) & ~CR0_TS)
            return -EFAULT;
        fpu_taskswitch(v, value & CR0_TS);
        return 0;
    case 2:
        v->arch.cr2 = value;
        WRITE_ONCE(v->arch.info->arch.cr2, value);
        return 0;
    case 3:
        rc = root_set_kernel(v, _mfn(xen_cr3_to_pfn(value)));
        return rc == 0 || rc == -ERESTART ? rc : -EFAULT;
    case 4:
        cr4_write(v, value);
        return 0;
    default:
        return -EFAULT;
    }
}

static uint64_t edx_eax(const struct guest_regs *regs)
{
    return (regs->rdx << 32) | (uint32_t)regs->rax;
}

static void set_edx_eax(struct guest_regs *regs, uint64_t value)
{
    regs->rax = (uint32_t)value;
    regs->rdx = value >> 32;
}

/* Components come in groups; a subset of the host's that breaks one would fault on XSETBV. */
static bool xcr0_ok(uint64_t x)
{
    if ((x & ~machine_xcr0()) || !(x & XCR0_X87))
        return false;
    if ((x & XCR0_AVX) && !(x & XCR0_SSE))
        return false;
    if ((x & XCR0_MPX) && (x & XCR0_MPX) != XCR0_MPX)
        return false;
    return !(x & XCR0_AVX512) || ((x & XCR0_AVX512) == XCR0_AVX512 && (x & XCR0_AVX));
}

static int xsetbv(struct vcpu *v)
{
    uint64_t x = edx_eax(&v->arch.regs);

    if (!(v->arch.cr4 & CR4_OSXSAVE)) {
        trap_inject(v, VECTOR_UD, 0);
        return -ERESTART;
    }
    if ((uint32_t)v->arch.regs.rcx != 0 || !xcr0_ok(x))
        return -EFAULT;
    v->arch.xcr0 = x;
    machine_load_xcr0(&v->arch);
    return 0;
}

/* lmsw from a register, invlpg, xsetbv, rdtscp: one opcode, told apart by ModRM. */
static int group_0f01(struct vcpu *v, const struct insn *in)
{
    struct guest_regs *regs = &v->arch.regs;
    uint64_t msw;

    if (in->modrm == 0xd1)
        return xsetbv(v);
    if (in->modrm == 0xf9) {
        set_edx_eax(regs, machine_tsc());
        regs->rcx = (uint32_t)v->arch.tsc_aux;
        return 0;
    }
    if ((in->modrm >> 3 & 7) == 7 && in->has_memory) {
        machine_flush_page_local(insn_address(in, regs));
        return 0;
    }
    if ((in->modrm >> 3 & 7) != 6 || in->has_memory)
        return -EFAULT;
    msw = *insn_register(regs, in->rm) & LMSW_MASK;
    return cr_write(v, 0, (CR0_VISIBLE & ~(uint64_t)LMSW_MASK) | msw);
}

static void cpuid(struct vcpu *v)
{
    struct guest_regs *regs = &v->arch.regs;
    uint32_t out[4];

    cpuid_policy(v->domain, (uint32_t)regs->rax, (uint32_t)regs->rcx, out);
    regs->rax = out[0];
    regs->rbx = out[1];
    regs->rcx = out[2];
    regs->rdx = out[3];
}

/* What only the guest kernel may do. */
static int kernel_insn(struct vcpu *v, const struct insn *in)
{
    struct guest_regs *regs = &v->arch.regs;
    uint64_t *r = insn_register(regs, in->rm), value;

    switch (in->opcode) {
    case 0x0f01:
        return group_0f01(v, in);
    case 0x0f06:
        fpu_taskswitch(v, false);
        return 0;
    case 0x0f08: /* invd would lose data of others: treated as wbinvd */
    case 0x0f09:
        if (v->domain->is_control)
            machine_flush_caches();
        return 0;
    case 0x0f20:
        return cr_read(v, in->reg, r);
    case 0x0f21:
        return debugreg_get(v, in->reg, r);
    case 0x0f22:
        return cr_write(v, in->reg, *r);
    case 0x0f23:
        return debugreg_set(v, in->reg, *r);
    case 0x0f30:
        return msr_write(v, (uint32_t)regs->rcx, edx_eax(regs));
    case 0x0f31:
        set_edx_eax(regs, machine_tsc());
        return 0;
    case 0x0f32:
        if (msr_read(v, (uint32_t)regs->rcx, &value) != 0)
            return -EFAULT;
        set_edx_eax(regs, value);
        return 0;
    default:
        return -EFAULT; /* hlt, rdpmc */
    }
}

static int any_mode_insn(struct vcpu *v, const struct insn *in)
{
    switch (in->opcode) {
    case 0xfa: /* cli and sti: allowed or not, but without effect */
    case 0xfb:
        return v->arch.iopl >= guest_level(&v->arch) ? 0 : -EFAULT;
    case 0x0fa2:
        cpuid(v);
        return 0;
    default:
        return v->arch.in_kernel && in->is_64 ? kernel_insn(v, in) : -EFAULT;
    }
}

bool emulate_privileged(struct vcpu *v)
{
    struct insn in;
    int rc;

    if (!insn_fetch(v, &in) || in.lock)
        return false;
    if ((in.opcode >= 0x6c && in.opcode <= 0x6f) || (in.opcode >= 0xe4 && in.opcode <= 0xe7) ||
        (in.opcode >= 0xec && in.opcode <= 0xef))
        return emulate_port(v, &in);
    rc = any_mode_insn(v, &in);
    if (rc == -ERESTART)
        return true; /* rip is where it shall be: executed again, or a handler's */
    if (rc != 0)
        return false;
    trap_insn_done(v, in.length);
    return true;
}

bool emulate_invalid_op(struct vcpu *v)
{
    static const uint8_t forced_cpuid[] = { 0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2 };
    uint8_t bytes[sizeof(forced_cpuid)];
    bool is_64;
    gva_t at = code_address(v, &is_64);

    if (copy_from_guest(bytes, guest_ptr(at), sizeof(bytes)) != 0 ||
        memcmp(bytes, forced_cpuid, sizeof(bytes)) != 0)
        return false;
    cpuid(v);
    trap_insn_done(v, sizeof(bytes));
    return true;
}
