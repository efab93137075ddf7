# SPDX-License-Identifier: MIT
#
# The programs of the control domain. A folder is a program or a library; sources include each
# other as "folder/file.h".

LAMINA_VERSION := 0.1

TOOLS_CPPFLAGS := -Idom0-tools -Iinclude -Ilibhypercall/include -I$(GEN) \
	-DLAMINA_VERSION='"$(LAMINA_VERSION)"'

# Whoever makes hypercalls (lamina/host.h) also links $(LIBHC_DOM0).
$(BUILD)/dom0-tools/%.o: dom0-tools/%.c | $(HYPERCALLS)
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TOOLS_CPPFLAGS) $(HOST_CFLAGS) -D_FORTIFY_SOURCE=2 -c $< -o $@

# Each program has its own rules; the libraries come first. $(TOOL_LIBS) is all of them for linking,
# in the order in which they use each other; the linker takes of each what a program needs.
TOOL_LIBRARIES := common config store device builder domain
TOOL_LIB_RULES := $(wildcard $(TOOL_LIBRARIES:%=dom0-tools/%/rules.mk))
include $(TOOL_LIB_RULES)

TOOL_LIBS   := $(DOMAIN_LIB) $(BUILDER_LIB) $(DEVICE_LIB) $(STORE_CLIENT_LIB) $(CONFIG_LIB) \
	$(COMMON_LIB) $(LIBHC_DOM0)
TOOL_LDLIBS  = $(CONFIG_LIBS) $(KERNEL_IMAGE_LIBS) $(DEVICE_LIBS) $(BUILDER_LIBS)

include $(filter-out $(TOOL_LIB_RULES),$(wildcard dom0-tools/*/rules.mk))
