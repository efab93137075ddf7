/* SPDX-License-Identifier: MIT */
/* The firmware's description of this machine, once machine_acpi_init() has read it. */
#ifndef LAMINA_X86_FIRMWARE_H
#define LAMINA_X86_FIRMWARE_H

#include "x86/acpi.h"

const struct acpi_info *firmware_acpi(void);

#endif
