/* SPDX-License-Identifier: MIT */
/*
 * The hypercall page: 128 stubs of 32 bytes, one a hypercall number. A stub keeps RCX and R11,
 * which SYSCALL destroys; the one for iret never comes back and pushes what the frame must begin
 * with.
 */
#include "lib/string.h"
#include "pv/guest_cpu.h"

#define STUB_BYTES 32
#define INT3       0xcc

static const uint8_t call_stub[] = {
    0x51,                /* push %rcx */
    0x41, 0x53,          /* push %r11 */
    0xb8, 0, 0, 0, 0,    /* mov $number, %eax */
    0x0f, 0x05,          /* syscall */
    0x41, 0x5b,          /* pop %r11 */
    0x59,                /* pop %rcx */
    0xc3,                /* ret */
};
static const uint8_t iret_stub[] = {
    0x51,                /* push %rcx */
    0x41, 0x53,          /* push %r11 */
    0x50,                /* push %rax */
    0xb8, 0, 0, 0, 0,    /* mov $number, %eax */
    0x0f, 0x05,          /* syscall */
};

static void stub_fill(uint8_t *at, uint32_t number, const uint8_t *code, size_t bytes,
                      size_t number_at)
{
    memcpy(at, code, bytes);
    memcpy(at + number_at, &number, sizeof(number));
}

void hypercall_page_fill(void *page)
{
    uint8_t *p = page;

    memset(p, INT3, PAGE_SIZE);
    for (uint32_t nr = 0; nr < PAGE_SIZE / STUB_BYTES; nr++) {
        if (nr == __HYPERVISOR_iret)
            stub_fill(p + nr * STUB_BYTES, nr, iret_stub, sizeof(iret_stub), 5);
        else
            stub_fill(p + nr * STUB_BYTES, nr, call_stub, sizeof(call_stub), 4);
    }
}
