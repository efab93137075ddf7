# SPDX-License-Identifier: MIT
#
# Unit tests of lamina-stored under ASan and UBSan, the fuzzer of its protocol, and the daemon
# itself with the clients that Debian ships, killed in between.

UNIT_STORED  := $(BUILD)/tests/unit/stored
STORED_TESTS := $(patsubst tests/unit/stored/%.c,$(UNIT_STORED)/%, \
	$(filter-out tests/unit/stored/fuzz_%.c,$(wildcard tests/unit/stored/*.c)))
STORED_FLAGS := $(TOOLS_CPPFLAGS) $(filter-out -O2 -MMD -MP,$(HOST_CFLAGS)) -O1
CHECKS       += check-unit-stored check-fuzz-stored check-stored

.PHONY: check-unit-stored check-fuzz-stored check-stored
$(UNIT_STORED)/core/%.o: dom0-tools/stored/%.c $(wildcard dom0-tools/stored/*.h)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(STORED_FLAGS) $(SANITIZE) -c $< -o $@

$(STORED_TESTS): $(UNIT_STORED)/%: tests/unit/stored/%.c tests/unit/stored/rig.h \
		$(patsubst dom0-tools/stored/%.c,$(UNIT_STORED)/core/%.o,$(STORED_CORE)) \
		$(COMMON_SANITIZED)
	$(say) TEST $@
	$(Q)$(CC) $(STORED_FLAGS) $(SANITIZE) $(filter %.c %.o %.a,$^) \
		$(if $(filter memory,$*),$(MEMORY_WRAP)) -lz -lcheck -lsubunit -lm -lrt \
		-lpthread -o $@

# Check prints "NN%: Checks: total, Failures: f, Errors: e"; the counts come from that line. A
# program that dies before it counts as one failure.
check-unit-stored: $(STORED_TESTS)
	$(Q)mkdir -p $(BUILD)/check; status=0; : > $(UNIT_STORED)/log; \
	for t in $(STORED_TESTS); do \
		$$t > $$t.log 2>&1 || status=1; \
		sed -n '/Checks:/!p' $$t.log | grep -v '^Running' || true; \
		line=$$(grep '%: Checks:' $$t.log) || line='0%: Checks: 1, Failures: 0, Errors: 1'; \
		printf '%s: %s\n' $${t#$(BUILD)/tests/unit/} "$$line" | tee -a $(UNIT_STORED)/log; \
	done; \
	sed -n 's/.*Checks: \([0-9]*\), Failures: \([0-9]*\), Errors: \([0-9]*\).*/\1 \2 \3/p' \
		$(UNIT_STORED)/log | awk '{ t += $$1; b += $$2 + $$3 } END { print t - b, b + 0, 0 }' \
		> $(BUILD)/check/unit-stored.counts; exit $$status

$(UNIT_STORED)/fuzz_protocol: tests/unit/stored/fuzz_protocol.c $(STORED_CORE) \
		dom0-tools/common/io.c \
		$(wildcard dom0-tools/stored/*.h)
	$(say) FUZZ $@
	$(Q)mkdir -p $(@D)
	$(Q)clang $(STORED_FLAGS) -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		$(filter %.c,$^) -lz -o $@

check-fuzz-stored: $(UNIT_STORED)/fuzz_protocol
	$(Q)$< -runs=$(FUZZ_RUNS) -seed=1 -max_len=1024 -rss_limit_mb=1024 \
		-dict=tests/unit/stored/protocol.dict -artifact_prefix=$(UNIT_STORED)/ \
		> $(UNIT_STORED)/fuzz.log 2>&1 || { cat $(UNIT_STORED)/fuzz.log; exit 1; }
	@echo 'fuzz: stored protocol: $(FUZZ_RUNS) runs'

check-stored: $(STORED)
	$(Q)$(PYTHON) tests/stored/clients.py $(STORED) --counts $(BUILD)/check/stored.counts
