# SPDX-License-Identifier: MIT
#
# Unit tests of laminad under ASan and UBSan: those parts that need neither hypervisor nor store.

UNIT_LAMINAD      := $(BUILD)/tests/unit/laminad
LAMINAD_TESTS     := $(patsubst tests/unit/laminad/%.c,$(UNIT_LAMINAD)/%, \
	$(wildcard tests/unit/laminad/*.c))
# With what they use of the libraries.
LAMINAD_TEST_SRC  := $(LAMINAD_CORE) $(wildcard dom0-tools/config/*.c) \
	$(addprefix dom0-tools/domain/,uuid.c builder_process.c)
LAMINAD_SANITIZED := $(LAMINAD_TEST_SRC:%.c=$(SANITIZED)/%.o)
CHECKS            += check-unit-laminad

$(LAMINAD_SANITIZED): | $(HYPERCALLS)
$(SANITIZED)/dom0-tools/config/%.o: TOOL_TEST_CFLAGS += $(LIBXML_CFLAGS)
$(SANITIZED)/dom0-tools/config/schema.o: $(CONFIG_SCHEMA)

$(SANITIZED)/liblaminad.a: $(LAMINAD_SANITIZED)
	$(say) AR $@
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

$(LAMINAD_TESTS): $(UNIT_LAMINAD)/%: tests/unit/laminad/%.c $(SANITIZED)/liblaminad.a \
		$(COMMON_SANITIZED)
	$(say) TEST $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TOOL_TEST_CFLAGS) -MF $@.d $^ $(CONFIG_LIBS) $(TOOL_TEST_LIBS) -o $@

-include $(LAMINAD_SANITIZED:.o=.d) $(addsuffix .d,$(LAMINAD_TESTS))

.PHONY: check-unit-laminad
check-unit-laminad: $(LAMINAD_TESTS)
	$(call run_tool_tests,unit-laminad,$(LAMINAD_TESTS))
