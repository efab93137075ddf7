# SPDX-License-Identifier: MIT
#
# Unit tests of the hypervisor's layers on the host, under ASan and UBSan. A test is
# tests/unit/<layer>/<name>.c; it is linked against an archive of the layers that compile unchanged
# for the host, so a test's own stand-in for a function wins over the archive's file of it. A layer
# adds sources for the archive in tests/unit/<layer>/sources.mk (UNIT_SOURCES +=), and names there
# the tests that have a rule of their own (UNIT_SPECIAL +=).

comma        := ,
UNIT         := $(BUILD)/tests/unit
UNIT_SOURCES := tests/host/host.c $(wildcard hypervisor/mm/*.c) \
	$(filter-out hypervisor/lib/string.c,$(wildcard hypervisor/lib/*.c))
-include $(wildcard tests/unit/*/sources.mk)
UNIT_TESTS   := $(patsubst tests/unit/%.c,$(UNIT)/%,$(sort \
	$(wildcard $(foreach layer,lib x86 sys mm core pv hypercall boot,tests/unit/$(layer)/*.c))))
UNIT_TESTS   := $(filter-out $(UNIT_SPECIAL:%=$(UNIT)/%),$(UNIT_TESTS))
UNIT_OBJECTS := $(patsubst %.c,$(UNIT)/host/%.o,$(UNIT_SOURCES))
UNIT_CFLAGS  := $(filter-out -O2,$(HOST_CFLAGS)) -O1 $(SANITIZE) -DCONFIG_DEBUG=1 \
	-Itests/host -Ihypervisor -Iinclude -Itests/unit
# For tests that include tests/unit/memory.h.
MEMORY_WRAP  := $(addprefix -Wl$(comma)--wrap=,malloc calloc realloc reallocarray strdup strndup \
	open_memstream vasprintf asprintf fopen64 opendir fdopendir mmap64 getline __getdelim scandir64)
UNIT_LIBS    := -lcheck -lsubunit -lm -lrt -lpthread
CHECKS       += check-unit

$(UNIT)/host/%.o: %.c
	$(say) HOSTCC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(UNIT_CFLAGS) -c $< -o $@

$(UNIT)/libhost.a: $(UNIT_OBJECTS)
	$(say) AR $@
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

$(UNIT_TESTS): $(UNIT)/%: tests/unit/%.c $(UNIT)/libhost.a
	$(say) TEST $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(UNIT_CFLAGS) -MF $@.d $< $(UNIT)/libhost.a $(UNIT_LIBS) -o $@

-include $(UNIT_OBJECTS:.o=.d) $(addsuffix .d,$(UNIT_TESTS))

# Check ends each program with "NN%: Checks: total, Failures: f, Errors: e": shown, and added up. A
# program that dies before that line counts as one failure.
.PHONY: check-unit
check-unit: $(UNIT_TESTS)
	$(Q)mkdir -p $(BUILD)/check; status=0; : > $(UNIT)/log; \
	for t in $(UNIT_TESTS); do \
		CK_DEFAULT_TIMEOUT=120 $$t > $$t.log 2>&1 || status=1; \
		sed -n '/Checks:/!p' $$t.log | grep -v '^Running' || true; \
		line=$$(grep '%: Checks:' $$t.log) || line='0%: Checks: 1, Failures: 0, Errors: 1'; \
		printf '%s: %s\n' $${t#$(UNIT)/} "$$line" | tee -a $(UNIT)/log; \
	done; \
	sed -n 's/.*Checks: \([0-9]*\), Failures: \([0-9]*\), Errors: \([0-9]*\).*/\1 \2 \3/p' \
		$(UNIT)/log | awk '{ t += $$1; b += $$2 + $$3 } END { print t - b, b + 0, 0 }' \
		> $(BUILD)/check/unit.counts; exit $$status
