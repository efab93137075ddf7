# SPDX-License-Identifier: MIT
#
# The parsers of boot/.

UNIT_SOURCES += hypervisor/boot/multiboot.c hypervisor/boot/memory_map.c hypervisor/boot/options.c
