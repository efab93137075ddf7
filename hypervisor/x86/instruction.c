/* SPDX-License-Identifier: MIT */
/* Single instructions with a result, for the layers above. */
#include "public/errno.h"
#include "x86/cpu.h"
#include "x86/recover.h"

int machine_rdmsr(uint32_t msr, uint64_t *value)
{
    return msr_try_get(msr, value) ? 0 : -XEN_EFAULT;
}

int machine_wrmsr(uint32_t msr, uint64_t value)
{
    return msr_try_set(msr, value) ? 0 : -XEN_EFAULT;
}

void machine_cpuid(uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    __asm__ volatile("cpuid"
                     : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3])
                     : "a"(leaf), "c"(sub));
}

uint32_t machine_in(uint16_t port, unsigned bytes)
{
    uint32_t value = 0;

    if (bytes == 1)
        __asm__ volatile("inb %1, %b0" : "+a"(value) : "d"(port));
    else if (bytes == 2)
        __asm__ volatile("inw %1, %w0" : "+a"(value) : "d"(port));
    else
        __asm__ volatile("inl %1, %0" : "=a"(value) : "d"(port));
    return value;
}

void machine_out(uint16_t port, unsigned bytes, uint32_t value)
{
    if (bytes == 1)
        __asm__ volatile("outb %b0, %1" ::"a"(value), "d"(port));
    else if (bytes == 2)
        __asm__ volatile("outw %w0, %1" ::"a"(value), "d"(port));
    else
        __asm__ volatile("outl %0, %1" ::"a"(value), "d"(port));
}

void machine_clear_frame(mfn_t mfn)
{
    void *p = machine_map(mfn);
    size_t words = PAGE_SIZE / 8;

    __asm__ volatile("rep stosq" : "+D"(p), "+c"(words) : "a"(UINT64_C(0)) : "memory");
}

void machine_copy_frame(mfn_t dst, mfn_t src)
{
    void *to = machine_map(dst);
    const void *from = machine_map(src);
    size_t words = PAGE_SIZE / 8;

    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words)::"memory");
}
