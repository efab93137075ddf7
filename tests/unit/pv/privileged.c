/* SPDX-License-Identifier: MIT */
/*
 * pv/privileged.c, pv/msr.c and pv/cpuid.c: each instruction of a guest kernel that is emulated,
 * what it reads and what it may change; and what is left to be a #GP.
 */
#include "pv/fixture.h"

#define CR0_SEEN  UINT64_C(0x80050033)
#define CR4_FIXED UINT64_C(0x620)
#define TS        UINT64_C(8)
#define BIT32(n)  (UINT32_C(1) << (n))

/* ---- the processor's CPUID: a test fills in what it needs ---- */

static struct {
    uint32_t leaf, sub, out[4];
} leaves[16];
static unsigned nr_leaves;

static void leaf_set(uint32_t leaf, uint32_t sub, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    leaves[nr_leaves].leaf = leaf;
    leaves[nr_leaves].sub = sub;
    memcpy(leaves[nr_leaves++].out, (uint32_t[]){ a, b, c, d }, sizeof(leaves[0].out));
}

/* The last one set of a leaf counts. */
void machine_cpuid(uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    memset(out, 0, 4 * sizeof(out[0]));
    for (unsigned i = 0; i < nr_leaves; i++)
        if (leaves[i].leaf == leaf && leaves[i].sub == sub)
            memcpy(out, leaves[i].out, sizeof(leaves[i].out));
}

static void start(void)
{
    nr_leaves = 0;
    leaf_set(0, 0, 0x1f, 0x756e6547, 0x6c65746e, 0x49656e69);
    leaf_set(0x80000000, 0, 0x80000021, 0, 0, 0);
    leaf_set(1, 0, 0xa0655, 0xff, UINT32_MAX, UINT32_MAX);
    leaf_set(7, 0, 2, UINT32_MAX, UINT32_MAX, UINT32_MAX);
    leaf_set(7, 1, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX);
    leaf_set(0xd, 2, 256, 576, 0, 0);
    leaf_set(0xd, 5, 64, 1088, 0, 0);
    leaf_set(0xd, 6, 512, 1152, 0, 0);
    leaf_set(0xd, 7, 1024, 1664, 0, 0);
    guest_start();
}

static bool step(const void *bytes, size_t n)
{
    regs->rip = CODE;
    code_put(bytes, n);
    return emulate_privileged(v);
}
#define STEP(...) step((const uint8_t[]){ __VA_ARGS__ }, sizeof((uint8_t[]){ __VA_ARGS__ }))
/* The guest gets its #GP, and nothing has moved. */
#define REFUSED(...)                                                                               \
    do {                                                                                           \
        ck_assert(!STEP(__VA_ARGS__));                                                             \
        ck_assert_uint_eq(regs->rip, CODE);                                                        \
    } while (0)

/* ---- control registers ---- */

START_TEST(cr0)
{
    ck_assert(STEP(0x0f, 0x20, 0xc3)); /* mov %cr0, %rbx */
    ck_assert_uint_eq(regs->rbx, CR0_SEEN);
    ck_assert_uint_eq(regs->rip, CODE + 3);
    regs->rax = CR0_SEEN | TS;
    ck_assert(STEP(0x0f, 0x22, 0xc0));
    ck_assert_uint_eq(g->cr0_ts, TS);
    ck_assert(STEP(0x0f, 0x20, 0xc3));
    ck_assert_uint_eq(regs->rbx, CR0_SEEN | TS);
    regs->rax = CR0_SEEN & ~UINT64_C(0x10000); /* no WP */
    REFUSED(0x0f, 0x22, 0xc0);
    ck_assert_uint_eq(g->cr0_ts, TS);
    ck_assert(STEP(0x0f, 0x06)); /* clts */
    ck_assert_uint_eq(g->cr0_ts, 0);
    regs->rbx = 0xb; /* lmsw %bx: TS, and MP and PE as they are */
    ck_assert(STEP(0x0f, 0x01, 0xf3));
    ck_assert_uint_eq(g->cr0_ts, TS);
    regs->rbx = 0xffffffffffff0003;
    ck_assert(STEP(0x0f, 0x01, 0xf3));
    ck_assert_uint_eq(g->cr0_ts, 0);
    regs->rbx = 0x7; /* EM */
    REFUSED(0x0f, 0x01, 0xf3);
    REFUSED(0x0f, 0x01, 0x30); /* from memory */
    REFUSED(0x0f, 0x01, 0xe3); /* smsw */
}
END_TEST

