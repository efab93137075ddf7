/* SPDX-License-Identifier: MIT */
/* One input of a byte fuzzer: two bytes of schedule, then choices. */
#include "fuzz.h"

int fuzz_one(const uint8_t *data, size_t bytes)
{
    static const struct run_options options = { .audit_every = 1, .steps_max = 4000 };

    if (bytes < 3)
        return 0;
    input = (struct input){ .at = data + 2, .end = data + bytes,
                            .schedule = (uint64_t)data[0] << 20,
                            .give_way_bits = data[1] % 4 ? 4 + data[1] % 8 : 40 };
    (void)run(&options);
    return 0;
}
