# SPDX-License-Identifier: MIT
#
# The porting guide, followed to the letter: every step of docs/porting.md is built in an empty
# folder against an installed libhypercall, and booted.

CHECKS += check-porting

.PHONY: check-porting
check-porting: all
	$(Q)BUILD=$(BUILD) MAKE='$(MAKE)' $(PYTHON) tests/porting/run.py \
		--counts $(BUILD)/check/porting.counts $(STEPS)
