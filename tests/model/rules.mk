# SPDX-License-Identifier: MIT
#
# The explicit-state search over the real memory core. check-model visits a small machine whole and
# must find each planted bug: a substitution in a copy of one source file, named below. `make
# model-large` visits a machine with one frame more and the guest alone, as far as memory allows.

MODEL       := $(BUILD)/tests/model
MODEL_MM    := account audit entry page page_type pin update m2p segdesc relinquish exchange reservation heap
MODEL_OTHER := tests/model/main.c tests/host/host.c \
	$(filter-out hypervisor/lib/string.c,$(wildcard hypervisor/lib/*.c))
MODEL_FLAGS := $(HOST_CFLAGS) -DCONFIG_DEBUG=1 -DMM_WORK_MAX=1 -DTABLE_ENTRIES=1 \
	-Itests/host -Ihypervisor -Iinclude
MODEL_DEPS  := $(wildcard hypervisor/mm/*.[ch] hypervisor/lib/*.[ch] tests/host/*.c tests/host/*/*.h) \
	tests/model/main.c tests/model/rules.mk

# name: file and substitution
MODEL_BUGS := flat_unflushed table_unflushed not_put writable_table early_valid
BUG_flat_unflushed  := page s/account_flush.owner.;/(void)owner;/
BUG_table_unflushed := page_type s/account_flush.owner.;/(void)owner;/
BUG_not_put         := update s/l1e_put_own.acct, held, old.;/(void)held;/
BUG_writable_table  := page s/page->type != type)$$/false)/
BUG_early_valid     := page_type s/page->progress = 0;/page->progress = 1;/

CHECKS += check-model
.PHONY: check-model model model-large
check-model: $(MODEL)/small $(MODEL_BUGS:%=$(MODEL)/bug-%) $(MODEL)/grants-small \
		$(MODEL)/events-small
	$(Q)mkdir -p $(BUILD)/check; bad=0; good=0; \
	for m in $(MODEL)/small "$(MODEL)/events-small 100000 16" \
			"$(MODEL)/grants-small 30000 1000"; do \
		if $$m; then good=$$((good + 1)); else bad=$$((bad + 1)); fi; \
	done; \
	for b in $(MODEL_BUGS); do \
		$(MODEL)/bug-$$b > $(MODEL)/$$b.log 2>&1; \
		if [ $$? = 1 ]; then good=$$((good + 1)); echo "planted $$b: found"; \
		else bad=$$((bad + 1)); echo "planted $$b: NOT found"; fi; \
	done; echo $$good $$bad 0 > $(BUILD)/check/model.counts; [ $$bad = 0 ]

model: check-model

# As far as memory and patience allow (2: memory was the limit).
model-large: $(MODEL)/large $(MODEL_SIM:%=$(MODEL)/%)
	$(Q)$(MODEL)/large || [ $$? = 2 ]
	$(Q)$(MODEL)/events 2000000 256
	$(Q)$(MODEL)/grants 2000000 5000

$(MODEL)/small: MODEL_SIZE := -DFRAMES=2
$(MODEL)/large: MODEL_SIZE := -DFRAMES=3 -DSTART=1
$(MODEL)/small $(MODEL)/large: $(MODEL_DEPS)
	$(say) TEST $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -MMD -MP,$(MODEL_FLAGS)) $(MODEL_SIZE) $(MODEL_OTHER) \
		$(MODEL_MM:%=hypervisor/mm/%.c) -o $@

# The copy must differ from the original: a substitution that no longer fits fails the build.
$(MODEL)/bug-%: $(MODEL_DEPS)
	$(say) TEST $@
	$(Q)mkdir -p $(@D)
	$(Q)sed '$(wordlist 2,9,$(BUG_$*))' hypervisor/mm/$(firstword $(BUG_$*)).c > $@.c
	$(Q)! cmp -s $@.c hypervisor/mm/$(firstword $(BUG_$*)).c
	$(Q)$(CC) $(filter-out -MMD -MP -Werror,$(MODEL_FLAGS)) -w -DFRAMES=2 $(MODEL_OTHER) $@.c \
		$(patsubst %,hypervisor/mm/%.c,$(filter-out $(firstword $(BUG_$*)),$(MODEL_MM))) -o $@

# ---- the whole hypervisor on the simulated machine: grants, event channels ----

# Arguments of each: states at most, and every how many states pairs of operations are tried.
MODEL_SIM         := grants events
MODEL_SIM_SMALL   := -DGRANTS=1 -DPORTS=1
MODEL_SIM_OBJECTS := $(addprefix $(SIM)/fast/,$(SIM_OBJECTS) tests/model/search.c.o)

$(MODEL)/%-small.o: tests/model/%.c tests/model/search.h $(CONFIG) | $(HYPERCALLS)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -O2,$(SIM_CFLAGS)) -O2 -fno-pie $(MODEL_SIM_SMALL) -c $< -o $@

$(MODEL_SIM:%=$(MODEL)/%-small): %-small: %-small.o $(MODEL_SIM_OBJECTS) tests/sim/sim.lds
	$(say) TEST $@
	$(Q)$(CC) $(SIM_LDFLAGS) $(filter %.o,$^) -o $@

$(MODEL_SIM:%=$(MODEL)/%): $(MODEL)/%: $(SIM)/fast/tests/model/%.c.o $(MODEL_SIM_OBJECTS) \
		tests/sim/sim.lds
	$(say) TEST $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(SIM_LDFLAGS) $(filter %.o,$^) -o $@

-include $(MODEL_SIM:%=$(MODEL)/%-small.d) \
	$(patsubst %,$(SIM)/fast/tests/model/%.c.d,$(MODEL_SIM) search)