START_TEST(cr2_and_cr3)
{
    shared_page.vcpu_info[0].arch.cr2 = 0x123;
    ck_assert(STEP(0x0f, 0x20, 0xd0));
    ck_assert_uint_eq(regs->rax, 0x123);
    regs->rax = 0x456;
    ck_assert(STEP(0x0f, 0x22, 0xd0));
    ck_assert_uint_eq(g->cr2, 0x456);
    ck_assert_uint_eq(shared_page.vcpu_info[0].arch.cr2, 0x456);
    ck_assert(STEP(0x0f, 0x20, 0xd8));
    ck_assert_uint_eq(regs->rax, mfn_to_maddr(KERNEL_L4));
    regs->rax = mfn_to_maddr(_mfn(18));
    ck_assert(STEP(0x0f, 0x22, 0xd8));
    ck_assert_uint_eq(g->cr3_kernel, mfn_to_maddr(_mfn(18)));
    ck_assert_uint_eq(regs->rip, CODE + 3);
    machine.root_restarts = 1;
    regs->rax = mfn_to_maddr(_mfn(19));
    ck_assert(STEP(0x0f, 0x22, 0xd8)); /* once more */
    ck_assert_uint_eq(regs->rip, CODE);
    ck_assert(STEP(0x0f, 0x22, 0xd8));
    ck_assert_uint_eq(regs->rip, CODE + 3);
    regs->rax = 0;
    REFUSED(0x0f, 0x22, 0xd8);
    ck_assert_uint_eq(g->cr3_kernel, mfn_to_maddr(_mfn(19)));
}
END_TEST

START_TEST(cr4)
{
    ck_assert(STEP(0x0f, 0x20, 0xe0));
    ck_assert_uint_eq(regs->rax, CR4_FIXED);
    regs->rax = 0x8; /* DE */
    ck_assert(STEP(0x0f, 0x22, 0xe0));
    ck_assert_uint_eq(g->cr4, CR4_FIXED | 0x8);
    ck_assert(!machine.fsgsbase_set);
    machine.fs = 5; /* by wrfsbase, which stops now or begins */
    regs->rax = UINT64_MAX;
    ck_assert(STEP(0x0f, 0x22, 0xe0));
    ck_assert_uint_eq(g->cr4, CR4_FIXED | 0x5000c);
    ck_assert(machine.fsgsbase);
    ck_assert_uint_eq(g->fs_base, 5);
    regs->rax = 0;
    ck_assert(STEP(0x0f, 0x22, 0xe0));
    ck_assert_uint_eq(g->cr4, CR4_FIXED);
    ck_assert(!machine.fsgsbase);
    REFUSED(0x44, 0x0f, 0x20, 0xc0); /* cr8 */
    REFUSED(0x44, 0x0f, 0x22, 0xc0);
    REFUSED(0x0f, 0x20, 0xc8); /* cr1 */
    REFUSED(0x0f, 0x22, 0xc8);
    leaf_set(1, 0, 0, 0, 0, 0);
    leaf_set(7, 0, 0, 0, 0, 0);
    ck_assert_uint_eq(cr4_fix(UINT64_MAX), CR4_FIXED | 0xc);
}
END_TEST

START_TEST(debug_registers)
{
    regs->rax = 0x1234;
    ck_assert(STEP(0x0f, 0x23, 0xd0)); /* dr2 */
    ck_assert_uint_eq(g->dr[2], 0x1234);
    ck_assert(STEP(0x0f, 0x21, 0xd3));
    ck_assert_uint_eq(regs->rbx, 0x1234);
    regs->rax = UINT64_MAX;
    REFUSED(0x0f, 0x23, 0xf8);
    REFUSED(0x44, 0x0f, 0x23, 0xc0);
    REFUSED(0x44, 0x0f, 0x21, 0xc0);
}
END_TEST

/* ---- extended states ---- */

static bool xsetbv(uint64_t value)
{
    regs->rax = (uint32_t)value;
    regs->rdx = value >> 32;
    return STEP(0x0f, 0x01, 0xd1);
}

