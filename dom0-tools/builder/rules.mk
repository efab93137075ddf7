# SPDX-License-Identifier: MIT
#
# The library that builds domains. How a PV domain starts, and the reader of ELF files, it shares
# with the hypervisor, which builds dom0: those sources are pure and are compiled here once more.

BUILDER_SRC    := $(sort $(wildcard dom0-tools/builder/*.c))
BUILDER_SHARED := $(addprefix hypervisor/lib/,elf.c pv_layout.c pv_start_info.c pv_tables.c)
BUILDER_IMAGE  := $(addprefix dom0-tools/extract-kernel/,decompress.c kernel_image.c)
BUILDER_OBJ    := $(BUILDER_SRC:%.c=$(BUILD)/%.o) $(BUILDER_IMAGE:%.c=$(BUILD)/%.o) \
	$(BUILDER_SHARED:hypervisor/lib/%.c=$(BUILD)/dom0-tools/builder/shared/%.o)
BUILDER_LIB    := $(BUILD)/dom0-tools/libbuilder.a
# Its users also link $(COMMON_LIB) and $(LIBHC_DOM0).
BUILDER_LIBS   := -lmd -lz -llzma -lzstd -llz4
BUILDER_CPPFLAGS := -Ihypervisor

ALL += $(BUILDER_LIB)
$(BUILDER_OBJ): TOOLS_CPPFLAGS += $(BUILDER_CPPFLAGS)

$(BUILD)/dom0-tools/builder/shared/%.o: hypervisor/lib/%.c
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TOOLS_CPPFLAGS) $(HOST_CFLAGS) -D_FORTIFY_SOURCE=2 -c $< -o $@

$(BUILDER_LIB): $(BUILDER_OBJ)
	$(say) AR $@
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

install-files::
	$(Q)install -d -m 700 $(DESTDIR)/var/cache/lamina/kernels

-include $(BUILDER_OBJ:.o=.d)
