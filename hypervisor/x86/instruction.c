/* SPDX-License-Identifier: MIT */
/* Single instructions with a result, for the layers above. */
#include "x86/machine.h"
#include "x86/port.h"

void machine_cpuid(uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    __asm__ volatile("cpuid"
                     : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3])
                     : "a"(leaf), "c"(sub));
}

uint32_t machine_in(uint16_t port, unsigned bytes)
{
    if (bytes == 1)
        return port_in8(port);
    return bytes == 2 ? port_in16(port) : port_in32(port);
}

void machine_out(uint16_t port, unsigned bytes, uint32_t value)
{
    if (bytes == 1)
        port_out8(port, (uint8_t)value);
    else if (bytes == 2)
        port_out16(port, (uint16_t)value);
    else
        port_out32(port, value);
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
