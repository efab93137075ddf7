/* SPDX-License-Identifier: MIT */
/*
 * Multicall: the members run in order, each result lands in its entry, an unknown or a nested call
 * is an error of that member alone, and an iret among the members ends the list.
 */
#include "check.h"

#define UNTOUCHED 0x1234567890abcdefUL

static struct multicall_entry calls[8] PAGE;
static char lonely[4096] PAGE;

static void fill(void)
{
    for (unsigned i = 0; i < 8; i++)
        calls[i] = (struct multicall_entry){ .op = __HYPERVISOR_xen_version,
                                             .result = UNTOUCHED,
                                             .args = { XENVER_pagesize } };
}

static void results(void)
{
    struct xen_feature_info features = { .submap_idx = 0 };
    struct xen_feature_info beyond = { .submap_idx = 1000 };
    unsigned long version = (unsigned long)hypercall_version_version();

    fill();
    calls[0].args[0] = XENVER_version;
    calls[1].args[0] = XENVER_get_features;
    calls[1].args[1] = (uint64_t)&features;
    calls[2].op = 63;
    calls[3].op = __HYPERVISOR_multicall;
    calls[3].args[0] = (uint64_t)calls;
    calls[3].args[1] = 1;
    calls[4].op = 1UL << 32 | __HYPERVISOR_xen_version; /* the whole register counts */
    calls[5].args[0] = XENVER_get_features;
    calls[5].args[1] = (uint64_t)&beyond;
    calls[6].op = 1UL << 63;
    CHECK(hypercall_multicall(calls, 8), 0);
    CHECK(calls[0].result, version);
    CHECK(calls[1].result, 0);
    CHECK(features.submap != 0, 1);
    CHECK(calls[2].result, -XEN_ENOSYS);
    CHECK(calls[3].result, -XEN_EINVAL);
    CHECK(calls[4].result, -XEN_ENOSYS);
    CHECK(calls[5].result, -XEN_EINVAL);
    CHECK(calls[6].result, -XEN_ENOSYS);
    CHECK(calls[7].result, 4096);
}

static void counts(void)
{
    fill();
    CHECK(hypercall_multicall(calls, 0), 0);
    CHECK(calls[0].result, UNTOUCHED);
    CHECK(hypercall_multicall(calls, 3), 0);
    CHECK(calls[2].result, 4096);
    CHECK(calls[3].result, UNTOUCHED);
}

/* A list that runs off the end of mapped memory: what came before has been done. */
static void pointers(void)
{
    struct multicall_entry *last = (struct multicall_entry *)(lonely + PAGE_SIZE) - 1;
    uint64_t beyond = (uint64_t)lonely + PAGE_SIZE, entry = *pte_of((void *)beyond, 1);

    NEED(page_remap((void *)beyond, 0));
    *last = (struct multicall_entry){ .op = __HYPERVISOR_xen_version,
                                      .result = UNTOUCHED,
                                      .args = { XENVER_pagesize } };
    CHECK(hypercall_multicall(last, 2), -XEN_EFAULT);
    CHECK(last->result, 4096);
    NEED(page_remap((void *)beyond, entry));
    CHECK(hypercall_multicall((void *)0xffff800000000000UL, 1), -XEN_EFAULT);
    CHECK(hypercall_multicall((void *)0xffff830000000000UL, 1), -XEN_EFAULT);
    CHECK(hypercall_multicall((void *)0x0000800000000000UL, 1), -XEN_EFAULT);
    CHECK(hypercall_multicall((void *)8, 0xffffffff) < 0, 1);
}

/*
 * The frame stands on this stack when the multicall is made, as iret wants it; the list's second
 * member returns to the label with RAX from the frame. Nothing after it may have run.
 */
static long multicall_with_iret(void)
{
    long rax;

    __asm__ volatile("movq %%rsp, %%rbx\n\t"
                     "pushq %[ss]\n\t"
                     "pushq %%rbx\n\t"
                     "pushfq\n\t"
                     "orq $0x200, (%%rsp)\n\t"
                     "pushq %[cs]\n\t"
                     "leaq 1f(%%rip), %%rcx\n\t"
                     "pushq %%rcx\n\t"
                     "pushq $0\n\t"
                     "pushq $0x111\n\t"
                     "pushq $0x222\n\t"
                     "pushq $0x333\n\t"
                     "movl %[nr], %%eax\n\t"
                     "syscall\n\t"
                     "movq $-1, %%rax\n\t"
                     "movq %%rbx, %%rsp\n"
                     "1:"
                     : "=&a"(rax)
                     : [ss] "i"(FLAT_KERNEL_SS), [cs] "i"(FLAT_KERNEL_CS & ~3),
                       [nr] "i"(__HYPERVISOR_multicall), "D"(calls), "S"(4UL)
                     : "rbx", "rcx", "r11", "memory");
    return rax;
}

static void iret_inside(void)
{
    fill();
    calls[1].op = __HYPERVISOR_iret;
    CHECK(multicall_with_iret(), 0x333);
    CHECK(calls[0].result, 4096);
    CHECK(calls[2].result, UNTOUCHED);
    CHECK(calls[3].result, UNTOUCHED);
}

void test_main(void)
{
    results();
    counts();
    pointers();
    iret_inside();
    results(); /* and multicalls still work afterwards */
}
