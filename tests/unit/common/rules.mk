# SPDX-License-Identifier: MIT
#
# Unit tests of dom0-tools/common/, and what unit tests of other programs build on: any source of
# dom0-tools/ as an object with sanitizers, and the whole of common/ as one library of those.

# Under sanitizers gcc no longer sees what bounds a string: its guess about cutting is off.
TOOL_TEST_CFLAGS := $(TOOLS_CPPFLAGS) $(filter-out -O2,$(HOST_CFLAGS)) -O1 $(SANITIZE) \
	-Wno-format-truncation
TOOL_TEST_LIBS   := -lcheck -lsubunit -lm -lrt -lpthread
SANITIZED        := $(BUILD)/tests/unit/sanitized
COMMON_SANITIZED := $(SANITIZED)/libcommon.a
COMMON_SANITIZED_OBJ := $(COMMON_SRC:%.c=$(SANITIZED)/%.o)

$(SANITIZED)/%.o: %.c
	$(say) HOSTCC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TOOL_TEST_CFLAGS) -c $< -o $@

$(COMMON_SANITIZED): $(COMMON_SANITIZED_OBJ)
	$(say) AR $@
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

-include $(COMMON_SANITIZED_OBJ:.o=.d)

# Runs the test programs $(2) and leaves the counts of group $(1). Check prints "NN%: Checks: total,
# Failures: f, Errors: e"; a program that dies before that line counts as one failure, and one that
# ends with 77 as skipped.
define run_tool_tests
$(Q)mkdir -p $(BUILD)/check; status=0; log=$(BUILD)/tests/unit/$(1).log; : > $$log; \
	for t in $(2); do \
		CK_DEFAULT_TIMEOUT=60 $$t > $$t.log 2>&1; rc=$$?; \
		case $$rc in 0 | 77) ;; *) status=1 ;; esac; \
		sed -n '/Checks:/!p' $$t.log | grep -v '^Running' || true; \
		line=$$(grep '%: Checks:' $$t.log) || line='0%: Checks: 1, Failures: 0, Errors: 1'; \
		[ $$rc != 77 ] || line='skipped'; \
		printf '%s: %s\n' $${t#$(BUILD)/tests/unit/} "$$line" | tee -a $$log; \
	done; \
	sed -n -e 's/.*: skipped$$$$/0 0 0 1/p' \
		-e 's/.*Checks: \([0-9]*\), Failures: \([0-9]*\), Errors: \([0-9]*\).*/\1 \2 \3 0/p' \
		$$log | awk '{ t += $$1; b += $$2 + $$3; s += $$4 } END { print t - b, b + 0, s + 0 }' \
		> $(BUILD)/check/$(1).counts; exit $$status
endef

UNIT_COMMON  := $(BUILD)/tests/unit/common
COMMON_TESTS := $(patsubst tests/unit/common/%.c,$(UNIT_COMMON)/%,$(wildcard tests/unit/common/*.c))
CHECKS       += check-unit-common

$(COMMON_TESTS): $(UNIT_COMMON)/%: tests/unit/common/%.c $(COMMON_SANITIZED)
	$(say) TEST $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TOOL_TEST_CFLAGS) -MF $@.d $(filter-out %.h,$^) $(TOOL_TEST_LIBS) -o $@

-include $(addsuffix .d,$(COMMON_TESTS))

.PHONY: check-unit-common
check-unit-common: $(COMMON_TESTS)
	$(call run_tool_tests,unit-common,$(COMMON_TESTS))
