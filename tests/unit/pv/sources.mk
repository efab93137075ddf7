# SPDX-License-Identifier: MIT
#
# All of pv/: its neighbours and the processor are stand-ins of pv/fixture.h.

UNIT_SOURCES += $(wildcard hypervisor/pv/*.c)
