# SPDX-License-Identifier: MIT
#
# The pure parts of pv/: decoder and arithmetic.

UNIT_SOURCES += hypervisor/pv/decode.c hypervisor/pv/alu.c
