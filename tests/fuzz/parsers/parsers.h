/* SPDX-License-Identifier: MIT */
/* Readers of bytes that somebody else wrote, each fed with any bytes. */
#ifndef LAMINA_TESTS_PARSERS_H
#define LAMINA_TESTS_PARSERS_H

#include "lib/types.h"

/* `data` is a copy of exactly n bytes on the heap: reading beyond it is found. */
typedef void parser_fn(uint8_t *data, size_t n);

parser_fn fuzz_decode;    /* pv/decode.c and the emulator's arithmetic */
parser_fn fuzz_elf;       /* lib/elf.c: dom0's kernel */
parser_fn fuzz_multiboot; /* boot/multiboot.c, both protocols */
parser_fn fuzz_acpi;      /* x86/acpi.c */
parser_fn fuzz_options;   /* boot/options.c */
parser_fn fuzz_ranges;    /* boot/memory_map.c */

/* What a parser promises of its result; a breach ends the run. */
#define PROMISE(cond)                                                                              \
    do {                                                                                           \
        if (!(cond))                                                                               \
            __builtin_trap();                                                                      \
    } while (0)

#endif
