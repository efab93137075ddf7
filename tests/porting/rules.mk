# SPDX-License-Identifier: MIT
#
# The porting guide, followed to the letter: every step of docs/porting.md is built in an empty
# folder against an installed libhypercall, and booted.

CHECKS += check-porting

.PHONY: check-porting
check-porting: all
	$(Q)BUILD=$(BUILD) MAKE='$(MAKE)' $(PYTHON) tests/porting/run.py \
		--counts $(BUILD)/check/porting.counts $(STEPS)

# Its steps that need devices, for the system tests.
GUIDE_DOMAINS := $(BUILD)/tests/guide
GUIDE_KERNELS := $(patsubst %,$(GUIDE_DOMAINS)/%/kernel.elf,8-disk 9-net)

$(GUIDE_KERNELS) &: docs/porting.md tests/porting/run.py $(LIBHC)
	$(say) GUIDE $(GUIDE_DOMAINS)
	+$(Q)BUILD=$(BUILD) MAKE='$(MAKE)' $(PYTHON) tests/porting/run.py --domains $(GUIDE_DOMAINS)