START_TEST(extended_control)
{
    static const uint64_t good[] = { 1, 3, 7, 0xe7, 0x1b, 0x1f, 0xff };
    static const uint64_t bad[] = { 0,    2,    5,     0xb,   0x13,
                                    0x23, 0x43, 0x83,  0x67,  0xa7,
                                    0xc7, 0xe3, 0x100, 0x101, UINT64_C(1) << 32 | 1 };

    regs->rcx = 0;
    ck_assert(xsetbv(7)); /* without OSXSAVE: #UD */
    check_at_handler(6);
    ck_assert_uint_eq(g->xcr0, 1);
    g->cr4 |= 0x40000;
    machine.xcr0 = 0xff;
    for (unsigned i = 0; i < ARRAY_SIZE(good); i++) {
        ck_assert(xsetbv(good[i]));
        ck_assert_uint_eq(g->xcr0, good[i]);
        ck_assert_uint_eq(machine.xcr0_loads, i + 1);
        ck_assert_uint_eq(regs->rip, CODE + 3);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
        ck_assert_msg(!xsetbv(bad[i]), "%lx", bad[i]);
    regs->rcx = 1;
    ck_assert(!xsetbv(7));
    ck_assert_uint_eq(g->xcr0, 0xff);
    machine.xcr0 = 3;
    regs->rcx = UINT64_C(1) << 32; /* only ECX counts */
    ck_assert(!xsetbv(7));
    ck_assert(xsetbv(3));
}
END_TEST

/* ---- others ---- */

START_TEST(time_stamps)
{
    host.now_ns = UINT64_C(0x1122334455667788);
    g->tsc_aux = 0x99;
    ck_assert(STEP(0x0f, 0x31));
    ck_assert_uint_eq(regs->rax, 0x55667788);
    ck_assert_uint_eq(regs->rdx, 0x11223344);
    regs->rax = regs->rdx = 0;
    ck_assert(STEP(0x0f, 0x01, 0xf9)); /* rdtscp */
    ck_assert_uint_eq(regs->rax, 0x55667788);
    ck_assert_uint_eq(regs->rdx, 0x11223344);
    ck_assert_uint_eq(regs->rcx, 0x99);
}
END_TEST

void machine_flush_page_local(gva_t va)
{
    machine.flushed_page = va;
}
void machine_flush_caches(void)
{
    machine.cache_flushes++;
}

START_TEST(flushes)
{
    regs->rbx = 0x7000;
    ck_assert(STEP(0x0f, 0x01, 0x7b, 0x10)); /* invlpg 16(%rbx) */
    ck_assert_uint_eq(machine.flushed_page, 0x7010);
    ck_assert_uint_eq(regs->rip, CODE + 4);
    REFUSED(0x0f, 0x01, 0xf8);   /* swapgs */
    ck_assert(STEP(0x0f, 0x09)); /* a domU's wbinvd does nothing */
    ck_assert(STEP(0x0f, 0x08));
    ck_assert_uint_eq(machine.cache_flushes, 0);
    domain.is_control = true;
    ck_assert(STEP(0x0f, 0x09));
    ck_assert(STEP(0x0f, 0x08));
    ck_assert_uint_eq(machine.cache_flushes, 2);
}
END_TEST

START_TEST(interrupt_flag)
{
    REFUSED(0xfa);
    REFUSED(0xfb);
    g->iopl = 1;
    ck_assert(STEP(0xfa));
    ck_assert(STEP(0xfb));
    ck_assert_uint_eq(regs->rip, CODE + 1);
    user_mode();
    REFUSED(0xfa);
    g->iopl = 3;
    ck_assert(STEP(0xfa));
}
END_TEST

START_TEST(only_the_kernel)
{
    regs->rax = XEN_CPUID_FIRST_LEAF;
    ck_assert(STEP(0x0f, 0xa2));
    ck_assert_uint_eq(regs->rcx, XEN_CPUID_SIGNATURE_ECX);
    ck_assert_uint_eq(regs->rdx, XEN_CPUID_SIGNATURE_EDX);
    REFUSED(0xf4);
    REFUSED(0x0f, 0x33);       /* rdpmc */
    REFUSED(0xf0, 0x0f, 0x06); /* lock clts */
    host.fault_start = CODE;
    host.fault_end = CODE + 16;
    REFUSED(0x0f, 0x06);
    host.fault_end = 0;
    regs->cs = FLAT_RING3_CS32; /* its 32-bit code may not either */
    REFUSED(0x0f, 0x06);
    regs->cs = FLAT_KERNEL_CS;
    user_mode();
    REFUSED(0x0f, 0x06);
    regs->rax = XEN_CPUID_FIRST_LEAF;
    ck_assert(STEP(0x0f, 0xa2));
    ck_assert_uint_eq(regs->rbx, XEN_CPUID_SIGNATURE_EBX);
}
END_TEST

/* ---- MSRs ---- */

static bool rdmsr(uint32_t msr)
{
    regs->rcx = UINT64_C(0xffff00000000) | msr;
    regs->rax = regs->rdx = UINT64_MAX;
    return STEP(0x0f, 0x32);
}
#define RDMSR(msr, wanted)                                                                         \
    do {                                                                                           \
        ck_assert(rdmsr(msr));                                                                     \
        ck_assert_uint_eq(regs->rdx << 32 | regs->rax, (uint64_t)(wanted));                        \
    } while (0)
static bool wrmsr(uint32_t msr, uint64_t value)
{
    regs->rcx = msr;
    regs->rax = UINT64_C(0xffffffff00000000) | value;
    regs->rdx = UINT64_C(0xffffffff00000000) | value >> 32;
    return STEP(0x0f, 0x30);
}

START_TEST(msr_bases)
{
    machine.fs = 1, machine.gs = 2, machine.gs_other = 3;
    RDMSR(0xc0000100, 1);
    RDMSR(0xc0000101, 2);
    RDMSR(0xc0000102, 3);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert(wrmsr(0xc0000100 + i, UINT64_C(0xffffc90000000000) + i));
        ck_assert(!wrmsr(0xc0000100 + i, NOT_CANONICAL));
    }
    ck_assert_uint_eq(machine.fs, UINT64_C(0xffffc90000000000));
    ck_assert_uint_eq(machine.gs, UINT64_C(0xffffc90000000001));
    ck_assert_uint_eq(machine.gs_other, UINT64_C(0xffffc90000000002));
    ck_assert_uint_eq(machine.base_loads, 3);
}
END_TEST

