# SPDX-License-Identifier: MIT
#
# Do the tests bite? Faults planted one by one; it takes hours and can be stopped at any time: what is
# known is kept in $(BUILD)/mutants.

MUTANTS ?= 206

.PHONY: mutants
mutants: $(CONFIG) $(HYPERCALLS)
	$(Q)BUILD=$(BUILD) $(PYTHON) tests/mutants/run.py --number $(MUTANTS) \
		--report $(BUILD)/mutants/report

# What the checks reach: a build of its own, with counters, of the unit tests, the models and random
# calls. Layers without a host build (x86/, boot/) are not in the table.
COVERED := hypervisor/mm hypervisor/core hypervisor/pv hypervisor/hypercall hypervisor/lib

.PHONY: coverage coverage-run
coverage: setup-check
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/coverage COVERAGE=--coverage WARNINGS=-w coverage-run
	$(Q)gcovr -r . $(BUILD)/coverage $(COVERED:%=-f '%/.*') --exclude-unreachable-branches \
		--exclude-throw-branches --exclude-lines-by-pattern '.*(BUG_ON|ASSERT|panic)\(.*' \
		--gcov-ignore-parse-errors -s \
		--txt $(BUILD)/coverage/report --csv $(BUILD)/coverage/report.csv
	$(Q)$(PYTHON) tests/mutants/coverage.py $(BUILD)/coverage/report.csv

coverage-run: $(UNIT_TESTS) $(FUZZ)/hypercall $(FUZZ)/failure $(MODEL)/joined-2x2 \
		$(MODEL)/events-small $(MODEL)/grants-small
	$(Q)-$(MAKE) --no-print-directory check-unit > $(BUILD)/unit.log
	$(Q)$(FUZZ)/failure && $(MODEL)/joined-2x2 && $(MODEL)/events-small 100000 64 && \
		$(MODEL)/grants-small 5000 1000 && $(FUZZ)/hypercall --calls $(CALLS) --audit 64
