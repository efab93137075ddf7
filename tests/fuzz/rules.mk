# SPDX-License-Identifier: MIT
#
# Fuzzers of the hypervisor. hypercall: guests on the simulated machine (tests/sim/), in two builds:
# "asan" for libFuzzer, with ASan and UBSan; "fast", optimised, for random runs in large numbers and to
# replay what was found. SECONDS= says how long `make fuzz` searches, CALLS= how many random calls
# `make fuzz-random` makes.



FUZZ          := $(BUILD)/tests/fuzz
FUZZ_HC_SRC   := $(filter-out %/main.c %/libfuzzer.c,$(wildcard tests/fuzz/hypercall/*.c))
FUZZ_HC_OBJ   := $(FUZZ_HC_SRC:%=%.o)
FUZZ_LDFLAGS  := $(SIM_LDFLAGS) -Wl,--wrap=frames_alloc
SECONDS       ?= 60
CALLS         ?= 10000000
WORK_SRC      := $(wildcard tests/fuzz/work/*.c)
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

# Under MemorySanitizer: what a guest gets to see has been written, padding too. Memory that was in
# use before is no case for it: the heap is zeroed, and run.c looks whether a domain's frames are.
$(FUZZ)/leaks: $(addprefix $(SIM)/msan/,$(SIM_OBJECTS) $(FUZZ_HC_OBJ) \
		tests/fuzz/hypercall/main.c.o) tests/sim/sim.lds
	$(say) FUZZ $@
	$(Q)mkdir -p $(@D)
	$(Q)clang -fsanitize=memory $(FUZZ_LDFLAGS) $(filter %.o,$^) -o $@

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

# ---- each allocation fails in turn ----

$(FUZZ)/failure: $(addprefix $(SIM)/fast/,$(SIM_OBJECTS) tests/fuzz/failure/main.c.o) \
		tests/sim/sim.lds
	$(say) TEST $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(FUZZ_LDFLAGS) -Wl,--wrap=heap_alloc $(filter %.o,$^) -o $@

# ---- the longest stretch without a preemption point ----

# As in a release: optimised and without the checks of debug builds. Only the hypervisor counts.
WORK_FLAGS := $(filter-out -O2 -DCONFIG_DEBUG=1 -MMD -MP,$(SIM_CFLAGS)) -O2 -fno-pie -mno-red-zone \
	-DSIM_RAM_BYTES=0x1000000
WORK_DEPS   = tests/fuzz/work/count.py $(CONFIG) $(wildcard hypervisor/*/*.h) | $(HYPERCALLS)
define work_count
	$(Q)mkdir -p $(@D)
	$(Q)gcc $(WORK_FLAGS) -S $< -o $(@:.o=.counted.s)
	$(Q)$(PYTHON) tests/fuzz/work/count.py < $(@:.o=.counted.s) > $(@:.o=.s)
	$(Q)gcc -c $(@:.o=.s) -o $@
endef

$(SIM)/work/hypervisor/generated/%.o: $(GEN)/%.c $(WORK_DEPS)
	$(work_count)
$(SIM)/work/hypervisor/%.o: hypervisor/%.c $(WORK_DEPS)
	$(work_count)
$(SIM)/work/tests/%.c.o: tests/%.c $(wildcard tests/fuzz/*/*.h tests/sim/*.h) $(WORK_DEPS)
	$(Q)mkdir -p $(@D)
	$(Q)gcc $(WORK_FLAGS) -c $< -o $@

$(FUZZ)/work: $(addprefix $(SIM)/work/,$(filter-out %.S.o,$(SIM_OBJECTS)) $(FUZZ_HC_OBJ) \
		$(WORK_SRC:%=%.o)) $(SIM)/fast/tests/sim/switch.S.o tests/sim/sim.lds
	$(say) TEST $@
	$(Q)mkdir -p $(@D)
	$(Q)gcc $(FUZZ_LDFLAGS) -Wl,--wrap=machine_interrupt_window -Wl,--wrap=audit -Wl,--wrap=sim_step \
		-Wl,--defsym=lock_take=0 \
		$(filter %.o,$^) -o $@

# ---- runs ----

# The corpus is kept packed: a thousand files of a hundred bytes each. Searching adds to the unpacked
# one; `make fuzz-pack` packs what is worth keeping.
FUZZERS := hypercall parsers
FUZZER_hypercall := $(FUZZ)/hypercall-asan -max_len=1200
FUZZER_parsers   := $(FUZZ)/parsers -max_len=1024

$(FUZZERS:%=$(FUZZ)/corpus/%/.unpacked): $(FUZZ)/corpus/%/.unpacked: tests/fuzz/corpus/%.tar.xz
	$(Q)mkdir -p $(@D) && tar -xJf $< -C $(@D) && touch $@

.PHONY: fuzz fuzz-random fuzz-pack check-fuzz
fuzz: $(FUZZ)/hypercall-asan $(FUZZ)/parsers $(FUZZERS:%=$(FUZZ)/corpus/%/.unpacked)
	$(Q)for f in $(FUZZERS); do \
		case $$f in hypercall) run='$(FUZZER_hypercall)';; *) run='$(FUZZER_parsers)';; esac; \
		$$run -max_total_time=$(SECONDS) -artifact_prefix=$(FUZZ)/$$f- $(FUZZ)/corpus/$$f || exit 1; \
	done

fuzz-random: $(FUZZ)/hypercall
	$(Q)$< --calls $(CALLS) --audit 128

fuzz-pack: $(FUZZ)/hypercall-asan $(FUZZ)/parsers
	$(Q)for f in $(FUZZERS); do \
		case $$f in hypercall) run='$(FUZZER_hypercall)';; *) run='$(FUZZER_parsers)';; esac; \
		rm -rf $(FUZZ)/packed; mkdir -p $(FUZZ)/packed; \
		$$run -merge=1 $(FUZZ)/packed $(FUZZ)/corpus/$$f > $(FUZZ)/pack.log 2>&1 || exit 1; \
		tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cJf \
			tests/fuzz/corpus/$$f.tar.xz -C $(FUZZ)/packed . ; \
	done

# Quick ones: the corpus under sanitizers, then random calls.
check-fuzz: $(FUZZ)/hypercall-asan $(FUZZ)/parsers $(FUZZ)/hypercall $(FUZZ)/failure $(FUZZ)/work \
		$(FUZZ)/leaks $(FUZZERS:%=$(FUZZ)/corpus/%/.unpacked)
	$(Q)mkdir -p $(BUILD)/check; bad=0; good=0; \
	step() { if "$$@" > $(FUZZ)/log 2>&1; then good=$$((good + 1)); \
		else bad=$$((bad + 1)); tail -n 60 $(FUZZ)/log; fi; }; \
	step $(FUZZER_hypercall) -runs=0 -artifact_prefix=$(FUZZ)/ $(FUZZ)/corpus/hypercall; \
	step $(FUZZER_parsers) -runs=20000 -seed=1 -artifact_prefix=$(FUZZ)/ $(FUZZ)/corpus/parsers; \
	step $(FUZZ)/failure; tail -n 1 $(FUZZ)/log; \
	step $(FUZZ)/work 100000 100000; grep longest $(FUZZ)/log; \
	step $(FUZZ)/hypercall --calls 200000 --audit 16; tail -n 1 $(FUZZ)/log; \
	step $(FUZZ)/leaks --calls 100000 --audit 256; tail -n 1 $(FUZZ)/log; \
	echo $$good $$bad 0 > $(BUILD)/check/fuzz.counts; [ $$bad = 0 ]

-include $(patsubst %.o,%.d,$(foreach kind,fast asan msan,$(addprefix $(SIM)/$(kind)/,$(FUZZ_HC_OBJ))) \
	$(addprefix $(SIM)/fast/tests/fuzz/,hypercall/main.c.o failure/main.c.o))
