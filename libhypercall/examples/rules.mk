# SPDX-License-Identifier: MIT
#
# A small kernel on two machines: on the processor itself (kernel-metal.bin, multiboot) and as a
# domain (kernel-lamina.elf).

EXAMPLE       := libhypercall/examples/kernel
EXAMPLE_BUILD := $(BUILD)/libhypercall/examples/kernel
example_objects = $(patsubst %,$(BUILD)/%.o,$(wildcard $(EXAMPLE)/common/*.[cS] $(EXAMPLE)/$(1)/*.[cS]))
EXAMPLE_LAMINA := $(call example_objects,lamina)
EXAMPLE_METAL  := $(call example_objects,metal)
EXAMPLE_KERNELS       := $(BUILD)/examples/kernel-lamina.elf $(BUILD)/examples/kernel-metal.bin

ALL += $(EXAMPLE_KERNELS)
$(EXAMPLE_LAMINA) $(EXAMPLE_METAL): GUEST_CPPFLAGS += -I$(EXAMPLE)

$(BUILD)/examples/kernel-lamina.elf: $(EXAMPLE_LAMINA) $(LIBHC) libhypercall/guest.lds
	$(say) LD $@
	$(Q)mkdir -p $(@D)
	$(Q)$(LD) -static -no-pie -z max-page-size=4096 -z noexecstack --build-id=none \
		-T libhypercall/guest.lds $(EXAMPLE_LAMINA) --whole-archive $(LIBHC) -o $@

$(BUILD)/examples/kernel-metal.elf: $(EXAMPLE_METAL) $(BUILD)/libhypercall/string.c.o \
		$(EXAMPLE)/metal/kernel.lds
	$(say) LD $@
	$(Q)mkdir -p $(@D)
	$(Q)$(LD) -static -no-pie -z max-page-size=4096 -z noexecstack --build-id=none \
		-T $(EXAMPLE)/metal/kernel.lds $(filter %.o,$^) -o $@

$(BUILD)/examples/kernel-metal.bin: $(BUILD)/examples/kernel-metal.elf
	$(Q)objcopy -O binary $< $@

-include $(EXAMPLE_LAMINA:.o=.d) $(EXAMPLE_METAL:.o=.d)
