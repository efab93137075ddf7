# SPDX-License-Identifier: MIT
#
# Unit tests of the library of devices under ASan and UBSan: against the store daemon as it is
# installed, and stand-ins for the kernel's loop devices, bridges and back ends.

UNIT_DEVICE        := $(BUILD)/tests/unit/device
UNIT_DEVICE_TESTS  := $(addprefix $(UNIT_DEVICE)/,names device memory mounts)
UNIT_DEVICE_SRC    := $(filter-out %/loop.c %/bridge.c,$(DEVICE_SRC)) $(STORE_CLIENT_SRC) \
	dom0-tools/common/failure.c $(addprefix tests/unit/,device/kernel.c device/rig.c store/daemon.c)
UNIT_DEVICE_FLAGS   = $(TOOLS_CPPFLAGS) $(filter-out -MMD -MP,$(HOST_CFLAGS)) $(SANITIZE) \
	-Wl,--wrap=link_request,--wrap=link_request_path
CHECKS             += check-unit-device

$(UNIT_DEVICE_TESTS): $(UNIT_DEVICE)/%: tests/unit/device/%.c $(UNIT_DEVICE_SRC) \
		$(wildcard dom0-tools/device/*.h dom0-tools/store/*.h tests/unit/device/*.h)
	$(say) TEST $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(UNIT_DEVICE_FLAGS) $(filter %.c,$^) $(if $(filter memory mounts,$*),$(MEMORY_WRAP)) \
		$(if $(filter mounts,$*),-Wl$(comma)--wrap=fstat64 -DHOST_MOUNTS='"$@.list"') \
		-lcheck -lsubunit -lm -lrt -lpthread -o $@

# libnl as archives, so that its own allocations can be made to fail.
$(UNIT_DEVICE)/bridge: tests/unit/device/bridge.c dom0-tools/device/bridge.c tests/unit/memory.h \
		dom0-tools/device/bridge.h
	$(say) TEST $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(UNIT_DEVICE_FLAGS) -isystem /usr/include/libnl3 $(filter %.c,$^) $(MEMORY_WRAP) \
		-l:libnl-route-3.a -l:libnl-3.a $(TOOL_TEST_LIBS) -o $@

.PHONY: check-unit-device
check-unit-device: export LAMINA_STORED := $(STORED)
check-unit-device: $(UNIT_DEVICE_TESTS) $(UNIT_DEVICE)/bridge $(STORED)
	$(call run_tool_tests,unit-device,$(UNIT_DEVICE_TESTS) $(UNIT_DEVICE)/bridge)
