/* SPDX-License-Identifier: MIT */
/* The victim's ELF file, within the guests that make victims. */
        .section .rodata
        .balign 8
        .globl  victim_image, victim_image_end
victim_image:
        .incbin VICTIM_ELF
victim_image_end:

        .section .note.GNU-stack, "", @progbits
