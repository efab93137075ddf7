# SPDX-License-Identifier: MIT
#
# Micro-guests: tests/guest/NAME/main.c is one guest, an ELF kernel that Lamina (and Xen) start as
# dom0. tests/guest/run.py runs them. Some are for other purposes: domu is started by system tests;
# launch starts another one of them as domU, beside the victim; fuzz has a runner of its own.

MICRO_APART     := framework domu launch fuzz victim
MICRO_NAMES     := $(filter-out $(MICRO_APART),$(notdir $(patsubst %/main.c,%,$(wildcard tests/guest/*/main.c))))
MICRO_GUESTS    := $(MICRO_NAMES:%=$(BUILD)/tests/guest/%.elf)
MICRO_FRAMEWORK := $(BUILD)/tests/guest/framework/check.c.o
MICRO_DOMU      := $(BUILD)/tests/guest/domu/domu.elf
MICRO_LAUNCH    := $(BUILD)/tests/guest/launch/launch.elf
# How a PV domain starts is the hypervisor's text, compiled once more for guests that make domains.
MICRO_VICTIM    := $(BUILD)/tests/guest/victim/victim.elf
MICRO_DOMAIN    := $(patsubst %,$(BUILD)/tests/guest/framework/%.o,domain.c victim.c victim_image.S) \
	$(patsubst %,$(BUILD)/tests/guest/shared/%.c.o,elf pv_layout pv_tables pv_start_info)
CHECKS          += check-guest check-fuzz-guest check-bochs

$(BUILD)/tests/guest/%.c.o: tests/guest/%.c | $(HYPERCALLS)
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(GUEST_CPPFLAGS) -Itests/guest/framework $(GUEST_CFLAGS) -c $< -o $@

$(BUILD)/tests/guest/framework/domain.c.o: GUEST_CPPFLAGS += -Ihypervisor

$(BUILD)/tests/guest/shared/%.c.o: hypervisor/lib/%.c
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(GUEST_CPPFLAGS) -Ihypervisor $(GUEST_CFLAGS) -c $< -o $@

.SECONDARY: $(MICRO_NAMES:%=$(BUILD)/tests/guest/%/main.c.o)

MICRO_LINK = $(LD) -static -no-pie -z max-page-size=4096 -z noexecstack --build-id=none \
	-T libhypercall/guest.lds $(filter %.o,$^) --whole-archive $(LIBHC) -o $@

$(BUILD)/tests/guest/%.elf: $(BUILD)/tests/guest/%/main.c.o $(MICRO_FRAMEWORK) $(LIBHC) libhypercall/guest.lds
	$(say) LD $@
	$(Q)$(MICRO_LINK)

$(MICRO_DOMU): $(BUILD)/tests/guest/domu/main.c.o $(MICRO_FRAMEWORK) $(LIBHC) libhypercall/guest.lds
	$(say) LD $@
	$(Q)$(MICRO_LINK)

$(MICRO_VICTIM): $(BUILD)/tests/guest/victim/main.c.o $(MICRO_FRAMEWORK) $(LIBHC) libhypercall/guest.lds
	$(say) LD $@
	$(Q)$(MICRO_LINK)

$(BUILD)/tests/guest/framework/victim_image.S.o: tests/guest/framework/victim_image.S $(MICRO_VICTIM)
	$(say) AS $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -DVICTIM_ELF='"$(MICRO_VICTIM)"' -c $< -o $@

$(MICRO_LAUNCH): $(BUILD)/tests/guest/launch/main.c.o $(MICRO_FRAMEWORK) $(MICRO_DOMAIN) $(LIBHC) \
		libhypercall/guest.lds
	$(say) LD $@
	$(Q)$(MICRO_LINK)

# The fuzzing guest chooses its calls by the sources of tests/fuzz/hypercall, and by the table's shapes.
MICRO_FUZZ      := $(BUILD)/tests/guest/fuzz/fuzz.elf
MICRO_FUZZ_OWN  := $(patsubst %,$(BUILD)/%.o,$(wildcard tests/guest/fuzz/*.c))
MICRO_FUZZ_THEIRS := $(patsubst %,$(BUILD)/tests/guest/fuzz/chosen/%.c.o,call struct value) \
	$(BUILD)/tests/guest/fuzz/chosen/hypercall_fuzz.c.o $(BUILD)/tests/guest/fuzz/chosen/hypercall_trace.c.o
MICRO_FUZZ_CPPFLAGS := -Itests/guest/fuzz/shim -Itests/guest/fuzz -Itests/fuzz/hypercall -Ihypervisor

$(MICRO_FUZZ_OWN) $(MICRO_FUZZ_THEIRS): GUEST_CPPFLAGS += $(MICRO_FUZZ_CPPFLAGS)

$(BUILD)/tests/guest/fuzz/chosen/%.c.o: tests/fuzz/hypercall/%.c | $(HYPERCALLS)
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(GUEST_CPPFLAGS) $(GUEST_CFLAGS) -c $< -o $@

$(BUILD)/tests/guest/fuzz/chosen/%.c.o: $(GEN)/%.c | $(HYPERCALLS)
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(GUEST_CPPFLAGS) $(GUEST_CFLAGS) -c $< -o $@

$(MICRO_FUZZ): $(MICRO_FUZZ_OWN) $(MICRO_FUZZ_THEIRS) $(MICRO_FRAMEWORK) $(MICRO_DOMAIN) $(LIBHC) \
		libhypercall/guest.lds
	$(say) LD $@
	$(Q)$(MICRO_LINK)

# SECONDS= as for the other fuzzers; SEED= repeats one attacker alone.
.PHONY: fuzz-guest check-fuzz-guest
fuzz-guest: $(MICRO_FUZZ) $(BUILD)/lamina
	$(Q)BUILD=$(BUILD) CACHE=$(CACHE) $(PYTHON) tests/guest/fuzz.py --seconds $(SECONDS) \
		$(if $(SEED),--seed $(SEED) --seeds 1)
check-fuzz-guest: $(MICRO_FUZZ) $(BUILD)/lamina
	$(Q)BUILD=$(BUILD) CACHE=$(CACHE) $(PYTHON) tests/guest/fuzz.py --seconds 60 \
		--counts $(BUILD)/check/fuzz-guest.counts

.PHONY: check-guest check-xen check-guest-xen guests
guests: $(MICRO_GUESTS) $(MICRO_LAUNCH)
check-guest: guests $(BUILD)/lamina
	$(Q)$(PYTHON) tests/guest/rows.py --check
	$(Q)BUILD=$(BUILD) CACHE=$(CACHE) $(PYTHON) tests/guest/run.py --as both \
		--counts $(BUILD)/check/guest.counts $(GUESTS)
# Entry paths once more, on a stricter model of the processor.
BOCHS_GUESTS ?= hello exceptions iret_user entry
.PHONY: check-bochs
check-bochs: $(MICRO_GUESTS) $(BUILD)/lamina
	$(Q)BUILD=$(BUILD) $(PYTHON) tests/guest/bochs.py \
		--counts $(BUILD)/check/bochs.counts $(BOCHS_GUESTS)
# The same guests on the peer, which setup fetches: they test the interface, not ourselves.
check-xen: setup-check guests
	$(Q)BUILD=$(BUILD) CACHE=$(CACHE) $(PYTHON) tests/guest/run.py --hypervisor xen --as both $(GUESTS)
check-guest-xen: check-xen

-include $(patsubst %,$(BUILD)/tests/guest/%/main.c.d,$(MICRO_NAMES) domu launch victim) $(MICRO_FRAMEWORK:.o=.d) \
	$(patsubst %.o,%.d,$(MICRO_DOMAIN) $(MICRO_FUZZ_OWN))
