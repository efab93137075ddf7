/* SPDX-License-Identifier: MIT */
/*
 * FS and GS bases: set by hypercall and by emulated MSR writes, kept across hypercalls, exceptions
 * and user mode, swapped on the way to user mode; a non-canonical base is an error of the guest.
 */
#include "check.h"

#define MSR_FS_BASE        0xc0000100
#define MSR_GS_BASE        0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102

static uint64_t kernel_data[2] = { 0x1111, 0x2222 }, user_data[2] = { 0x3333, 0x4444 };
static uint64_t fs_data[2] = { 0x5555, 0x6666 };
static uint64_t user_stack[64];

static uint64_t read_gs(void)
{
    uint64_t value;

    __asm__ volatile("movq %%gs:8, %0" : "=r"(value));
    return value;
}

static uint64_t read_fs(void)
{
    uint64_t value;

    __asm__ volatile("movq %%fs:8, %0" : "=r"(value));
    return value;
}

struct msr {
    uint32_t index;
    uint64_t value;
};

static void wrmsr(void *arg)
{
    const struct msr *msr = arg;

    __asm__ volatile("wrmsr"
                     :
                     : "c"(msr->index), "a"((uint32_t)msr->value),
                       "d"((uint32_t)(msr->value >> 32)));
}

static uint64_t rdmsr(uint32_t index)
{
    uint32_t low, high;

    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(index));
    return (uint64_t)high << 32 | low;
}

static long write_msr(uint32_t index, uint64_t value)
{
    struct msr msr = { index, value };

    return test_catch(wrmsr, &msr);
}

static void by_hypercall(void)
{
    CHECK(hypercall_set_segment_base(SEGBASE_FS, (uint64_t)fs_data), 0);
    CHECK(hypercall_set_segment_base(SEGBASE_GS_KERNEL, (uint64_t)kernel_data), 0);
    CHECK(hypercall_set_segment_base(SEGBASE_GS_USER, (uint64_t)user_data), 0);
    CHECK(read_fs(), 0x6666);
    CHECK(read_gs(), 0x2222);
    hypercall_sched_yield();
    CHECK(test_read((void *)0x1000000000UL), 14);
    CHECK(read_fs(), 0x6666);
    CHECK(read_gs(), 0x2222);
    CHECK(rdmsr(MSR_FS_BASE), (uint64_t)fs_data);
    CHECK(rdmsr(MSR_GS_BASE), (uint64_t)kernel_data);
    CHECK(rdmsr(MSR_KERNEL_GS_BASE), (uint64_t)user_data);
}

static void refused(void)
{
    for (unsigned which = SEGBASE_FS; which <= SEGBASE_GS_KERNEL; which++) {
        CHECK(hypercall_set_segment_base(which, 0x0000800000000000UL), -XEN_EINVAL);
        CHECK(hypercall_set_segment_base(which, 0xffff7fffffffffffUL), -XEN_EINVAL);
        CHECK(hypercall_set_segment_base(which, 1UL << 63), -XEN_EINVAL);
    }
    CHECK(hypercall_set_segment_base(4, 0), -XEN_EINVAL);
    CHECK(hypercall_set_segment_base(0xffffffff, 0), -XEN_EINVAL);
    for (uint32_t msr = MSR_FS_BASE; msr <= MSR_KERNEL_GS_BASE; msr++) {
        CHECK(write_msr(msr, 0x0000800000000000UL), 13);
        CHECK(test_caught.error_code, 0);
    }
    CHECK(read_fs(), 0x6666);
    CHECK(read_gs(), 0x2222);
}

static void by_msr(void)
{
    CHECK(write_msr(MSR_FS_BASE, (uint64_t)user_data), -1);
    CHECK(read_fs(), 0x4444);
    CHECK(write_msr(MSR_GS_BASE, (uint64_t)fs_data), -1);
    CHECK(read_gs(), 0x6666);
    CHECK(write_msr(MSR_GS_BASE, (uint64_t)kernel_data), -1);
    CHECK(write_msr(MSR_KERNEL_GS_BASE, (uint64_t)fs_data), -1);
    CHECK(rdmsr(MSR_KERNEL_GS_BASE), (uint64_t)fs_data);
    CHECK(read_gs(), 0x2222);
}

extern char user_reads_gs[];
__asm__(".text\nuser_reads_gs:\n\tmovq %gs:8, %rdi\n\tsyscall\n\tud2\n");

/* In user mode GS is the user's; back in the kernel it is the kernel's again. */
static void swapped(void)
{
    struct iret_context frame = {
        .rip = (uint64_t)user_reads_gs, .cs = FLAT_USER_CS, .rflags = 0x202,
        .rsp = (uint64_t)(user_stack + 64), .ss = FLAT_USER_SS,
    };

    test_user_tables();
    CHECK(hypercall_set_segment_base(SEGBASE_GS_USER, (uint64_t)user_data), 0);
    CHECK(test_iret(&frame), TRAP_SYSCALL);
    CHECK(test_caught.rdi, 0x4444);
    CHECK(read_gs(), 0x2222);
    CHECK(rdmsr(MSR_KERNEL_GS_BASE), (uint64_t)user_data);
    CHECK(hypercall_set_segment_base(SEGBASE_GS_USER, (uint64_t)fs_data), 0);
    CHECK(test_iret(&frame), TRAP_SYSCALL);
    CHECK(test_caught.rdi, 0x6666);
    CHECK(read_gs(), 0x2222);
}

void test_main(void)
{
    by_hypercall();
    refused();
    by_msr();
    swapped();
}
