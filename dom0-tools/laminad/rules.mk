# SPDX-License-Identifier: MIT
#
# laminad. Its core speaks neither to hypervisor nor store, and is what unit tests link.
LAMINAD_SRC  := $(sort $(wildcard dom0-tools/laminad/*.c))
LAMINAD_CORE := $(addprefix dom0-tools/laminad/,builders.c core.c decide.c jobs.c order.c p2m.c)
LAMINAD      := $(BUILD)/laminad
LAMINAD_OBJ  := $(LAMINAD_SRC:%.c=$(BUILD)/%.o)

ALL += $(LAMINAD)
$(LAMINAD_OBJ): | $(HYPERCALLS)
$(LAMINAD): $(LAMINAD_OBJ) $(TOOL_LIBS)
	$(say) LINK $@
	$(Q)$(CC) $(LAMINAD_OBJ) $(TOOL_LIBS) $(TOOL_LDLIBS) -o $@

install-files::
	$(Q)install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/share/man/man8
	$(Q)install $(LAMINAD) $(DESTDIR)$(PREFIX)/sbin/
	$(Q)install -m 644 dom0-tools/laminad/laminad.8 $(DESTDIR)$(PREFIX)/share/man/man8/

-include $(LAMINAD_OBJ:.o=.d)
