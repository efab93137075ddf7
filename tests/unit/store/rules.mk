# SPDX-License-Identifier: MIT
#
# Unit tests of the store client under ASan and UBSan, against the daemon as it is installed.

UNIT_STORE       := $(BUILD)/tests/unit/store
UNIT_STORE_FLAGS  = $(TOOLS_CPPFLAGS) $(filter-out -MMD -MP,$(HOST_CFLAGS)) $(SANITIZE)
CHECKS           += check-unit-store

$(UNIT_STORE)/client: $(wildcard tests/unit/store/*.[ch]) $(STORE_CLIENT_SRC) \
		$(wildcard dom0-tools/store/*.h)
	$(say) TEST $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(UNIT_STORE_FLAGS) $(filter %.c,$^) $(MEMORY_WRAP) -lcheck -lsubunit -lm -lrt -lpthread -o $@

# As check-unit counts: a program that dies before its closing line is one error.
.PHONY: check-unit-store
check-unit-store: $(UNIT_STORE)/client $(STORED)
	$(Q)mkdir -p $(BUILD)/check; status=0; \
	LAMINA_STORED=$(STORED) $< > $<.log 2>&1 || status=1; \
	sed -n '/Checks:/!p' $<.log | grep -v '^Running' || true; \
	line=$$(grep '%: Checks:' $<.log) || line='0%: Checks: 1, Failures: 0, Errors: 1'; \
	printf 'store client: %s\n' "$$line"; echo "$$line" | \
	sed -n 's/.*Checks: \([0-9]*\), Failures: \([0-9]*\), Errors: \([0-9]*\).*/\1 \2 \3/p' | \
		awk '{ b = $$2 + $$3; print $$1 - b, b, 0 }' > $(BUILD)/check/unit-store.counts; \
	exit $$status
