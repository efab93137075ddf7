/* SPDX-License-Identifier: MIT */
/*
 * The hypercall page: 128 stubs of 32 bytes, one a hypercall number. A stub keeps RCX and R11,
 * which SYSCALL destroys; the one for iret never comes back and pushes what the frame must begin
 * with.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/page.h"
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

void hypercall_page_fill(void *page)
{
    uint8_t *at = page;

    memset(page, INT3, PAGE_SIZE);
    for (uint32_t nr = 0; nr < PAGE_SIZE / STUB_BYTES; nr++, at += STUB_BYTES) {
        bool is_iret = nr == __HYPERVISOR_iret;

        memcpy(at, is_iret ? iret_stub : call_stub,
               is_iret ? sizeof(iret_stub) : sizeof(call_stub));
        memcpy(at + (is_iret ? 5 : 4), &nr, sizeof(nr)); /* behind the MOV's opcode */
    }
}

int hypercall_page_write(struct domain *d, mfn_t mfn)
{
    if (frame_get(&d->mm, mfn, PT_WRITABLE))
        return -EINVAL;
    hypercall_page_fill(machine_map(mfn));
    frame_put(&d->mm, mfn);
    return 0;
}