START_TEST(msr_tsc_aux)
{
    ck_assert(wrmsr(0xc0000103, 0x12345678));
    ck_assert_uint_eq(machine.msr_written, 0xc0000103);
    ck_assert_uint_eq(machine.msr_written_value, 0x12345678);
    RDMSR(0xc0000103, 0x12345678);
    ck_assert(!wrmsr(0xc0000103, UINT64_C(1) << 32));
    ck_assert(!wrmsr(0xc0000103, UINT64_C(1) << 33));
    machine.msr_absent = 0xc0000103;
    ck_assert(!wrmsr(0xc0000103, 1));
    ck_assert_uint_eq(g->tsc_aux, 0x12345678);
}
END_TEST

START_TEST(msr_constants)
{
    static const uint32_t empty[] = { 0x179, 0x17a, 0x400, 0x47f, 0xc0010000, 0xc0010007 };
    static const uint32_t real[] = { 0x277, 0x8b, 0x17, 0x1a0 };

    machine.msr_value = UINT64_MAX;
    for (unsigned i = 0; i < ARRAY_SIZE(empty); i++) {
        RDMSR(empty[i], 0);
        ck_assert(wrmsr(empty[i], 1));
    }
    for (unsigned i = 0; i < ARRAY_SIZE(real); i++) {
        RDMSR(real[i], UINT64_MAX);
        machine.msr_absent = real[i];
        ck_assert(!rdmsr(real[i]));
        machine.msr_absent = 0;
    }
    ck_assert(!rdmsr(0x3ff));
    ck_assert(!rdmsr(0x480));
    ck_assert(!rdmsr(0xc000ffff));
    ck_assert(!rdmsr(0xc0010008));
    ck_assert(!rdmsr(0xc00000ff));
    ck_assert(!wrmsr(0x480, 0));
    host.now_ns = 0x99;
    RDMSR(0x10, 0x99);
    RDMSR(0x1b, 0xfee00900);
    RDMSR(0xc0000080, 0xd01);
    RDMSR(0xc0010015, 1 << 24);
    RDMSR(0xc0011029, 2);
    v->id = 1;
    RDMSR(0x1b, 0xfee00800);
    machine.msr_absent = 0xc0010015;
    ck_assert(!rdmsr(0xc0010015));
    machine.msr_absent = 0xc0011029;
    ck_assert(!rdmsr(0xc0011029));
    ck_assert(!wrmsr(0xc0011029, 2));
}
END_TEST

