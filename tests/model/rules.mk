# SPDX-License-Identifier: MIT
#
# The explicit-state searches over the real code. check-model visits small scopes whole and must find
# each planted bug: a substitution in a copy of one source file, named below. `make model-large`
# visits larger ones; docs/security.md says how far they went.

MODEL       := $(BUILD)/tests/model
MODEL_MM    := account audit entry page page_type pin update m2p segdesc relinquish exchange reservation heap
MODEL_OTHER := tests/model/memory.c tests/model/reach.c tests/host/host.c \
	$(filter-out hypervisor/lib/string.c,$(wildcard hypervisor/lib/*.c))
MODEL_FLAGS := $(HOST_CFLAGS) -DCONFIG_DEBUG=1 -DMM_WORK_MAX=1 \
	-Itests/host -Ihypervisor -Iinclude
MODEL_DEPS  := $(wildcard hypervisor/mm/*.[ch] hypervisor/lib/*.[ch] tests/host/*.c tests/host/*/*.h) \
	$(addprefix tests/model/,memory.c memory.h reach.c rules.mk)

# name: file and substitution
MODEL_BUGS := flat_unflushed table_unflushed foreign_unflushed reused_unflushed not_put writable_table \
	early_valid
BUG_flat_unflushed  := page s/account_flush.owner.;/(void)owner;/
BUG_table_unflushed := page_type s/account_flush.owner.;/(void)owner;/
BUG_foreign_unflushed := account s/machine_flush_cpus(cpus);/(void)cpus;/
BUG_reused_unflushed  := alloc s/if (stamp == frames.flush_clock)/if (false)/
BUG_not_put         := update s/l1e_put_own.acct, held, old.;/(void)held;/
BUG_writable_table  := page s/page->type != type)$$/false)/
BUG_early_valid     := page_type s/page->progress = 0;/page->progress = 1;/

# The same of the other models: file and substitution. A breach prints its path as a C test; the tests
# of that kind that a model has, from earlier breaches, may find one first.
MODEL_SIM_BUGS := events_stale events_lost grants_flush grants_put
BUG_events_stale := core/evtchn s/atomic_bit_clear(d->shared->evtchn_pending, port);/;/
BUG_events_lost  := core/evtchn_send s/bit_test(d->shared->evtchn_pending, port) && v)/false)/
BUG_grants_flush := core/grant_unmap s/if (list->flush)/if (false)/
BUG_grants_put   := core/grant_pin s/^    references_put(page_of(mfn), kinds);/;/

MODEL_STORE_BUGS := store_conflict store_children store_quota store_note store_silent
BUG_store_conflict := transaction s/commit && has_conflict(store, tx)/commit \&\& tx->doomed/
BUG_store_children := transaction s/!note->children ||/true ||/
BUG_store_quota    := transaction s/return added > 0 &&/return false \&\&/
BUG_store_note     := view s/^    note(view, path, children);/;/
BUG_store_silent   := watch s/(is_watched(watch, news))/(news->is_exact)/

MODEL_PLANTED := $(MODEL_BUGS) $(MODEL_SIM_BUGS) $(MODEL_STORE_BUGS)

CHECKS += check-model
.PHONY: check-model model model-large
check-model: $(MODEL)/joined-2x2 $(MODEL)/apart-3x1 $(MODEL)/grants-small $(MODEL)/events-small $(MODEL)/store-small \
		$(MODEL_PLANTED:%=$(MODEL)/bug-%)
	$(Q)mkdir -p $(BUILD)/check; bad=0; good=0; \
	for m in $(MODEL)/joined-2x2 $(MODEL)/apart-3x1 "$(MODEL)/events-small 10000 400" \
			"$(MODEL)/grants-small 10000 40" $(MODEL)/store-small; do \
		if $$m; then good=$$((good + 1)); else bad=$$((bad + 1)); fi; \
	done; \
	for b in $(MODEL_PLANTED); do \
		case $$b in events*|grants*) limits='2000 4';; *) limits=;; esac; \
		$(MODEL)/bug-$$b $$limits > $(MODEL)/$$b.log 2>&1; \
		if [ $$? = 1 ] && grep -q '^    \|: test [0-9]' $(MODEL)/$$b.log; then \
			good=$$((good + 1)); echo "planted $$b: found"; \
		else bad=$$((bad + 1)); echo "planted $$b: NOT found"; fi; \
	done; echo $$good $$bad 0 > $(BUILD)/check/model.counts; [ $$bad = 0 ]

model: check-model

# Joined or apart, frames, entries of a table. Hours.
MODEL_MEMORY := joined-2x2 joined-3x1 apart-3x1 apart-3x2 apart-4x1
MODEL_LARGE  := joined-3x1 apart-3x2 apart-4x1
model-large: $(MODEL_LARGE:%=$(MODEL)/%) $(MODEL_SIM:%=$(MODEL)/%) $(MODEL)/store-wide $(MODEL)/store-deep
	$(Q)for m in $(MODEL_LARGE); do $(MODEL)/$$m -v || exit 1; done
	$(Q)$(MODEL)/store-wide
	$(Q)$(MODEL)/store-deep
	$(Q)$(MODEL)/events 100000 100
	$(Q)$(MODEL)/grants 100000 1

