# SPDX-License-Identifier: MIT
#
# libhypercall, one interface with two transports. For guest kernels: freestanding, one static
# library and a linker script. For programs of the control domain: libhypercall-dom0.a.

LIBHC      := $(BUILD)/libhypercall/libhypercall.a
LIBHC_SRC  := $(wildcard libhypercall/src/*.c libhypercall/src/*.S)
# The compiler calls memcpy() and the like; the hypervisor's are as freestanding as a guest.
LIBHC_OBJ  := $(LIBHC_SRC:%=$(BUILD)/%.o) $(BUILD)/libhypercall/string.c.o
# Guest kernels live in the top 2 GiB, use no FPU, and have no red zone (events come on the stack).
GUEST_CPPFLAGS := -nostdinc -isystem $(shell $(CC) -print-file-name=include) -Iinclude \
	-Ilibhypercall/include -I$(GEN) -MMD -MP
GUEST_CFLAGS := -std=gnu11 -O2 -g -ffreestanding -mcmodel=kernel -fno-pic -mno-red-zone \
	-mgeneral-regs-only -fno-stack-protector -fno-asynchronous-unwind-tables \
	-fno-strict-aliasing -fcf-protection=none $(WARNINGS) -Wno-sign-conversion

ALL += $(LIBHC)

$(BUILD)/libhypercall/%.c.o: libhypercall/%.c | $(HYPERCALLS)
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(GUEST_CPPFLAGS) $(GUEST_CFLAGS) -c $< -o $@

$(BUILD)/libhypercall/%.S.o: libhypercall/%.S
	$(say) AS $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(GUEST_CPPFLAGS) -D__ASSEMBLY__ -c $< -o $@

$(BUILD)/libhypercall/string.c.o: hypervisor/lib/string.c
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(GUEST_CPPFLAGS) -Ihypervisor $(GUEST_CFLAGS) -c $< -o $@

$(LIBHC): $(LIBHC_OBJ)
	$(say) AR $@
	$(Q)rm -f $@ && ar rcsD $@ $(LIBHC_OBJ)

LIBHC_DOM0     := $(BUILD)/libhypercall/libhypercall-dom0.a
LIBHC_DOM0_SRC := $(sort $(wildcard libhypercall/dom0/*.c))
LIBHC_DOM0_OBJ := $(LIBHC_DOM0_SRC:%.c=$(BUILD)/%.o)

ALL += $(LIBHC_DOM0)

$(BUILD)/libhypercall/dom0/%.o: libhypercall/dom0/%.c | $(HYPERCALLS)
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -Iinclude -Ilibhypercall/include -I$(GEN) $(HOST_CFLAGS) -D_FORTIFY_SOURCE=2 \
		-c $< -o $@

$(LIBHC_DOM0): $(LIBHC_DOM0_OBJ)
	$(say) AR $@
	$(Q)rm -f $@ && ar rcsD $@ $(LIBHC_DOM0_OBJ)

-include $(LIBHC_OBJ:.o=.d) $(LIBHC_DOM0_OBJ:.o=.d)

# Both transports install their headers together; pkg-config knows how each is compiled against.
install-files:: install-libhypercall

.PHONY: install-libhypercall
install-libhypercall: $(LIBHC) $(LIBHC_DOM0)
	$(Q)install -d $(addprefix $(DESTDIR)$(PREFIX)/,include/libhypercall/lamina lib/libhypercall \
		include/libhypercall/public/io lib/pkgconfig)
	$(Q)install -m 644 include/public/*.h $(DESTDIR)$(PREFIX)/include/libhypercall/public/
	$(Q)install -m 644 include/public/io/*.h $(DESTDIR)$(PREFIX)/include/libhypercall/public/io/
	$(Q)install -m 644 libhypercall/include/lamina/*.h \
		$(DESTDIR)$(PREFIX)/include/libhypercall/lamina/
	$(Q)install -m 644 $(GEN)/hypercall_numbers.h $(GEN)/hypercall_wrappers.h \
		$(DESTDIR)$(PREFIX)/include/libhypercall/
	$(Q)install -m 644 $(LIBHC) libhypercall/guest.lds $(DESTDIR)$(PREFIX)/lib/libhypercall/
	$(Q)install -m 644 $(LIBHC_DOM0) $(DESTDIR)$(PREFIX)/lib/
	$(Q)for name in libhypercall libhypercall-dom0; do \
		sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(LAMINA_VERSION)|' \
			libhypercall/pkgconfig/$$name.pc.in >$(DESTDIR)$(PREFIX)/lib/pkgconfig/$$name.pc; \
	done
