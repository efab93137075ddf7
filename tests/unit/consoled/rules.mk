# SPDX-License-Identifier: MIT
#
# Unit tests of lamina-consoled under ASan and UBSan, with a page of the test's own in place of a
# domain's; all of it against the fakes of the domain library; and the fuzzer of the ring.

UNIT_CONSOLED      := $(BUILD)/tests/unit/consoled
CONSOLED_TESTS     := $(patsubst tests/unit/consoled/%.c,$(UNIT_CONSOLED)/%, \
	$(filter-out tests/unit/consoled/fuzz_%.c %/memory.c,$(wildcard tests/unit/consoled/*.c)))
CONSOLED_SANITIZED := $(CONSOLED_CORE:%.c=$(SANITIZED)/%.o)
CHECKS             += check-unit-consoled check-fuzz-consoled


# A library, so that a test's own stand-in for a function wins over the file of it.
$(SANITIZED)/libconsoled.a: $(CONSOLED_SANITIZED)
	$(say) AR $@
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

$(CONSOLED_SANITIZED): | $(HYPERCALLS)
$(CONSOLED_TESTS): $(UNIT_CONSOLED)/%: tests/unit/consoled/%.c $(SANITIZED)/libconsoled.a \
		$(COMMON_SANITIZED)
	$(say) TEST $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TOOL_TEST_CFLAGS) -MF $@.d $(filter-out %.h,$^) $(TOOL_TEST_LIBS) -o $@

-include $(CONSOLED_SANITIZED:.o=.d) $(addsuffix .d,$(CONSOLED_TESTS))

$(UNIT_CONSOLED)/memory: tests/unit/consoled/memory.c tests/unit/domain/fakes.c \
		$(filter-out %/main.c %/channel.c,$(CONSOLED_SRC)) \
		$(filter-out %/hypervisor.c,$(DOMAIN_SRC)) \
		$(addprefix dom0-tools/common/,failure.c io.c loop.c retry.c timer.c) $(UNIT_CONFIG_OBJ) \
		$(wildcard dom0-tools/consoled/*.h dom0-tools/domain/*.h tests/unit/*.h)
	$(say) TEST $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -MMD -MP,$(TOOL_TEST_CFLAGS)) \
		-DDAEMON_RUN_DIR='"$(UNIT_CONSOLED)/run"' $(filter %.c %.o,$^) $(MEMORY_WRAP) \
		$(CONFIG_LIBS) $(TOOL_TEST_LIBS) -o $@

.PHONY: check-unit-consoled check-fuzz-consoled
check-unit-consoled: $(CONSOLED_TESTS) $(UNIT_CONSOLED)/memory
	$(call run_tool_tests,unit-consoled,$(CONSOLED_TESTS) $(UNIT_CONSOLED)/memory)

$(UNIT_CONSOLED)/fuzz_ring: tests/unit/consoled/fuzz_ring.c dom0-tools/consoled/ring.c \
		dom0-tools/consoled/ring.h
	$(say) FUZZ $@
	$(Q)mkdir -p $(@D)
	$(Q)clang $(TOOLS_CPPFLAGS) $(filter-out -MMD -MP,$(HOST_CFLAGS)) \
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all $(filter %.c,$^) -o $@

check-fuzz-consoled: $(UNIT_CONSOLED)/fuzz_ring
	$(Q)$< -runs=$(FUZZ_RUNS) -seed=1 -max_len=512 -artifact_prefix=$(UNIT_CONSOLED)/ \
		> $(UNIT_CONSOLED)/fuzz.log 2>&1 || { cat $(UNIT_CONSOLED)/fuzz.log; exit 1; }
	@echo 'fuzz: console ring: $(FUZZ_RUNS) runs'
