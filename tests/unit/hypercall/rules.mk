# SPDX-License-Identifier: MIT
#
# The generated dispatch with handlers made for the test, under ASan and UBSan. Only the handlers
# that the test reaches are defined, so the linker is told to let the others be.

UNIT_HYPERCALL := $(BUILD)/tests/unit/hypercall
CHECKS         += check-unit-hypercall

.PHONY: check-unit-hypercall
$(UNIT_HYPERCALL)/hypercall: tests/unit/hypercall/hypercall.c $(HYPERCALLS) $(CONFIG) \
		$(wildcard hypervisor/hypercall/hypercall.[ch] hypervisor/hypercall/multicall.c \
		hypervisor/hypercall/mmuext.c hypervisor/hypercall/target.[ch])
	$(say) TEST $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -MMD -MP,$(HOST_CFLAGS)) $(SANITIZE) -include $(CONFIG) -fno-pie -no-pie \
		-Itests/host -Ihypervisor -Iinclude -I$(GEN) $(filter %.c,$^) $(GEN)/hypercall_dispatch.c \
		-Wl,--unresolved-symbols=ignore-all -lcheck -lsubunit -lm -lrt -lpthread -o $@

check-unit-hypercall: $(UNIT_HYPERCALL)/hypercall
	$(Q)mkdir -p $(BUILD)/check
	$(Q)$< > $(UNIT_HYPERCALL)/log 2>&1; status=$$?; cat $(UNIT_HYPERCALL)/log; \
		sed -n 's/.*Checks: \([0-9]*\), Failures: \([0-9]*\), Errors: \([0-9]*\).*/\1 \2 \3/p' \
		$(UNIT_HYPERCALL)/log | awk '{ print $$1 - $$2 - $$3, $$2 + $$3, 0 }' \
		> $(BUILD)/check/unit-hypercall.counts; exit $$status
