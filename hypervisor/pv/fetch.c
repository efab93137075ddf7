/* SPDX-License-Identifier: MIT */
/* Fetching an instruction for emulation: each byte is read once, the next page only when needed. */
#include "mm/guest.h"
#include "pv/guest_cpu.h"

bool insn_fetch(struct vcpu *v, struct insn *out)
{
    uint8_t bytes[INSN_BYTES_MAX];
    uint64_t base;
    bool is_64 = code_is_64(v, &base);
    gva_t at = base + v->arch.regs.rip;
    size_t first = MIN(sizeof(bytes), (size_t)(PAGE_SIZE - (at & ~PAGE_MASK)));

    if (copy_from_guest(bytes, guest_ptr(at), first) != 0)
        return false;
    if (insn_decode(bytes, first, is_64, out))
        return true;
    if (first == sizeof(bytes) ||
        copy_from_guest(bytes + first, guest_ptr(at + first), sizeof(bytes) - first) != 0)
        return false;
    return insn_decode(bytes, sizeof(bytes), is_64, out);
}
