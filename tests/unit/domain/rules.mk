# SPDX-License-Identifier: MIT
#
# Unit tests of the library of domains, and of how the command line names devices, under ASan and
# UBSan: against fakes of hypervisor, store, builder and devices.

UNIT_DOMAIN       := $(BUILD)/tests/unit/domain
UNIT_DOMAIN_TESTS := $(addprefix $(UNIT_DOMAIN)/,create schedule spec)
UNIT_DOMAIN_FLAGS  = $(TOOLS_CPPFLAGS) $(filter-out -MMD -MP,$(HOST_CFLAGS)) $(SANITIZE) \
	-DDAEMON_RUN_DIR='"$(UNIT_DOMAIN)/run"'
UNIT_DOMAIN_LIBS  := $(CONFIG_LIBS) -lcheck -lsubunit -lm -lrt -lpthread
CHECKS            += check-unit-domain

$(UNIT_DOMAIN_TESTS): $(wildcard dom0-tools/domain/*.h tests/unit/domain/*.h) | $(HYPERCALLS)

$(UNIT_DOMAIN)/create $(UNIT_DOMAIN)/schedule: $(UNIT_DOMAIN)/%: tests/unit/domain/%.c \
		tests/unit/domain/fakes.c $(filter-out %/hypervisor.c,$(DOMAIN_SRC)) \
		$(addprefix dom0-tools/common/,failure.c io.c) $(UNIT_CONFIG_OBJ)
	$(say) TEST $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(UNIT_DOMAIN_FLAGS) $(filter %.c %.o,$^) $(if $(filter create,$*),$(MEMORY_WRAP)) \
		$(UNIT_DOMAIN_LIBS) -o $@

$(UNIT_DOMAIN)/spec: tests/unit/domain/spec.c dom0-tools/lamina/spec.c $(UNIT_CONFIG_OBJ)
	$(say) TEST $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(UNIT_DOMAIN_FLAGS) $(filter %.c %.o,$^) $(UNIT_DOMAIN_LIBS) -o $@

# As check-unit counts: a program that dies before its closing line is one error.
.PHONY: check-unit-domain
check-unit-domain: $(UNIT_DOMAIN_TESTS)
	$(Q)mkdir -p $(BUILD)/check; status=0; : > $(UNIT_DOMAIN)/log; \
	for t in $(UNIT_DOMAIN_TESTS); do \
		$$t > $$t.log 2>&1 || status=1; \
		sed -n '/Checks:/!p' $$t.log | grep -v '^Running' || true; \
		line=$$(grep '%: Checks:' $$t.log) || line='0%: Checks: 1, Failures: 0, Errors: 1'; \
		printf 'domain %s: %s\n' $${t#$(UNIT_DOMAIN)/} "$$line" | tee -a $(UNIT_DOMAIN)/log; \
	done; \
	sed -n 's/.*Checks: \([0-9]*\), Failures: \([0-9]*\), Errors: \([0-9]*\).*/\1 \2 \3/p' \
		$(UNIT_DOMAIN)/log | awk '{ t += $$1; b += $$2 + $$3 } END { print t - b, b + 0, 0 }' \
		> $(BUILD)/check/unit-domain.counts; exit $$status