START_TEST(msr_writes)
{
    machine.msr_value = 0x7040600070406;
    ck_assert(wrmsr(0x277, 0x7040600070406));
    ck_assert(!wrmsr(0x277, 0));
    ck_assert(wrmsr(0x8b, 0));
    ck_assert(wrmsr(0xc0010015, 0));
    ck_assert(wrmsr(0xc0011029, 0));
    machine.msr_value = 0xd01;
    ck_assert(wrmsr(0xc0000080, 0xd01));
    ck_assert(!wrmsr(0xc0000080, 0xd00));
    ck_assert(wrmsr(0x1a0, 0xd01));
    machine.msr_absent = 0x1a0;
    ck_assert(!wrmsr(0x1a0, 0xd01));
    ck_assert_uint_eq(machine.msr_written, 0);
}
END_TEST

/* What is not listed: #GP, but for kernels that probe before they can handle one. */
START_TEST(msr_others)
{
    machine.msr_value = 0x55;
    ck_assert(!rdmsr(0x300));
    ck_assert(!wrmsr(0x300, 0));
    domain.msr_relaxed = true;
    RDMSR(0x300, 0);
    ck_assert(wrmsr(0x300, 9));
    domain.msr_relaxed = false;
    ck_assert(!rdmsr(0x300));
    g->traps[13].address = 0;
    RDMSR(0x300, 0);
    ck_assert(wrmsr(0x300, 9));
    machine.msr_absent = 0x300;
    ck_assert(!rdmsr(0x300));
    ck_assert(!wrmsr(0x300, 9));
    ck_assert_uint_eq(machine.msr_written, 0);
}
END_TEST

START_TEST(hypercall_page)
{
    const uint8_t *page = machine_map(_mfn(20));

    ck_assert(wrmsr(XEN_CPUID_FIRST_LEAF, mfn_to_maddr(_mfn(20))));
    ck_assert_uint_eq(records[20].type, PT_WRITABLE);
    ck_assert_uint_eq(records[20].refs, 1);
    for (unsigned nr = 0; nr < 128; nr++) {
        const uint8_t call[] = { 0x51, 0x41, 0x53, 0xb8, (uint8_t)nr, 0,    0,   0,
                                 0x0f, 0x05, 0x41, 0x5b, 0x59,        0xc3, 0xcc };
        const uint8_t iret[] = { 0x51, 0x41, 0x53, 0x50, 0xb8, (uint8_t)nr,
                                 0,    0,    0,    0x0f, 0x05, 0xcc };

        if (nr == __HYPERVISOR_iret)
            ck_assert_mem_eq(page + 32 * nr, iret, sizeof(iret));
        else
            ck_assert_mem_eq(page + 32 * nr, call, sizeof(call));
        ck_assert_uint_eq(page[32 * nr + 31], 0xcc);
    }
    ck_assert(!wrmsr(XEN_CPUID_FIRST_LEAF, mfn_to_maddr(_mfn(20)) + 1));
    ck_assert(!wrmsr(XEN_CPUID_FIRST_LEAF, mfn_to_maddr(_mfn(50))));
}
END_TEST

/* ---- CPUID ---- */

static const uint32_t *cpuid(uint32_t leaf, uint32_t sub)
{
    static uint32_t out[4];

    cpuid_policy(&domain, leaf, sub, out);
    return out;
}

