# SPDX-License-Identifier: MIT
#
# The lamina command from outside: as it is, and over a hypervisor made of tables with a real store.

CHECKS += check-unit-lamina

LAMINA_FAKE := $(BUILD)/tests/unit/lamina/lamina

$(BUILD)/tests/unit/lamina/%.o: tests/unit/lamina/%.c | $(HYPERCALLS)
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TOOLS_CPPFLAGS) $(HOST_CFLAGS) -c $< -o $@

# The first definition of a function counts, and that is the fake's.
$(LAMINA_FAKE): $(LAMINA_TOOL_OBJ) $(BUILD)/tests/unit/lamina/fake_host.o $(TOOL_LIBS)
	$(say) LINK $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -Wl,-z,muldefs $^ $(TOOL_LDLIBS) -lsmartcols -o $@

LAMINA_UNITS := $(BUILD)/tests/unit/lamina/sample

$(LAMINA_UNITS): %: %.o $(filter-out %/main.o,$(LAMINA_TOOL_OBJ)) $(TOOL_LIBS)
	$(say) TEST $@
	$(Q)$(CC) $^ $(TOOL_LDLIBS) -lsmartcols -lcheck -lsubunit -lm -lrt -lpthread -o $@

.PHONY: check-unit-lamina
check-unit-lamina: $(LAMINA_TOOL) $(LAMINA_FAKE) $(LAMINA_UNITS) $(BUILD)/lamina-stored
	$(Q)mkdir -p $(BUILD)/check
	$(Q)$(PYTHON) tests/unit/lamina/run.py $(BUILD) $(BUILD)/check/unit-lamina.counts

-include $(wildcard $(BUILD)/tests/unit/lamina/*.d)
