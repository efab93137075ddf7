# SPDX-License-Identifier: MIT
#
# The library that reads and writes domain files, and the schema that ships with it.

CONFIG_SRC     := $(wildcard dom0-tools/config/*.c)
CONFIG_OBJ     := $(CONFIG_SRC:%.c=$(BUILD)/%.o)
CONFIG_LIB     := $(BUILD)/dom0-tools/libconfig.a
CONFIG_SCHEMA  := dom0-tools/config/lamina-domain.rng
CONFIG_LIBS    := -lxml2
LIBXML_CFLAGS  := -isystem /usr/include/libxml2

$(CONFIG_OBJ): TOOLS_CPPFLAGS += $(LIBXML_CFLAGS)
$(BUILD)/dom0-tools/config/schema.o: $(CONFIG_SCHEMA)

$(CONFIG_LIB): $(CONFIG_OBJ)
	$(say) AR $@
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

install-files::
	$(Q)install -d $(DESTDIR)$(PREFIX)/share/lamina $(DESTDIR)$(PREFIX)/share/man/man5
	$(Q)install -m 644 dom0-tools/config/lamina-domain.5 $(DESTDIR)$(PREFIX)/share/man/man5/
	$(Q)install -m 644 $(CONFIG_SCHEMA) $(DESTDIR)$(PREFIX)/share/lamina/

-include $(CONFIG_OBJ:.o=.d)
