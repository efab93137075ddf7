# SPDX-License-Identifier: MIT
#
# Unit tests of the library for domain files, under ASan and UBSan.

UNIT_CONFIG       := $(BUILD)/tests/unit/config
UNIT_CONFIG_TESTS := $(patsubst tests/unit/config/%.c,$(UNIT_CONFIG)/%,\
	$(wildcard tests/unit/config/*.c))
UNIT_CONFIG_OBJ   := $(CONFIG_SRC:dom0-tools/config/%.c=$(UNIT_CONFIG)/lib/%.o)
UNIT_CONFIG_FLAGS  = $(TOOLS_CPPFLAGS) $(LIBXML_CFLAGS) $(HOST_CFLAGS) $(SANITIZE)
CHECKS            += check-unit-config

$(UNIT_CONFIG)/lib/%.o: dom0-tools/config/%.c
	$(say) HOSTCC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(UNIT_CONFIG_FLAGS) -c $< -o $@

$(UNIT_CONFIG)/lib/schema.o: $(CONFIG_SCHEMA)

$(UNIT_CONFIG_TESTS): $(UNIT_CONFIG)/%: tests/unit/config/%.c $(UNIT_CONFIG_OBJ)
	$(say) TEST $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(UNIT_CONFIG_FLAGS) -MF $@.d $< $(UNIT_CONFIG_OBJ) \
		$(if $(filter memory,$*),$(MEMORY_WRAP)) $(CONFIG_LIBS) -lcheck -lsubunit -lm -lrt \
		-lpthread -o $@

# As check-unit counts: a program that dies before its closing line is one error.
.PHONY: check-unit-config
check-unit-config: $(UNIT_CONFIG_TESTS)
	$(Q)mkdir -p $(BUILD)/check; status=0; : > $(UNIT_CONFIG)/log; \
	for t in $(UNIT_CONFIG_TESTS); do \
		$$t > $$t.log 2>&1 || status=1; \
		sed -n '/Checks:/!p' $$t.log | grep -v '^Running' || true; \
		line=$$(grep '%: Checks:' $$t.log) || line='0%: Checks: 1, Failures: 0, Errors: 1'; \
		printf '%s: %s\n' $${t#$(UNIT_CONFIG)/} "$$line" | tee -a $(UNIT_CONFIG)/log; \
	done; \
	sed -n 's/.*Checks: \([0-9]*\), Failures: \([0-9]*\), Errors: \([0-9]*\).*/\1 \2 \3/p' \
		$(UNIT_CONFIG)/log | awk '{ t += $$1; b += $$2 + $$3 } END { print t - b, b + 0, 0 }' \
		> $(BUILD)/check/unit-config.counts; exit $$status

-include $(UNIT_CONFIG_OBJ:.o=.d) $(addsuffix .d,$(UNIT_CONFIG_TESTS))

CHECKS += check-fuzz-config

$(UNIT_CONFIG)/fuzz/domain_config: tests/unit/config/fuzz/domain_config.c $(CONFIG_SRC) \
		$(CONFIG_SCHEMA)
	$(say) FUZZ $@
	$(Q)mkdir -p $(@D)
	$(Q)clang $(TOOLS_CPPFLAGS) $(LIBXML_CFLAGS) $(filter-out -MMD -MP,$(HOST_CFLAGS)) \
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		$(filter %.c,$^) $(CONFIG_LIBS) -o $@

# The samples are the first inputs; new ones go into the build folder.
.PHONY: check-fuzz-config
check-fuzz-config: $(UNIT_CONFIG)/fuzz/domain_config
	$(Q)rm -rf $(UNIT_CONFIG)/corpus; mkdir -p $(UNIT_CONFIG)/corpus
	$(Q)$< -runs=$(FUZZ_RUNS) -seed=1 -max_len=8192 -rss_limit_mb=2048 -malloc_limit_mb=512 \
		-artifact_prefix=$(UNIT_CONFIG)/ $(UNIT_CONFIG)/corpus tests/unit/config/samples \
		> $(UNIT_CONFIG)/fuzz.log 2>&1 || { cat $(UNIT_CONFIG)/fuzz.log; exit 1; }
	@echo 'fuzz: domain_config: $(FUZZ_RUNS) runs'
