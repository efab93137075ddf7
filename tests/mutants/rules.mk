# SPDX-License-Identifier: MIT
#
# Do the tests bite? Faults planted one by one; it takes hours and can be stopped at any time: what is
# known is kept in $(BUILD)/mutants.

MUTANTS ?= 240

.PHONY: mutants
mutants: $(CONFIG) $(HYPERCALLS)
	$(Q)BUILD=$(BUILD) $(PYTHON) tests/mutants/run.py --number $(MUTANTS) \
		--report $(BUILD)/mutants/report
