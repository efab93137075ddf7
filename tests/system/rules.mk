# SPDX-License-Identifier: MIT
#
# System tests: whole machines in QEMU with Debian's kernel as dom0. What runs inside dom0 is built
# here, statically, and goes into the initial RAM disk as /tests/NAME.

DOM0_DIR    := tests/system/dom0
DOM0_SCRIPT := $(wildcard $(DOM0_DIR)/*.sh)
DOM0_C      := $(wildcard $(DOM0_DIR)/*.c)
DOM0_ASM32  := $(wildcard $(DOM0_DIR)/*32.S)
DOM0_BUILD  := $(BUILD)/tests/system/dom0
DOM0_TESTS  := $(DOM0_SCRIPT:$(DOM0_DIR)/%.sh=$(DOM0_BUILD)/%) \
	$(DOM0_C:$(DOM0_DIR)/%.c=$(DOM0_BUILD)/%) $(DOM0_ASM32:$(DOM0_DIR)/%.S=$(DOM0_BUILD)/%)

# The daemons that run in there have no libraries to find.
DOM0_TESTS += $(DOM0_BUILD)/lamina-stored

# Tests of further domains: scripts for dom0, and programs that both sides use.
DOMU_DIR      := tests/system/domu
DOMU_SCRIPT   := $(wildcard $(DOMU_DIR)/*.sh)
DOMU_C        := $(wildcard $(DOMU_DIR)/*.c)
DOMU_BUILD    := $(BUILD)/tests/system/domu
DOMU_TESTS    := $(DOMU_SCRIPT:$(DOMU_DIR)/%.sh=$(DOMU_BUILD)/%)
DOMU_PROGRAMS := $(DOMU_C:$(DOMU_DIR)/%.c=$(DOMU_BUILD)/%)

CHECKS += check-system

$(DOM0_BUILD)/%: $(DOM0_DIR)/%.sh
	$(Q)install -D -m 755 $< $@

$(DOMU_BUILD)/%: $(DOMU_DIR)/%.sh
	$(Q)install -D -m 755 $< $@

$(DOM0_BUILD)/%: $(DOM0_DIR)/%.c
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -MMD -MP,$(HOST_CFLAGS)) -static $< -o $@ -lpthread

$(DOMU_BUILD)/%: $(DOMU_DIR)/%.c $(LIBHC_DOM0)
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -Iinclude -Ilibhypercall/include -I$(GEN) $(filter-out -MMD -MP,$(HOST_CFLAGS)) \
		-static $^ -o $@

$(DOM0_BUILD)/lamina-stored: $(STORED_OBJ) $(COMMON_LIB) $(LIBHC_DOM0)
	$(say) LINK $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -static $^ -lz -o $@

# The transport of hypercalls alone.
$(DOM0_BUILD)/hypercalls: $(DOM0_DIR)/hypercalls.c $(LIBHC_DOM0)
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TOOLS_CPPFLAGS) $(filter-out -MMD -MP,$(HOST_CFLAGS)) -static $^ -o $@ -lpthread

# The builder alone, without store and daemons.
$(DOM0_BUILD)/start_domain: $(DOM0_DIR)/start_domain.c $(BUILDER_LIB) $(STORE_CLIENT_LIB) \
		$(COMMON_LIB) $(LIBHC_DOM0)
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TOOLS_CPPFLAGS) $(filter-out -MMD -MP,$(HOST_CFLAGS)) -static $^ $(BUILDER_LIBS) \
		-o $@

# The library of devices, without a domain. Nothing in it calls those parts of libnl that look
# names up, about which the linker would warn.
$(DOM0_BUILD)/device: $(DOM0_DIR)/device.c $(DEVICE_LIB) $(STORE_CLIENT_LIB) $(COMMON_LIB)
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TOOLS_CPPFLAGS) $(filter-out -MMD -MP,$(HOST_CFLAGS)) -static $^ $(DEVICE_LIBS) \
		-lpthread -Wl,--no-warnings -o $@

# A 32-bit program without a C library, so that no second one has to be installed.
$(DOM0_BUILD)/%: $(DOM0_DIR)/%.S
	$(say) AS $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -m32 -c $< -o $@.o
	$(Q)$(LD) -m elf_i386 -static $@.o -o $@

# A factor for every bound: bounds are there to end what hangs, on busy machines as well.
PATIENCE ?= 2

.PHONY: check-system check-system-native check-system-xen
check-system check-system-native check-system-xen: images
check-system: $(BUILD)/lamina
	$(Q)BUILD=$(BUILD) CACHE=$(CACHE) $(PYTHON) tests/system/run.py --patience $(PATIENCE) \
		--counts $(BUILD)/check/system.counts $(CASES)

# What takes too long for every day.
.PHONY: soak
soak: images $(BUILD)/lamina
	$(Q)BUILD=$(BUILD) CACHE=$(CACHE) $(PYTHON) tests/system/run.py domu-cycles-soak

# The same cases without a hypervisor, and on the peer: they test the tests.
check-system-native check-system-xen: check-system-%:
	$(Q)BUILD=$(BUILD) CACHE=$(CACHE) $(PYTHON) tests/system/run.py --hypervisor $* $(CASES)
