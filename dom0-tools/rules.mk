# SPDX-License-Identifier: MIT
#
# The programs of the control domain. A folder is a program or a library; sources include each
# other as "folder/file.h".

LAMINA_VERSION := 0.1

TOOLS_CPPFLAGS := -Idom0-tools -Iinclude -I$(GEN) -DLAMINA_VERSION='"$(LAMINA_VERSION)"'

$(BUILD)/dom0-tools/%.o: dom0-tools/%.c
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TOOLS_CPPFLAGS) $(HOST_CFLAGS) -D_FORTIFY_SOURCE=2 -c $< -o $@

KERNEL_IMAGE_SRC  := dom0-tools/extract-kernel/kernel_image.c dom0-tools/extract-kernel/decompress.c
KERNEL_IMAGE_LIBS := -lz -llzma -lzstd -llz4
EXTRACT_KERNEL    := $(BUILD)/lamina-extract-kernel
EXTRACT_OBJ       := $(patsubst %.c,$(BUILD)/%.o,$(KERNEL_IMAGE_SRC) dom0-tools/extract-kernel/main.c)

ALL += $(EXTRACT_KERNEL)
$(EXTRACT_KERNEL): $(EXTRACT_OBJ)
	$(say) LINK $@
	$(Q)$(CC) $(EXTRACT_OBJ) $(KERNEL_IMAGE_LIBS) -o $@

install::
	$(Q)install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/share/man/man8
	$(Q)install $(EXTRACT_KERNEL) $(DESTDIR)$(PREFIX)/sbin/
	$(Q)install -m 644 dom0-tools/extract-kernel/lamina-extract-kernel.8 \
		$(DESTDIR)$(PREFIX)/share/man/man8/

-include $(EXTRACT_OBJ:.o=.d)

# Each program has its own rules; the libraries come first.
include dom0-tools/config/rules.mk
include $(filter-out dom0-tools/config/rules.mk,$(wildcard dom0-tools/*/rules.mk))
