/* SPDX-License-Identifier: MIT */
/*
 * Instructions. A decoded one is no longer than it may be, and needs no byte behind its end: the
 * same bytes cut off there decode to the same.
 */
#include "parsers.h"

#include <stdlib.h>
#include <string.h>

#include "pv/decode.h"

void fuzz_decode(uint8_t *data, size_t n)
{
    bool is_64 = n && data[0] & 1;
    size_t bytes = n > 1 ? MIN(n - 1, (size_t)INSN_BYTES_MAX) : 0;
    struct guest_regs regs = { .rip = 0x1000 };
    struct insn in, again;
    uint8_t *cut;

    if (!bytes || !insn_decode(data + 1, bytes, is_64, &in))
        return;
    PROMISE(in.length > 0 && in.length <= bytes);
    PROMISE(in.op_bytes == 1 || in.op_bytes == 2 || in.op_bytes == 4 || in.op_bytes == 8);
    PROMISE(in.reg < 16 && in.rm < 16 && in.segment <= SEG_GS);
    if (in.has_memory)
        (void)insn_address(&in, &regs);
    insn_register_set(&in, &regs, in.reg, insn_register_get(&in, &regs, in.rm));
    cut = malloc(in.length);
    if (!cut)
        abort();
    memcpy(cut, data + 1, in.length);
    PROMISE(insn_decode(cut, in.length, is_64, &again) && again.length == in.length &&
            again.opcode == in.opcode && again.displacement == in.displacement);
    PROMISE(!insn_decode(cut, in.length - 1u, is_64, &again));
    free(cut);
}
