# SPDX-License-Identifier: MIT
#
# CPUs that run at once, under ThreadSanitizer: the hypervisor and this machine are watched, what
# stands for guests and for the processor's own accesses is not (tests/race/plain.h).

RACE         := $(BUILD)/tests/race
RACE_HV      := $(SIM_HV:%=$(RACE)/%.o) $(RACE)/hypervisor/x86/tlb.c.o \
	$(patsubst $(GEN)/%,$(RACE)/hypervisor/generated/%.o,$(SIM_GEN))
RACE_WATCHED := $(addprefix $(RACE)/tests/,race/cpu.c.o race/main.c.o sim/machine.c.o sim/exit.c.o)
RACE_PLAIN   := $(patsubst tests/%,$(RACE)/tests/%.o,tests/sim/guest.c tests/sim/world.c \
	$(filter-out %/main.c %/libfuzzer.c %/run.c %/input.c,$(wildcard tests/fuzz/hypercall/*.c)))
RACE_OTHER   := $(RACE)/tests/sim/switch.S.o
RACE_OBJ     := $(RACE_HV) $(RACE_WATCHED) $(RACE_PLAIN) $(RACE_OTHER)
RACE_CFLAGS  := $(filter-out -O2,$(SIM_CFLAGS)) -O1 -fno-pie
RACE_CFLAGS  := -Itests/race -Itests/sim -Itests/fuzz/hypercall $(RACE_CFLAGS)
RACE_TSAN    := -fsanitize=thread -include tests/race/once.h
CHECKS       += check-race

$(RACE_HV) $(RACE_WATCHED): RACE_KIND := $(RACE_TSAN)
$(RACE_PLAIN): RACE_KIND := -include tests/race/plain.h -fno-builtin

$(RACE)/hypervisor/generated/%.c.o: $(GEN)/%.c $(CONFIG) | $(HYPERCALLS)
	$(Q)mkdir -p $(@D)
	$(Q)clang $(RACE_CFLAGS) $(RACE_KIND) -c $< -o $@
$(RACE)/%.c.o: %.c $(CONFIG) | $(HYPERCALLS)
	$(Q)mkdir -p $(@D)
	$(Q)clang $(RACE_CFLAGS) $(RACE_KIND) -c $< -o $@
$(RACE)/%.S.o: %.S
	$(Q)mkdir -p $(@D)
	$(Q)clang -c $< -o $@

$(RACE)/race: $(RACE_OBJ) tests/sim/sim.lds
	$(say) TEST $@
	$(Q)clang -fsanitize=thread -no-pie -Wl,-T,tests/sim/sim.lds -Wl,--wrap=panic \
		$(filter %.o,$^) -o $@

# The first race ends the run: what comes after it may be its consequence.
RACE_RUN := TSAN_OPTIONS=halt_on_error=1:history_size=4:suppressions=tests/race/known.supp $(RACE)/race

.PHONY: check-race race
check-race: $(RACE)/race
	$(Q)$(RACE_RUN) --rounds 3000 --actions 20

race: $(RACE)/race
	$(Q)$(RACE_RUN) --seconds $(SECONDS) --seed $$(date +%s)

-include $(RACE_OBJ:.o=.d)
