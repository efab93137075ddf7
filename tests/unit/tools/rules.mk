# SPDX-License-Identifier: MIT
#
# Unit tests of the control domain's programs, under ASan and UBSan, and their fuzzers.

UNIT_TOOLS := $(BUILD)/tests/unit/tools
FUZZ_RUNS  ?= 5000
CHECKS     += check-unit-tools check-fuzz-tools

.PHONY: check-unit-tools check-fuzz-tools
$(UNIT_TOOLS)/kernel_image: tests/unit/tools/kernel_image.c $(KERNEL_IMAGE_SRC)
	$(say) TEST $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TOOLS_CPPFLAGS) $(filter-out -MMD -MP,$(HOST_CFLAGS)) $(SANITIZE) $^ \
		$(KERNEL_IMAGE_LIBS) -lcheck -lsubunit -lm -lrt -lpthread -o $@

# Check prints "NN%: Checks: total, Failures: f, Errors: e"; the counts come from that line.
check-unit-tools: $(UNIT_TOOLS)/kernel_image
	$(Q)mkdir -p $(BUILD)/check
	$(Q)$< > $(UNIT_TOOLS)/log 2>&1; status=$$?; cat $(UNIT_TOOLS)/log; \
		sed -n 's/.*Checks: \([0-9]*\), Failures: \([0-9]*\), Errors: \([0-9]*\).*/\1 \2 \3/p' \
		$(UNIT_TOOLS)/log | awk '{ t += $$1; b += $$2 + $$3 } END { print t - b, b, 0 }' \
		> $(BUILD)/check/unit-tools.counts; exit $$status

$(UNIT_TOOLS)/fuzz_kernel_image: tests/unit/tools/fuzz_kernel_image.c $(KERNEL_IMAGE_SRC)
	$(say) FUZZ $@
	$(Q)mkdir -p $(@D)
	$(Q)clang $(TOOLS_CPPFLAGS) $(filter-out -MMD -MP,$(HOST_CFLAGS)) \
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all $^ \
		$(KERNEL_IMAGE_LIBS) -o $@

check-fuzz-tools: $(UNIT_TOOLS)/fuzz_kernel_image
	$(Q)$< -runs=$(FUZZ_RUNS) -seed=1 -max_len=4096 -rss_limit_mb=2048 -malloc_limit_mb=512 \
		-artifact_prefix=$(UNIT_TOOLS)/ > $(UNIT_TOOLS)/fuzz.log 2>&1 || { cat $(UNIT_TOOLS)/fuzz.log; exit 1; }
	@echo 'fuzz: kernel_image: $(FUZZ_RUNS) runs'
