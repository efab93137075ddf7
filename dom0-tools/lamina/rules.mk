# SPDX-License-Identifier: MIT
#
# The lamina command.

LAMINA_TOOL     := $(BUILD)/bin/lamina
LAMINA_TOOL_SRC := $(wildcard dom0-tools/lamina/*.c)
LAMINA_TOOL_OBJ := $(LAMINA_TOOL_SRC:%.c=$(BUILD)/%.o)

# $(BUILD)/lamina is the hypervisor.
ALL += $(LAMINA_TOOL)
$(LAMINA_TOOL): $(LAMINA_TOOL_OBJ) $(TOOL_LIBS)
	$(say) LINK $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $^ $(TOOL_LDLIBS) -lsmartcols -o $@

install-files::
	$(Q)install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/share/man/man1 \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions \
		$(DESTDIR)$(PREFIX)/share/lamina/examples
	$(Q)install $(LAMINA_TOOL) $(DESTDIR)$(PREFIX)/sbin/
	$(Q)install -m 644 dom0-tools/lamina/lamina.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	$(Q)install -m 644 dom0-tools/lamina/completion.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/lamina
	$(Q)install -m 644 dom0-tools/lamina/lamina.schema.json $(DESTDIR)$(PREFIX)/share/lamina/
	$(Q)install -m 644 docs/examples/*.xml $(DESTDIR)$(PREFIX)/share/lamina/examples/

-include $(LAMINA_TOOL_OBJ:.o=.d)
