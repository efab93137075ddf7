# SPDX-License-Identifier: MIT
#
# The lamina command from outside.

CHECKS += check-unit-lamina

.PHONY: check-unit-lamina
check-unit-lamina: $(LAMINA_TOOL)
	$(Q)mkdir -p $(BUILD)/check
	$(Q)$(PYTHON) tests/unit/lamina/command.py $(LAMINA_TOOL) $(BUILD)/check/unit-lamina.counts
