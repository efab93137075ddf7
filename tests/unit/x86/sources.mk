# SPDX-License-Identifier: MIT
#
# The pure parts of x86/: table parsing and arithmetic.

UNIT_SOURCES += hypervisor/x86/acpi.c hypervisor/x86/rtc.c hypervisor/x86/scale.c
