/* SPDX-License-Identifier: MIT */
/* The byte fuzzer's way in. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    return fuzz_one(data, bytes);
}
