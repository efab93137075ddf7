/* SPDX-License-Identifier: MIT */
/* The C header's name, for sources that also compile for the host. */
#ifndef LAMINA_GUEST_FUZZ_SHIM_STRING_H
#define LAMINA_GUEST_FUZZ_SHIM_STRING_H

#include "lib/string.h"

#endif
