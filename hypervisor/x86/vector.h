/* SPDX-License-Identifier: MIT */
/* Device vectors, for the rest of x86/; allocation is machine_vector_alloc(). */
#ifndef LAMINA_X86_VECTOR_H
#define LAMINA_X86_VECTOR_H

#include "lib/types.h"

#define VECTOR_PIC 0x20 /* to 0x2f: the masked 8259 pair; only spurious ones arrive, never ended   \
                         */

/* Device vector `vector` now comes from the level-triggered input `gsi` (or from none such). */
void vector_set_level(uint8_t vector, bool level, unsigned gsi);

#endif