START_TEST(cpuid_limits)
{
    ck_assert_uint_eq(cpuid(0, 0)[0], 0xd);
    ck_assert_uint_eq(cpuid(0, 0)[1], 0x756e6547);
    ck_assert_uint_eq(cpuid(0x80000000, 0)[0], 0x80000008);
    leaf_set(0xb, 0, 1, 1, 1, 1);
    leaf_set(3, 0, 1, 1, 1, 1);
    leaf_set(4, 0, 9, 9, 9, 9);
    ck_assert_uint_eq(cpuid(0xb, 0)[0], 0);
    ck_assert_uint_eq(cpuid(3, 0)[3], 0);
    ck_assert_uint_eq(cpuid(4, 0)[3], 9);
    leaf_set(0, 0, 3, 0, 0, 0);
    ck_assert_uint_eq(cpuid(4, 0)[3], 0); /* the processor has no such leaf */
    ck_assert_uint_eq(cpuid(0, 0)[0], 3);
    leaf_set(0, 0, 4, 0, 0, 0);
    ck_assert_uint_eq(cpuid(4, 0)[3], 9);
    leaf_set(0x80000000, 0, 0x80000004, 0, 0, 0);
    ck_assert_uint_eq(cpuid(0x80000000, 0)[0], 0x80000004);
}
END_TEST

START_TEST(cpuid_features)
{
    const uint32_t avx = BIT32(12) | BIT32(28) | BIT32(29);

    ck_assert_uint_eq(cpuid(1, 0)[0], 0xa0655);
    ck_assert_uint_eq(cpuid(1, 0)[1], 0x100ff);
    ck_assert_uint_eq(cpuid(1, 0)[2], 0x76d83203u | BIT32(31));
    ck_assert_uint_eq(cpuid(1, 0)[3], 0x0fc9cbf5);
    machine.xcr0 = 3;
    ck_assert_uint_eq(cpuid(1, 0)[2], (0x76d83203u | BIT32(31)) & ~avx);
    g->cr4 |= 0x40000;
    ck_assert(cpuid(1, 0)[2] & BIT32(27));
    leaf_set(1, 0, 0, 0, 0, 0);
    ck_assert(!(cpuid(1, 0)[2] & BIT32(27))); /* no XSAVE at all */
    leaf_set(1, 0, 0, 0, BIT32(26), 0);
    g->cr4 = 0;
    ck_assert(!(cpuid(1, 0)[2] & BIT32(27)));
    current = &vcpus[1];
    vcpus[1].domain = NULL; /* a tool of another domain asks */
    ck_assert(cpuid(1, 0)[2] & BIT32(27));
    current = NULL;
    ck_assert(cpuid(1, 0)[2] & BIT32(27));
}
END_TEST

START_TEST(cpuid_leaf_7)
{
    ck_assert_uint_eq(cpuid(7, 0)[0], 1);
    ck_assert_uint_eq(cpuid(7, 0)[1], 0xf1af0369);
    ck_assert_uint_eq(cpuid(7, 0)[2], 0x18405f42);
    ck_assert_uint_eq(cpuid(7, 0)[3], 0x451c);
    ck_assert_uint_eq(cpuid(7, 1)[0], 0x1c10);
    ck_assert_uint_eq(cpuid(7, 1)[1] | cpuid(7, 1)[2] | cpuid(7, 1)[3], 0);
    leaf_set(7, 2, 1, 1, 1, 1);
    ck_assert_uint_eq(cpuid(7, 2)[0] | cpuid(7, 2)[1], 0);
    machine.xcr0 = 0x67; /* not all of AVX-512 */
    ck_assert_uint_eq(cpuid(7, 0)[1], 0xf1af0369 & ~0xd0230000);
    ck_assert_uint_eq(cpuid(7, 0)[2], 0x18405f42 & ~0x5842);
    ck_assert_uint_eq(cpuid(7, 0)[3], 0x451c & ~0x10c);
    machine.xcr0 = 3;
    ck_assert_uint_eq(cpuid(7, 0)[1], 0xf1af0369 & ~0xd0230020);
}
END_TEST

START_TEST(cpuid_xsave)
{
    leaf_set(0xd, 0, 0xff, 1, 2, 3);
    leaf_set(0xd, 1, 0xff, 9, 9, 9);
    ck_assert_uint_eq(cpuid(0xd, 0)[0], 0xe7);
    ck_assert_uint_eq(cpuid(0xd, 0)[1], 576);
    ck_assert_uint_eq(cpuid(0xd, 0)[2], 2688);
    g->xcr0 = 7;
    ck_assert_uint_eq(cpuid(0xd, 0)[1], 832);
    g->xcr0 = 0x67;
    ck_assert_uint_eq(cpuid(0xd, 0)[1], 1664);
    ck_assert_uint_eq(cpuid(0xd, 0)[3], 0);
    ck_assert_uint_eq(cpuid(0xd, 2)[0], 256);
    ck_assert_uint_eq(cpuid(0xd, 2)[1], 576);
    leaf_set(0xd, 3, 64, 960, 0, 0);
    ck_assert_uint_eq(cpuid(0xd, 3)[0], 0); /* not one that guests have */
    leaf_set(0xd, 63, 1, 1, 1, 1);
    leaf_set(0xd, 66, 1, 1, 1, 1);
    ck_assert_uint_eq(cpuid(0xd, 63)[0] | cpuid(0xd, 66)[0], 0);
    current = NULL;
    ck_assert_uint_eq(cpuid(0xd, 0)[1], 2688);
}
END_TEST

