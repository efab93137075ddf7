# SPDX-License-Identifier: MIT
#
# lamina-consoled. Its core does not speak to hypervisor or store, and is what unit tests link.
CONSOLED_SRC  := $(sort $(wildcard dom0-tools/consoled/*.c))
CONSOLED_CORE := $(filter-out $(addprefix dom0-tools/consoled/,main.c channel.c discover.c), \
	$(CONSOLED_SRC))
CONSOLED      := $(BUILD)/lamina-consoled
CONSOLED_OBJ  := $(CONSOLED_SRC:%.c=$(BUILD)/%.o)

ALL += $(CONSOLED)
$(CONSOLED_OBJ): | $(HYPERCALLS)
$(CONSOLED): $(CONSOLED_OBJ) $(TOOL_LIBS)
	$(say) LINK $@
	$(Q)$(CC) $(CONSOLED_OBJ) $(TOOL_LIBS) $(TOOL_LDLIBS) -o $@

install-files::
	$(Q)install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/share/man/man8
	$(Q)install $(CONSOLED) $(DESTDIR)$(PREFIX)/sbin/
	$(Q)install -m 644 dom0-tools/consoled/lamina-consoled.8 \
		$(DESTDIR)$(PREFIX)/share/man/man8/

-include $(CONSOLED_OBJ:.o=.d)
