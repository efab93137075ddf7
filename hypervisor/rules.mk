# SPDX-License-Identifier: MIT
#
# The hypervisor: every C and assembly file of every layer goes in. $(BUILD)/lamina is the flat
# image that boot loaders start (its multiboot headers carry the addresses); $(BUILD)/lamina.elf is
# the same with symbols and debug information.

HV_LAYERS := lib x86 sys mm core pv hypercall boot
HV_SRC    := $(foreach l,$(HV_LAYERS),$(wildcard hypervisor/$(l)/*.c hypervisor/$(l)/*.S))
HV_SRC    := $(filter-out hypervisor/x86/asm_offsets.c %.lds.S,$(HV_SRC))
HV_OBJ    := $(HV_SRC:%=$(BUILD)/%.o)
HV_LDS    := hypervisor/boot/lamina.lds.S

HV_CPPFLAGS := -nostdinc -isystem $(shell $(CC) -print-file-name=include) \
	-Ihypervisor -Iinclude -I$(GEN) -include $(CONFIG) -D__LAMINA__ -MMD -MP
HV_CFLAGS := -include lib/hidden.h -std=gnu11 -O2 -g -ffreestanding -fpie -mcmodel=small -fvisibility=hidden \
	-mno-red-zone -mno-sse -mno-mmx -mno-80387 -mgeneral-regs-only -fno-stack-protector \
	-fno-asynchronous-unwind-tables -fno-strict-aliasing -fcf-protection=none -fno-common \
	$(WARNINGS) -Wno-sign-conversion \
	-Wframe-larger-than=1280
# Everything is linked into one image, so no access to data needs a detour through a table.
ifneq ($(findstring clang,$(CC)),)
HV_CFLAGS += -fdirect-access-external-data
endif

# What must exist before the first file is compiled.
HV_GEN := $(CONFIG)
ifneq ($(wildcard hypervisor/x86/asm_offsets.c),)
HV_GEN += $(GEN)/asm_offsets.h
endif

# One declaration of the interface gives numbers, prototypes and the dispatch.
ifneq ($(wildcard scripts/hypercalls.py),)
HYPERCALLS := $(GEN)/hypercalls.stamp
HV_GEN     += $(HYPERCALLS)
HV_OBJ     += $(GEN)/hypercall_dispatch.c.o
$(HYPERCALLS): scripts/hypercalls.py include/public/hypercalls.tbl
	$(say) GEN $(GEN)/hypercall_dispatch.c
	$(Q)mkdir -p $(@D)
	$(Q)$(PYTHON) scripts/hypercalls.py include/public/hypercalls.tbl gen $(GEN)
	$(Q)touch $@
$(GEN)/hypercall_dispatch.c: $(HYPERCALLS) ;
endif

$(BUILD)/hypervisor/%.c.o: hypervisor/%.c | $(HV_GEN)
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(HV_CPPFLAGS) $(HV_CFLAGS) -c $< -o $@

$(BUILD)/hypervisor/%.S.o: hypervisor/%.S | $(HV_GEN)
	$(say) AS $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(HV_CPPFLAGS) -D__ASSEMBLY__ -g -c $< -o $@

$(GEN)/hypercall_dispatch.c.o: $(GEN)/hypercall_dispatch.c | $(HV_GEN)
	$(say) CC $<
	$(Q)$(CC) $(HV_CPPFLAGS) $(HV_CFLAGS) -c $< -o $@

# Compiles every file without linking: what is complete in itself can be checked before the rest.
.PHONY: objects
objects: $(HV_OBJ)

# A change of options rebuilds everything; a change of nothing rebuilds nothing.
$(HV_OBJ): $(CONFIG)

# asm_offsets.c holds lines `OFFSET(NAME, struct, field)` that the compiler turns into the text
# `@define NAME value` (see the top of that file); here they become a header for assembly.
$(GEN)/asm_offsets.h: hypervisor/x86/asm_offsets.c $(CONFIG) | $(HYPERCALLS)
	$(say) GEN $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(HV_CPPFLAGS) -MF $(GEN)/asm_offsets.d -MT $@ $(HV_CFLAGS) -S $< -o $(GEN)/asm_offsets.s
	$(Q)sed -n 's/.*@define \([A-Za-z0-9_]*\) [$$#]*\(-\{0,1\}[0-9]*\).*/#define \1 \2/p' \
		$(GEN)/asm_offsets.s > $@

ifneq ($(wildcard $(HV_LDS)),)
ALL += $(BUILD)/lamina

$(BUILD)/lamina.lds: $(HV_LDS) $(CONFIG) | $(HV_GEN)
	$(Q)$(CC) $(HV_CPPFLAGS) -MF $@.d -MT $@ -D__ASSEMBLY__ -E -P -x c $< -o $@

$(BUILD)/lamina.elf: $(HV_OBJ) $(BUILD)/lamina.lds
	$(say) LD $@
	$(Q)$(LD) -static -no-pie -z max-page-size=4096 -z noexecstack --build-id=sha1 \
		--no-undefined -T $(BUILD)/lamina.lds $(HV_OBJ) -o $@

$(BUILD)/lamina: $(BUILD)/lamina.elf
	$(say) IMAGE $@
	$(Q)objcopy -O binary $< $@
endif

-include $(HV_OBJ:.o=.d) $(GEN)/asm_offsets.d $(BUILD)/lamina.lds.d
