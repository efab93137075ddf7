# SPDX-License-Identifier: MIT
#
# The store client.

STORE_CLIENT_SRC := $(wildcard dom0-tools/store/*.c)
STORE_CLIENT_OBJ := $(STORE_CLIENT_SRC:%.c=$(BUILD)/%.o)
STORE_CLIENT_LIB := $(BUILD)/dom0-tools/libstore.a

$(STORE_CLIENT_LIB): $(STORE_CLIENT_OBJ)
	$(say) AR $@
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

-include $(STORE_CLIENT_OBJ:.o=.d)
