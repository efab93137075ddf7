/* SPDX-License-Identifier: MIT */
/*
 * What hypervisor this is, by xen_version and by CPUID: kernels and tools decide by these answers
 * how they go on, and strings must end inside their arrays without anything left over behind them.
 */
#include "check.h"

static struct {
    char text[1024];
    uint64_t guard;
} buffer;

static void poison(void)
{
    for (unsigned i = 0; i < sizeof(buffer.text); i++)
        buffer.text[i] = (char)0xa5;
    buffer.guard = 0x1122334455667788;
}

/* A terminated string in `bytes`, nothing of others after it, and not a byte written beyond. */
static void check_text(long result, unsigned bytes)
{
    unsigned length = 0, rest = 0;

    CHECK(result, 0);
    while (length < bytes && buffer.text[length])
        length++;
    CHECK(length < bytes, 1);
    for (unsigned i = length; i < bytes; i++)
        rest += buffer.text[i] != 0 && buffer.text[i] != (char)0xa5;
    CHECK(rest, 0);
    CHECK(bytes == sizeof(buffer.text) || buffer.text[bytes] == (char)0xa5, 1);
    CHECK(buffer.guard, 0x1122334455667788);
    poison();
}

static int contains(const char *text, const char *part)
{
    for (; *text; text++) {
        unsigned i = 0;

        while (part[i] && text[i] == part[i])
            i++;
        if (!part[i])
            return 1;
    }
    return 0;
}

static void strings(void)
{
    struct xen_compile_info info;

    poison();
    check_text(hypercall_version_extraversion((void *)buffer.text), XEN_EXTRAVERSION_LEN);
    CHECK(hypercall_version_capabilities((void *)buffer.text), 0);
    CHECK(contains(buffer.text, "xen-3.0-x86_64"), 1);
    poison();
    check_text(hypercall_version_capabilities((void *)buffer.text), XEN_CAPABILITIES_INFO_LEN);
    check_text(hypercall_version_changeset((void *)buffer.text), XEN_CHANGESET_INFO_LEN);
    check_text(hypercall_version_commandline((void *)buffer.text), sizeof(xen_commandline_t));
    CHECK(hypercall_version_compile_info(&info), 0);
    CHECK(info.compiler[sizeof(info.compiler) - 1] | info.compile_by[sizeof(info.compile_by) - 1] |
              info.compile_domain[sizeof(info.compile_domain) - 1] |
              info.compile_date[sizeof(info.compile_date) - 1],
          0);
}

static void numbers(void)
{
    struct xen_feature_info features = { .submap_idx = 0 };
    struct xen_platform_parameters parameters = { 0 };
    uint8_t handle[17];

    CHECK(hypercall_version_version(), 4 << 16 | 17);
    CHECK(hypercall_version_pagesize(), 4096);
    CHECK(hypercall_version_get_features(&features), 0);
    /* mmu_pt_update_preserve_ad and gnttab_map_avail_bits: Linux panics without; dom0. */
    CHECK(features.submap >> 5 & 1, 1);
    CHECK(features.submap >> 7 & 1, 1);
    CHECK(features.submap >> 11 & 1, test_is_dom0());
    CHECK(features.submap & 0xf, 0); /* no shadow page tables for this kind of guest */
    features.submap_idx = 1;
    CHECK(hypercall_version_get_features(&features), -XEN_EINVAL);
    CHECK(hypercall_version_platform_parameters(&parameters), 0);
    CHECK(parameters.virt_start, HYPERVISOR_VIRT_START);
    handle[16] = 0xa5;
    CHECK(hypercall_version_guest_handle((void *)handle), 0);
    CHECK(handle[16], 0xa5);
    CHECK(_hypercall2(__HYPERVISOR_xen_version, 11, (unsigned long)buffer.text), -XEN_ENOSYS);
    CHECK(_hypercall2(__HYPERVISOR_xen_version, 0xffffffff, (unsigned long)buffer.text),
          -XEN_ENOSYS);
}

static void cpuid(uint32_t leaf, uint32_t regs[4])
{
    __asm__ volatile(XEN_CPUID
                     : "=a"(regs[0]), "=b"(regs[1]), "=c"(regs[2]), "=d"(regs[3])
                     : "a"(leaf), "c"(0));
}

static void leaves(void)
{
    uint32_t regs[4], others = 0;

    cpuid(XEN_CPUID_FIRST_LEAF, regs);
    CHECK(regs[0] >= XEN_CPUID_LEAF(4), 1);
    CHECK(regs[1], XEN_CPUID_SIGNATURE_EBX);
    CHECK(regs[2], XEN_CPUID_SIGNATURE_ECX);
    CHECK(regs[3], XEN_CPUID_SIGNATURE_EDX);
    cpuid(XEN_CPUID_LEAF(1), regs);
    CHECK(regs[0], 4 << 16 | 17);
    cpuid(XEN_CPUID_LEAF(5), regs);
    /* Machine addresses: at least what this machine has, at most what an entry can hold. */
    CHECK((regs[1] & XEN_CPUID_MACHINE_ADDRESS_WIDTH_MASK) >= 28, 1);
    CHECK((regs[1] & XEN_CPUID_MACHINE_ADDRESS_WIDTH_MASK) <= 52, 1);
    /* Only one hypervisor is found by a scan. */
    for (uint32_t leaf = 0x40000100; leaf < 0x40010000; leaf += 0x100) {
        cpuid(leaf, regs);
        others += regs[1] == XEN_CPUID_SIGNATURE_EBX;
    }
    CHECK(others, 0);
    cpuid(1, regs);
    CHECK(regs[2] >> 31, 1); /* a hypervisor is there */
}

/* Asked for its length first; where there is none, nothing is written. */
static void build_id(void)
{
    struct xen_build_id *id = (struct xen_build_id *)buffer.text;
    long result;

    poison();
    id->len = 4;
    result = hypercall_version_build_id(id);
    CHECK(result < 0, 1); /* none, too long for 4 bytes, or not ours to know */
    CHECK(buffer.text[16], (char)0xa5);
    poison();
}

void test_main(void)
{
    build_id();
    strings();
    numbers();
    leaves();
}
