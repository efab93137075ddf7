# SPDX-License-Identifier: MIT
#
# Event channels and grants. Their neighbours are stand-ins of core/fixture.h, which each test
# program includes.

UNIT_SOURCES += $(wildcard hypervisor/core/evtchn*.c hypervisor/core/grant*.c) \
	hypervisor/core/maptrack.c
