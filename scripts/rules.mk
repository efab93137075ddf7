# SPDX-License-Identifier: MIT
#
# The images that dom0 is started from: Debian's stock kernel as an ELF file, and its initial RAM
# disk with what the system tests run inside it. $(CACHE) is filled by scripts/setup and shared by
# all build directories.

CACHE  ?= build/cache
IMAGES := $(BUILD)/images

# Read when the recipes run, not before: setup may have come in between.
KERNEL_VERSION = $(patsubst linux-image-%,%,$(shell cat $(CACHE)/linux-image-amd64.unpacked))

.PHONY: images
images: $(IMAGES)/vmlinux $(IMAGES)/vmlinuz $(IMAGES)/initramfs.cpio.gz

$(CACHE)/linux-image-amd64.unpacked:
	$(Q)scripts/setup run

$(IMAGES)/vmlinuz: $(CACHE)/linux-image-amd64.unpacked
	$(Q)mkdir -p $(@D)
	$(Q)cp $(CACHE)/root/boot/vmlinuz-$(KERNEL_VERSION) $@

$(IMAGES)/vmlinux: $(IMAGES)/vmlinuz $(EXTRACT_KERNEL)
	$(say) KERNEL $@
	$(Q)$(EXTRACT_KERNEL) $< -o $@

$(IMAGES)/initramfs.cpio.gz: scripts/initramfs.py scripts/init.sh $(DOM0_TESTS) \
		$(CACHE)/linux-image-amd64.unpacked
	$(say) INITRD $@
	$(Q)$(PYTHON) scripts/initramfs.py --root $(CACHE)/root --version $(KERNEL_VERSION) --out $@ \
		$(foreach f,$(DOM0_TESTS),--add tests/$(notdir $f)=$f)
