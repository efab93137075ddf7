# SPDX-License-Identifier: MIT
#
# The parts of pv/ that need no vCPU: decoder, arithmetic, the frames of dom0.

UNIT_SOURCES += hypervisor/pv/decode.c hypervisor/pv/alu.c hypervisor/pv/build_memory.c