START_TEST(cpuid_hypervisor)
{
    ck_assert_uint_eq(cpuid(XEN_CPUID_FIRST_LEAF, 0)[0], XEN_CPUID_FIRST_LEAF + 5);
    ck_assert_uint_eq(cpuid(XEN_CPUID_FIRST_LEAF, 0)[1], XEN_CPUID_SIGNATURE_EBX);
    ck_assert_uint_eq(cpuid(XEN_CPUID_FIRST_LEAF + 1, 0)[0], 0x40011);
    ck_assert_uint_eq(cpuid(XEN_CPUID_FIRST_LEAF + 2, 0)[0], 1);
    ck_assert_uint_eq(cpuid(XEN_CPUID_FIRST_LEAF + 2, 0)[1], XEN_CPUID_FIRST_LEAF);
    ck_assert_uint_eq(cpuid(XEN_CPUID_FIRST_LEAF + 2, 0)[2],
                      XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD);
    ck_assert_uint_eq(cpuid(XEN_CPUID_FIRST_LEAF + 3, 0)[0], 6);
    ck_assert_uint_eq(cpuid(XEN_CPUID_FIRST_LEAF + 3, 0)[1], 2);
    ck_assert_uint_eq(cpuid(XEN_CPUID_FIRST_LEAF + 3, 0)[2], 1000000);
    ck_assert_uint_eq(cpuid(XEN_CPUID_FIRST_LEAF + 3, 1)[2], 1u << 31);
    ck_assert_uint_eq(cpuid(XEN_CPUID_FIRST_LEAF + 3, 1)[3], 1);
    ck_assert_uint_eq(cpuid(XEN_CPUID_FIRST_LEAF + 3, 2)[0], 1000000);
    ck_assert_uint_eq(cpuid(XEN_CPUID_FIRST_LEAF + 3, 3)[0], 0);
    ck_assert_uint_eq(cpuid(XEN_CPUID_FIRST_LEAF + 4, 0)[0], 0);
    ck_assert_uint_eq(cpuid(XEN_CPUID_FIRST_LEAF + 5, 0)[1], 46);
    ck_assert_uint_eq(cpuid(XEN_CPUID_FIRST_LEAF + 6, 0)[0], 0);
}
END_TEST

START_TEST(cpuid_power)
{
    leaf_set(0x80000007, 0, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX);
    leaf_set(0x80000008, 0, 0x123456, UINT32_MAX, 1, 1);
    ck_assert_uint_eq(cpuid(0x80000007, 0)[3], 0);
    domain.is_control = true;
    ck_assert_uint_eq(cpuid(0x80000007, 0)[3], BIT32(8));
    ck_assert_uint_eq(cpuid(0x80000007, 0)[0], 0);
    ck_assert_uint_eq(cpuid(0x80000008, 0)[0], 0x3456);
    ck_assert_uint_eq(cpuid(0x80000008, 0)[1], 5);
    ck_assert_uint_eq(cpuid(0x80000008, 0)[2], 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        cr0,
        cr2_and_cr3,
        cr4,
        debug_registers,
        extended_control,
        time_stamps,
        flushes,
        interrupt_flag,
        only_the_kernel,
        msr_bases,
        msr_tsc_aux,
        msr_constants,
        msr_writes,
        msr_others,
        hypercall_page,
        cpuid_limits,
        cpuid_features,
        cpuid_leaf_7,
        cpuid_xsave,
        cpuid_hypervisor,
        cpuid_power,
    };

    return FIXTURE_RUN_FROM("pv/privileged", start, tests);
}
