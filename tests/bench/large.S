/* SPDX-License-Identifier: MIT */
/* What Debian's kernel loads, in bytes, as data that nobody reads. */
    .data
    .balign 4096
    .globl large
large:
    .fill 58 << 17, 8, 0x0123456789abcdef
    .section .note.GNU-stack, "", @progbits
