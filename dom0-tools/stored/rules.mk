# SPDX-License-Identifier: MIT
#
# lamina-stored. Its core has no input and output but the journal's, and is what unit tests link.
STORED_SRC  := $(filter-out dom0-tools/stored/main.c,$(sort $(wildcard dom0-tools/stored/*.c)))
STORED_CORE := $(filter-out $(addprefix dom0-tools/stored/,server.c socket.c xen.c),$(STORED_SRC))
STORED      := $(BUILD)/lamina-stored
STORED_OBJ  := $(patsubst %.c,$(BUILD)/%.o,$(STORED_SRC) dom0-tools/stored/main.c)

ALL += $(STORED)
$(BUILD)/dom0-tools/stored/xen.o: | $(HYPERCALLS)
$(STORED): $(STORED_OBJ) $(COMMON_LIB) $(LIBHC_DOM0)
	$(say) LINK $@
	$(Q)$(CC) $^ -lz -o $@

install-files::
	$(Q)install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/share/man/man8
	$(Q)install $(STORED) $(DESTDIR)$(PREFIX)/sbin/
	$(Q)install -m 644 dom0-tools/stored/lamina-stored.8 $(DESTDIR)$(PREFIX)/share/man/man8/

-include $(STORED_OBJ:.o=.d)
