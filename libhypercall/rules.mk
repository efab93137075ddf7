# SPDX-License-Identifier: MIT
#
# libhypercall for guest kernels: freestanding, one static library and a linker script.

LIBHC      := $(BUILD)/libhypercall/libhypercall.a
LIBHC_SRC  := $(wildcard libhypercall/src/*.c libhypercall/src/*.S)
# The compiler calls memcpy() and the like; the hypervisor's are as freestanding as a guest.
LIBHC_OBJ  := $(LIBHC_SRC:%=$(BUILD)/%.o) $(BUILD)/libhypercall/string.c.o
# Guest kernels live in the top 2 GiB, use no FPU, and have no red zone (events come on the stack).
GUEST_CPPFLAGS := -nostdinc -isystem $(shell $(CC) -print-file-name=include) -Iinclude \
	-Ilibhypercall/include -I$(GEN) -MMD -MP
GUEST_CFLAGS := -std=gnu11 -O2 -g -ffreestanding -mcmodel=kernel -fno-pic -mno-red-zone \
	-mgeneral-regs-only -fno-stack-protector -fno-asynchronous-unwind-tables \
	-fno-strict-aliasing -fcf-protection=none $(WARNINGS) -Wno-sign-conversion

ALL += $(LIBHC)

$(BUILD)/libhypercall/%.c.o: libhypercall/%.c | $(HYPERCALLS)
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(GUEST_CPPFLAGS) $(GUEST_CFLAGS) -c $< -o $@

$(BUILD)/libhypercall/%.S.o: libhypercall/%.S
	$(say) AS $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(GUEST_CPPFLAGS) -D__ASSEMBLY__ -c $< -o $@

$(BUILD)/libhypercall/string.c.o: hypervisor/lib/string.c
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(GUEST_CPPFLAGS) -Ihypervisor $(GUEST_CFLAGS) -c $< -o $@

$(LIBHC): $(LIBHC_OBJ)
	$(say) AR $@
	$(Q)rm -f $@ && ar rcsD $@ $(LIBHC_OBJ)

-include $(LIBHC_OBJ:.o=.d)
