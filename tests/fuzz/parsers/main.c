/* SPDX-License-Identifier: MIT */
/* The byte fuzzer's way in: the first byte names the parser. */
#include "parsers.h"

#include <stdlib.h>
#include <string.h>

static parser_fn *const parser[] = { fuzz_decode, fuzz_elf,     fuzz_multiboot,
                                     fuzz_acpi,   fuzz_options, fuzz_ranges };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    uint8_t *copy;

    if (n < 2)
        return 0;
    copy = malloc(n - 1);
    if (!copy)
        abort();
    memcpy(copy, data + 1, n - 1);
    parser[data[0] % ARRAY_SIZE(parser)](copy, n - 1);
    free(copy);
    return 0;
}
