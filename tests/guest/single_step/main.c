/* SPDX-License-Identifier: MIT */
/*
 * The trap flag: a step over a hypercall, over an instruction that is emulated, and ICEBP. The #DB
 * comes after the guest's instruction, never from inside the hypervisor.
 */
#include "check.h"

extern char after_syscall[], after_cpuid[], after_icebp[];

static void step_syscall(void *arg)
{
    (void)arg;
    __asm__ volatile("movl %0, %%eax\n\txorl %%edi, %%edi\n\txorl %%esi, %%esi\n\t"
                     "pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\t"
                     "syscall\nafter_syscall: nop\n\t"
                     :
                     : "i"(__HYPERVISOR_xen_version)
                     : "rax", "rdi", "rsi", "rcx", "r11", "memory");
}

static void step_cpuid(void *arg)
{
    (void)arg;
    __asm__ volatile("xorl %%eax, %%eax\n\txorl %%ecx, %%ecx\n\t"
                     "pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\t"
                     "ud2\n\t.ascii \"xen\"\n\tcpuid\nafter_cpuid: nop\n\t"
                     :
                     :
                     : "rax", "rbx", "rcx", "rdx", "memory");
}

static void icebp(void *arg)
{
    (void)arg;
    __asm__ volatile(".byte 0xf1\nafter_icebp: nop");
}

void test_main(void)
{
    /* Behind the instruction, or behind the next one where the processor swallows a step. */
    CHECK(test_catch(step_syscall, NULL), 1);
    CHECK(test_caught.rip - (uint64_t)after_syscall <= 1, 1);
    CHECK(test_catch(step_cpuid, NULL), 1);
    CHECK(test_caught.rip - (uint64_t)after_cpuid <= 1, 1);
    CHECK(test_catch(icebp, NULL), 1);
    CHECK(test_caught.rip, (uint64_t)after_icebp);
    CHECK(test_caught.rflags & 0x100, 0);
}
