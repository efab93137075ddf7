/* SPDX-License-Identifier: MIT */
/* The C header's name, for sources that also compile for the host. */
#include "lib/string.h"
