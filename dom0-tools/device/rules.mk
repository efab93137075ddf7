# SPDX-License-Identifier: MIT
#
# The library of devices. What links it also needs $(STORE_CLIENT_LIB) and $(COMMON_LIB).

DEVICE_SRC  := $(wildcard dom0-tools/device/*.c)
DEVICE_OBJ  := $(DEVICE_SRC:%.c=$(BUILD)/%.o)
DEVICE_LIB  := $(BUILD)/dom0-tools/libdevice.a
DEVICE_LIBS := -lnl-route-3 -lnl-3

$(BUILD)/dom0-tools/device/bridge.o: TOOLS_CPPFLAGS += -isystem /usr/include/libnl3

$(DEVICE_LIB): $(DEVICE_OBJ)
	$(say) AR $@
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

-include $(DEVICE_OBJ:.o=.d)
