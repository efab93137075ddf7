# SPDX-License-Identifier: MIT
#
# What all programs of the control domain share.

COMMON_SRC := $(wildcard dom0-tools/common/*.c)
COMMON_OBJ := $(COMMON_SRC:%.c=$(BUILD)/%.o)
COMMON_LIB := $(BUILD)/dom0-tools/libcommon.a

$(COMMON_LIB): $(COMMON_OBJ)
	$(say) AR $@
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

-include $(COMMON_OBJ:.o=.d)
