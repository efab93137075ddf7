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

# Each program has its own rules; the libraries come first.
include dom0-tools/config/rules.mk
include $(filter-out dom0-tools/config/rules.mk,$(wildcard dom0-tools/*/rules.mk))
