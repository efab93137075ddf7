# SPDX-License-Identifier: MIT
#
# Unit tests of laminad under ASan and UBSan: those parts that need neither hypervisor nor store, and
# all of it against the fakes of the domain library.

UNIT_LAMINAD      := $(BUILD)/tests/unit/laminad
LAMINAD_TESTS     := $(patsubst tests/unit/laminad/%.c,$(UNIT_LAMINAD)/%, \
	$(filter-out %/memory.c,$(wildcard tests/unit/laminad/*.c)))
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
	$(Q)$(CC) $(TOOL_TEST_CFLAGS) -MF $@.d $(filter-out %.h,$^) $(CONFIG_LIBS) $(TOOL_TEST_LIBS) -o $@

-include $(LAMINAD_SANITIZED:.o=.d) $(addsuffix .d,$(LAMINAD_TESTS))

$(UNIT_LAMINAD)/memory: tests/unit/laminad/memory.c tests/unit/domain/fakes.c \
		$(filter-out %/main.c,$(LAMINAD_SRC)) $(filter-out %/hypervisor.c,$(DOMAIN_SRC)) \
		$(addprefix dom0-tools/common/,failure.c io.c loop.c retry.c timer.c) $(UNIT_CONFIG_OBJ) \
		$(wildcard dom0-tools/laminad/*.h dom0-tools/domain/*.h tests/unit/*.h)
	$(say) TEST $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -MMD -MP,$(TOOL_TEST_CFLAGS)) -DDAEMON_RUN_DIR='"$(UNIT_LAMINAD)/run"' \
		$(filter %.c %.o,$^) $(MEMORY_WRAP) $(CONFIG_LIBS) $(TOOL_TEST_LIBS) -o $@

.PHONY: check-unit-laminad
check-unit-laminad: $(LAMINAD_TESTS) $(UNIT_LAMINAD)/memory
	$(call run_tool_tests,unit-laminad,$(LAMINAD_TESTS) $(UNIT_LAMINAD)/memory)
