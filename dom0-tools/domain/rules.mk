# SPDX-License-Identifier: MIT
#
# The library that makes domains, finds them and takes them apart.

DOMAIN_SRC := $(wildcard dom0-tools/domain/*.c)
DOMAIN_OBJ := $(DOMAIN_SRC:%.c=$(BUILD)/%.o)
DOMAIN_LIB := $(BUILD)/dom0-tools/libdomain.a

$(DOMAIN_OBJ): | $(HYPERCALLS)

$(DOMAIN_LIB): $(DOMAIN_OBJ)
	$(say) AR $@
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

-include $(DOMAIN_OBJ:.o=.d)
