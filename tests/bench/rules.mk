# SPDX-License-Identifier: MIT
#
# The measuring guest: built like a micro-guest, run by scripts/figures.py and not by any check. A
# second ELF holds the same guest and as much data as a distribution's kernel has.

BENCH_ELF := $(BUILD)/tests/bench/bench.elf $(BUILD)/tests/bench/bench-large.elf
BENCH_OBJ := $(BUILD)/tests/bench/main.c.o $(BUILD)/tests/bench/paths.S.o

.PHONY: bench
bench: $(BENCH_ELF)

$(BUILD)/tests/bench/%.c.o: tests/bench/%.c | $(HYPERCALLS)
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(GUEST_CPPFLAGS) -Itests/guest/framework $(GUEST_CFLAGS) -c $< -o $@

$(BUILD)/tests/bench/%.S.o: tests/bench/%.S
	$(say) AS $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(GUEST_CPPFLAGS) -D__ASSEMBLY__ -c $< -o $@

$(BENCH_ELF): $(BENCH_OBJ) $(MICRO_FRAMEWORK) $(LIBHC) libhypercall/guest.lds
$(BUILD)/tests/bench/bench-large.elf: $(BUILD)/tests/bench/large.S.o

$(BENCH_ELF):
	$(say) LD $@
	$(Q)$(LD) -static -no-pie -z max-page-size=4096 -z noexecstack --build-id=none \
		-T libhypercall/guest.lds $(filter %.o,$^) --whole-archive $(LIBHC) -o $@

-include $(BENCH_OBJ:.o=.d)
