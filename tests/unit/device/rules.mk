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

# As check-unit counts: a program that dies before its closing line is one error.
.PHONY: check-unit-device
check-unit-device: $(UNIT_DEVICE_TESTS) $(STORED)
	$(Q)mkdir -p $(BUILD)/check; status=0; : > $(UNIT_DEVICE)/log; \
	for t in $(UNIT_DEVICE_TESTS); do \
		LAMINA_STORED=$(STORED) $$t > $$t.log 2>&1 || status=1; \
		sed -n '/Checks:/!p' $$t.log | grep -v '^Running' || true; \
		line=$$(grep '%: Checks:' $$t.log) || line='0%: Checks: 1, Failures: 0, Errors: 1'; \
		printf 'device %s: %s\n' $${t#$(UNIT_DEVICE)/} "$$line" | tee -a $(UNIT_DEVICE)/log; \
	done; \
	sed -n 's/.*Checks: \([0-9]*\), Failures: \([0-9]*\), Errors: \([0-9]*\).*/\1 \2 \3/p' \
		$(UNIT_DEVICE)/log | awk '{ t += $$1; b += $$2 + $$3 } END { print t - b, b + 0, 0 }' \
		> $(BUILD)/check/unit-device.counts; exit $$status
