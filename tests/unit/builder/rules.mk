# SPDX-License-Identifier: MIT
#
# Unit tests of the builder under ASan and UBSan, with the transport of hypercalls as it is where
# what is tested makes none, and the fuzzer of kernels.

UNIT_BUILDER     := $(BUILD)/tests/unit/builder
BUILDER_TESTS    := $(patsubst tests/unit/builder/%.c,$(UNIT_BUILDER)/%,\
	$(filter-out tests/unit/builder/fuzz_%.c,$(wildcard tests/unit/builder/*.c)))
BUILDER_TEST_SRC := $(BUILDER_SRC) $(BUILDER_SHARED) $(BUILDER_IMAGE) $(LIBHC_DOM0_SRC) \
	dom0-tools/common/failure.c
BUILDER_TEST_OBJ := $(BUILDER_TEST_SRC:%.c=$(UNIT_BUILDER)/objects/%.o)
BUILDER_TEST_FLAGS = $(TOOLS_CPPFLAGS) $(BUILDER_CPPFLAGS) -Itests/unit \
	$(filter-out -O2,$(HOST_CFLAGS)) -O1 -DBUILDER_CACHE='"$(UNIT_BUILDER)/cache"'
CHECKS           += check-unit-builder check-fuzz-builder

$(UNIT_BUILDER)/objects/%.o: %.c | $(HYPERCALLS)
	$(say) HOSTCC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(BUILDER_TEST_FLAGS) $(SANITIZE) -c $< -o $@

# A library, so that a test's own stand-in for a function wins over the file of it.
$(UNIT_BUILDER)/libbuilder.a: $(BUILDER_TEST_OBJ)
	$(say) AR $@
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BUILDER_TESTS): $(UNIT_BUILDER)/%: tests/unit/builder/%.c $(UNIT_BUILDER)/libbuilder.a
	$(say) TEST $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(BUILDER_TEST_FLAGS) $(SANITIZE) -MF $@.d $(filter-out %.h,$^) $(if $(filter memory,$*),$(MEMORY_WRAP)) \
		$(BUILDER_LIBS) $(TOOL_TEST_LIBS) -o $@

.PHONY: check-unit-builder check-fuzz-builder
check-unit-builder: $(BUILDER_TESTS)
	$(call run_tool_tests,unit-builder,$(BUILDER_TESTS))

$(UNIT_BUILDER)/fuzz_kernel: tests/unit/builder/fuzz_kernel.c dom0-tools/builder/kernel.c \
		$(BUILDER_SHARED) dom0-tools/common/failure.c $(wildcard hypervisor/lib/*.h) \
		$(wildcard dom0-tools/builder/*.h)
	$(say) FUZZ $@
	$(Q)mkdir -p $(@D)
	$(Q)clang $(filter-out -MMD -MP,$(BUILDER_TEST_FLAGS)) -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=all $(filter %.c,$^) -o $@

check-fuzz-builder: $(UNIT_BUILDER)/fuzz_kernel
	$(Q)$< -runs=$(FUZZ_RUNS) -seed=1 -max_len=4096 -rss_limit_mb=1024 \
		-artifact_prefix=$(UNIT_BUILDER)/ > $(UNIT_BUILDER)/fuzz.log 2>&1 || \
		{ cat $(UNIT_BUILDER)/fuzz.log; exit 1; }
	@echo 'fuzz: builder kernel: $(FUZZ_RUNS) runs'

-include $(BUILDER_TEST_OBJ:.o=.d) $(addsuffix .d,$(BUILDER_TESTS))