$(MODEL)/joined-2x2: MODEL_SIZE := -DFRAMES=2 -DTABLE_ENTRIES=2
$(MODEL)/joined-3x1: MODEL_SIZE := -DFRAMES=3 -DTABLE_ENTRIES=1 '-DVERSIONS_MAX=(1u << 22)'
$(MODEL)/apart-3x1:  MODEL_SIZE := -DFRAMES=3 -DTABLE_ENTRIES=1 -DAPART
$(MODEL)/apart-3x2:  MODEL_SIZE := -DFRAMES=3 -DTABLE_ENTRIES=2 -DAPART '-DVERSIONS_MAX=(1u << 26)'
$(MODEL)/apart-4x1:  MODEL_SIZE := -DFRAMES=4 -DTABLE_ENTRIES=1 -DAPART '-DVERSIONS_MAX=(1u << 26)'
$(MODEL_MEMORY:%=$(MODEL)/%): $(MODEL_DEPS)
	$(say) TEST $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -MMD -MP,$(MODEL_FLAGS)) $(MODEL_SIZE) $(MODEL_OTHER) \
		$(MODEL_MM:%=hypervisor/mm/%.c) -o $@

# The copy must differ from the original: a substitution that no longer fits fails the build. The
# allocator is no file of its own there: memory.c includes it, and finds the copy.
$(MODEL_BUGS:%=$(MODEL)/bug-%): $(MODEL)/bug-%: $(MODEL_DEPS)
	$(say) TEST $@
	$(Q)mkdir -p $@.d/mm
	$(Q)sed '$(wordlist 2,9,$(BUG_$*))' hypervisor/mm/$(firstword $(BUG_$*)).c > $@.d/mm/$(firstword $(BUG_$*)).c
	$(Q)! cmp -s $@.d/mm/$(firstword $(BUG_$*)).c hypervisor/mm/$(firstword $(BUG_$*)).c
	$(Q)$(CC) -I$@.d $(filter-out -MMD -MP -Werror,$(MODEL_FLAGS)) -w -DFRAMES=2 -DTABLE_ENTRIES=2 $(MODEL_OTHER) \
		$(filter-out %/alloc.c,$@.d/mm/$(firstword $(BUG_$*)).c) \
		$(patsubst %,hypervisor/mm/%.c,$(filter-out $(firstword $(BUG_$*)),$(MODEL_MM))) -o $@

# ---- the whole hypervisor on the simulated machine: grants, event channels ----

# Arguments of each: states at most, and every how many steps one is tried with a second at once.
MODEL_SIM         := grants events
MODEL_SIM_SMALL   := -DGRANTS=1 -DPORTS=2
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

# The copy goes below a folder of that name, so that its variables are put back as others are.
$(MODEL_SIM_BUGS:%=$(MODEL)/bug-%): $(MODEL)/bug-%: $(MODEL_SIM_OBJECTS) \
		$(MODEL_SIM:%=$(MODEL)/%-small.o) tests/model/rules.mk
	$(say) TEST $@
	$(Q)mkdir -p $(MODEL)/hypervisor
	$(Q)sed '$(wordlist 2,9,$(BUG_$*))' hypervisor/$(firstword $(BUG_$*)).c > $(MODEL)/hypervisor/$*.c
	$(Q)! cmp -s $(MODEL)/hypervisor/$*.c hypervisor/$(firstword $(BUG_$*)).c
	$(Q)$(CC) $(filter-out -O2 -Werror -MMD -MP,$(SIM_CFLAGS)) -w -O2 -fno-pie \
		-c $(MODEL)/hypervisor/$*.c -o $(MODEL)/hypervisor/$*.o
	$(Q)$(CC) $(SIM_LDFLAGS) $(filter-out %/hypervisor/$(firstword $(BUG_$*)).o,$(MODEL_SIM_OBJECTS)) \
		$(MODEL)/$(firstword $(subst _, ,$*))-small.o $(MODEL)/hypervisor/$*.o -o $@

# ---- the store's transactions ----

MODEL_STORE_SMALL := -DSMALL -DOPS=1
MODEL_STORE_DEPS  := tests/model/store.c $(STORED_CORE) $(wildcard dom0-tools/stored/*.h) \
	dom0-tools/common/io.c
MODEL_STORE_FLAGS := $(TOOLS_CPPFLAGS) $(filter-out -MMD -MP,$(HOST_CFLAGS))

$(MODEL)/store-small: MODEL_SIZE := $(MODEL_STORE_SMALL)
$(MODEL)/store-deep:  MODEL_SIZE := -DSMALL -DOPS=2
$(MODEL)/store-wide:  MODEL_SIZE := -DOPS=1
$(MODEL)/store-small $(MODEL)/store-deep $(MODEL)/store-wide: $(MODEL_STORE_DEPS)
	$(say) TEST $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(MODEL_STORE_FLAGS) $(MODEL_SIZE) $(filter %.c,$^) -lz -o $@

$(MODEL_STORE_BUGS:%=$(MODEL)/bug-%): $(MODEL)/bug-%: $(MODEL_STORE_DEPS) tests/model/rules.mk
	$(say) TEST $@
	$(Q)mkdir -p $(@D)
	$(Q)sed '$(wordlist 2,9,$(BUG_$*))' dom0-tools/stored/$(firstword $(BUG_$*)).c > $@.c
	$(Q)! cmp -s $@.c dom0-tools/stored/$(firstword $(BUG_$*)).c
	$(Q)$(CC) $(filter-out -Werror,$(MODEL_STORE_FLAGS)) -w $(MODEL_STORE_SMALL) $@.c \
		$(filter-out %/$(firstword $(BUG_$*)).c,$(filter %.c,$^)) -lz -o $@

-include $(MODEL_SIM:%=$(MODEL)/%-small.d) \
	$(patsubst %,$(SIM)/fast/tests/model/%.c.d,$(MODEL_SIM) search)
