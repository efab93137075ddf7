# SPDX-License-Identifier: MIT
#
# lamina-extract-kernel, and the reader of kernel images that others may link.

KERNEL_IMAGE_SRC  := dom0-tools/extract-kernel/kernel_image.c dom0-tools/extract-kernel/decompress.c
KERNEL_IMAGE_LIBS := -lz -llzma -lzstd -llz4
EXTRACT_KERNEL    := $(BUILD)/lamina-extract-kernel
EXTRACT_OBJ       := $(patsubst %.c,$(BUILD)/%.o,$(KERNEL_IMAGE_SRC) dom0-tools/extract-kernel/main.c)

ALL += $(EXTRACT_KERNEL)
$(EXTRACT_KERNEL): $(EXTRACT_OBJ) $(COMMON_LIB)
	$(say) LINK $@
	$(Q)$(CC) $^ $(KERNEL_IMAGE_LIBS) -o $@

install-files::
	$(Q)install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/share/man/man8
	$(Q)install $(EXTRACT_KERNEL) $(DESTDIR)$(PREFIX)/sbin/
	$(Q)install -m 644 dom0-tools/extract-kernel/lamina-extract-kernel.8 \
		$(DESTDIR)$(PREFIX)/share/man/man8/

-include $(EXTRACT_OBJ:.o=.d)
