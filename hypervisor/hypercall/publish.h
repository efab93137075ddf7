/* SPDX-License-Identifier: MIT */
/* What boot tells this layer, for the calls that show it to guests. Before the first guest runs. */
#ifndef LAMINA_HYPERCALL_PUBLISH_H
#define LAMINA_HYPERCALL_PUBLISH_H

#include "lib/types.h"

/*
 * One range of the machine's memory map as the firmware gave it, in rising order; `type` is e820's
 * (1 RAM, 2 reserved, 3 ACPI, 4 NVS, 5 unusable). False: more than MEMORY_RANGES_MAX.
 */
bool memory_map_publish(maddr_t start, maddr_t end, uint32_t type);
/* The hypervisor's command line. */
void command_line_publish(const char *text);

#endif
