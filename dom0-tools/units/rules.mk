# SPDX-License-Identifier: MIT
#
# How the daemons are started: units of systemd, and a script for machines without it.
UNITS := $(addprefix dom0-tools/units/,proc-xen.mount lamina-stored.service \
	lamina-consoled.service laminad.service lamina.target)
UNIT_DIR ?= $(PREFIX)/lib/systemd/system

install-files::
	$(Q)install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(UNIT_DIR) $(DESTDIR)/etc/lamina/autostart
	$(Q)install dom0-tools/units/lamina-daemons $(DESTDIR)$(PREFIX)/sbin/
	$(Q)for unit in $(UNITS); do \
		sed 's,@SBIN@,$(PREFIX)/sbin,' $$unit > $(DESTDIR)$(UNIT_DIR)/$${unit##*/}; \
		chmod 644 $(DESTDIR)$(UNIT_DIR)/$${unit##*/}; \
	done
