# SPDX-License-Identifier: MIT
#
# The images that dom0 is started from: Debian's stock kernel as an ELF file, and its initial RAM
# disk with what the system tests run inside it. With them, for work with further domains, two disks:
# one with the control domain's programs and what example domains boot from, one with their disks.
# $(CACHE) is filled by scripts/setup and shared by all build directories.

CACHE  ?= build/cache
IMAGES := $(BUILD)/images

# Read when the recipes run, not before: setup may have come in between.
KERNEL_VERSION = $(patsubst linux-image-%,%,$(shell cat $(CACHE)/linux-image-amd64.unpacked))
CLOUD_VERSION = $(patsubst linux-image-%,%,$(shell cat $(CACHE)/linux-image-cloud-amd64.unpacked))
RT_VERSION = $(patsubst linux-image-%,%,$(shell cat $(CACHE)/linux-image-rt-amd64.unpacked))
UNPACKED := $(patsubst %,$(CACHE)/linux-image-%.unpacked,amd64 cloud-amd64 rt-amd64)

.PHONY: images
images: $(IMAGES)/vmlinux $(IMAGES)/vmlinuz $(IMAGES)/initramfs.cpio.gz $(IMAGES)/tools.img \
	$(IMAGES)/data.img

$(UNPACKED):
	$(Q)scripts/setup run

$(IMAGES)/vmlinuz: $(UNPACKED)
	$(Q)mkdir -p $(@D)
	$(Q)cp $(CACHE)/root/boot/vmlinuz-$(KERNEL_VERSION) $@

$(IMAGES)/vmlinuz-cloud: $(UNPACKED)
	$(Q)mkdir -p $(@D)
	$(Q)cp $(CACHE)/root/boot/vmlinuz-$(CLOUD_VERSION) $@

$(IMAGES)/vmlinuz-rt: $(UNPACKED)
	$(Q)mkdir -p $(@D)
	$(Q)cp $(CACHE)/root/boot/vmlinuz-$(RT_VERSION) $@

$(IMAGES)/vmlinux: $(IMAGES)/vmlinuz $(EXTRACT_KERNEL)
	$(say) KERNEL $@
	$(Q)$(EXTRACT_KERNEL) $< -o $@

$(IMAGES)/initramfs.cpio.gz: scripts/initramfs.py scripts/init.sh $(DOM0_TESTS) $(UNPACKED)
	$(say) INITRD $@
	$(Q)$(PYTHON) scripts/initramfs.py --root $(CACHE)/root --version $(KERNEL_VERSION) --out $@ \
		$(foreach f,$(DOM0_TESTS),--add tests/$(notdir $f)=$f)

# One for the generic, the cloud and the realtime kernel.
$(IMAGES)/initrd-domu.img: scripts/initramfs.py scripts/init-domu.sh $(DOMU_PROGRAMS) $(UNPACKED)
	$(say) INITRD $@
	$(Q)$(PYTHON) scripts/initramfs.py --root $(CACHE)/root --version $(KERNEL_VERSION) \
		--version $(CLOUD_VERSION) --version $(RT_VERSION) --out $@ --init scripts/init-domu.sh \
		--modules 'xen-blkfront xen-netfront ext4 crc32c_generic' \
		$(foreach f,$(DOMU_PROGRAMS),--add tests/$(notdir $f)=$f)

# What an installation consists of, Debian's clients of the store, and the example domains.
TOOLS_STAGE   := $(BUILD)/images/tools
TOOLS_FOREIGN := $(addprefix /usr/bin/xenstore-,chmod exists list ls read rm watch write) \
	/usr/lib/grub-xen/grub-x86_64-xen.bin
EXAMPLES      := $(wildcard docs/examples/*.xml)

$(IMAGES)/tools.img: scripts/tools_disk.py $(ALL) $(wildcard dom0-tools/*/*) $(EXAMPLES) $(DOMU_TESTS) \
		$(DOMU_PROGRAMS) $(MICRO_DOMU) $(GUIDE_KERNELS) $(BUILD)/examples/kernel-lamina.elf \
		$(IMAGES)/vmlinuz $(IMAGES)/vmlinuz-cloud $(IMAGES)/vmlinuz-rt $(IMAGES)/initrd-domu.img
	$(say) DISK $@
	$(Q)rm -rf $(TOOLS_STAGE)
	$(Q)$(MAKE) --no-print-directory install DESTDIR=$(abspath $(TOOLS_STAGE)) PREFIX=/usr
	$(Q)$(PYTHON) scripts/tools_disk.py --out $@ --label lamina-tools --stage $(TOOLS_STAGE) \
		--program $(TOOLS_FOREIGN) --add boot/guests/vmlinuz=$(IMAGES)/vmlinuz \
		boot/guests/vmlinuz-cloud=$(IMAGES)/vmlinuz-cloud \
		boot/guests/vmlinuz-rt=$(IMAGES)/vmlinuz-rt \
		boot/guests/example.elf=$(BUILD)/examples/kernel-lamina.elf \
		$(foreach f,$(GUIDE_KERNELS),boot/guests/$(notdir $(f:/kernel.elf=)).elf=$f) \
		$(foreach f,$(GUIDE_KERNELS),boot/guests/$(notdir $(f:/kernel.elf=)).expected=$(f:kernel.elf=expected)) \
		boot/guests/initrd.img=$(IMAGES)/initrd-domu.img boot/guests/domu.elf=$(MICRO_DOMU) \
		$(foreach f,$(EXAMPLES),etc/lamina/$(notdir $f)=$f) \
		$(foreach f,$(DOMU_TESTS) $(DOMU_PROGRAMS),usr/lib/lamina/tests/$(notdir $f)=$f)

$(IMAGES)/hello.img $(IMAGES)/cloud.img: scripts/tools_disk.py README.md
	$(Q)$(PYTHON) $< --out $@ --label $(basename $(@F)) --mib 128 --add README=README.md

$(IMAGES)/grub.img: scripts/guest_disk.py $(IMAGES)/vmlinuz $(IMAGES)/initrd-domu.img
	$(Q)$(PYTHON) $< --out $@ --kernel $(IMAGES)/vmlinuz --initrd $(IMAGES)/initrd-domu.img \
		--arguments 'console=hvc0 loglevel=5 lamina.name=grub'

$(IMAGES)/data.img: scripts/tools_disk.py $(addprefix $(IMAGES)/,hello.img cloud.img grub.img)
	$(say) DISK $@
	$(Q)$(PYTHON) $< --out $@ --label lamina-data --mib 1024 \
		--add $(foreach f,$(filter %.img,$^),images/$(notdir $f)=$f)
