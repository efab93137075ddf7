/* SPDX-License-Identifier: MIT */
/* Fetching an instruction for emulation: each byte is read once, the next page only when needed. */
#include "mm/guest.h"
#include "pv/guest_cpu.h"

bool insn_fetch(struct vcpu *v, struct insn *out)
{
    uint8_t bytes[16]; /* a size that is copied fast; the decoder looks at INSN_BYTES_MAX */
    bool is_64;
    gva_t at = code_address(v, &is_64);
    size_t first = MIN(sizeof(bytes), (size_t)(PAGE_SIZE - (at & ~PAGE_MASK)));

    if (copy_from_guest(bytes, guest_ptr(at), first) != 0)
        return false;
    if (insn_decode(bytes, first, is_64, out))
        return true;
    return first < sizeof(bytes) &&
           copy_from_guest(bytes + first, guest_ptr(at + first), sizeof(bytes) - first) == 0 &&
           insn_decode(bytes, sizeof(bytes), is_64, out);
}
