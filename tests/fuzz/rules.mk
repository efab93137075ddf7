# SPDX-License-Identifier: MIT
#
# Fuzzers of the hypervisor. hypercall: guests on the simulated machine (tests/sim/), in two builds:
# "asan" for libFuzzer, with ASan and UBSan; "fast", optimised, for random runs in large numbers and to
# replay what was found. SECONDS= says how long `make fuzz` searches, CALLS= how many random calls
# `make fuzz-random` makes.

-include tests/sim/rules.mk

FUZZ          := $(BUILD)/tests/fuzz
FUZZ_HC_SRC   := $(filter-out %/main.c %/libfuzzer.c,$(wildcard tests/fuzz/hypercall/*.c))
FUZZ_HC_OBJ   := $(FUZZ_HC_SRC:%=%.o)
FUZZ_LDFLAGS  := $(SIM_LDFLAGS) -Wl,--wrap=frames_alloc
FUZZ_CORPUS   := tests/fuzz/hypercall/corpus
SECONDS       ?= 60
CALLS         ?= 10000000
CHECKS        += check-fuzz

$(FUZZ)/hypercall: $(addprefix $(SIM)/fast/,$(SIM_OBJECTS) $(FUZZ_HC_OBJ) \
		tests/fuzz/hypercall/main.c.o) tests/sim/sim.lds
	$(say) TEST $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(FUZZ_LDFLAGS) $(filter %.o,$^) -o $@

$(FUZZ)/hypercall-asan: $(addprefix $(SIM)/asan/,$(SIM_OBJECTS) $(FUZZ_HC_OBJ) \
		tests/fuzz/hypercall/libfuzzer.c.o) tests/sim/sim.lds
	$(say) FUZZ $@
	$(Q)mkdir -p $(@D)
	$(Q)clang -fsanitize=fuzzer,address,undefined $(FUZZ_LDFLAGS) $(filter %.o,$^) -o $@

# ---- parsers: one program, the first byte of an input names which ----

FUZZ_PARSED := hypervisor/pv/decode.c hypervisor/pv/alu.c hypervisor/lib/elf.c \
	hypervisor/lib/format.c hypervisor/boot/multiboot.c hypervisor/boot/memory_map.c \
	hypervisor/boot/options.c hypervisor/x86/acpi.c

$(FUZZ)/parsers: $(wildcard tests/fuzz/parsers/*.[ch]) $(FUZZ_PARSED) \
		$(wildcard hypervisor/lib/*.h hypervisor/boot/*.h hypervisor/pv/decode.h) $(CONFIG)
	$(say) FUZZ $@
	$(Q)mkdir -p $(@D)
	$(Q)clang $(filter-out -MMD -MP,$(HOST_CFLAGS)) -include $(CONFIG) -Ihypervisor -Iinclude \
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all $(filter %.c,$^) -o $@

.PHONY: fuzz fuzz-random check-fuzz
fuzz-random: $(FUZZ)/hypercall
	$(Q)$< --calls $(CALLS) --audit 16

-include $(patsubst %.o,%.d,$(foreach kind,fast asan,$(addprefix $(SIM)/$(kind)/,$(FUZZ_HC_OBJ))) \
	$(SIM)/fast/tests/fuzz/hypercall/main.c.o)
