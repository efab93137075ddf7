# SPDX-License-Identifier: MIT
#
# The whole project in one make, without recursion. Each room that has something to build, check
# or install says so in its own rules.mk, which adds to ALL, CHECKS and HELP and to the
# double-colon targets install-files and clean. Everything made goes below $(BUILD).

BUILD  ?= build
PREFIX ?= /usr/local
PYTHON ?= /usr/bin/python3
V      ?= 0
ifeq ($(origin CC),default)
CC := gcc
endif

ifeq ($(V),1)
Q   :=
say := @:
else
Q   := @
say := @printf '  %-8s%s\n'
endif

GEN    := $(BUILD)/gen
CONFIG := $(GEN)/config.h
ALL    :=
CHECKS := check-style

# One set of warnings for every C file of the project.
WARNINGS := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wconversion -Wvla -Werror
HOST_CFLAGS := -std=gnu11 -O2 -g $(WARNINGS) -Wno-sign-conversion -fstack-protector-strong \
	-D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -MMD -MP $(COVERAGE)
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all help run check check-style figures sloc lint both setup menuconfig install clean
all:

help:
	@echo 'make              build the hypervisor and the tools into $(BUILD)/'
	@echo 'make run          set everything up and boot to a dom0 shell in QEMU; takes MEM=MiB CPUS='
	@echo '                  MACHINE=pc|q35 DISK=file CREATE=a.xml,b.xml OPTIONS= (hypervisor)'
	@echo '                  APPEND= (kernel) QEMU_ARGS='
	@echo 'make check        every check, quick ones first; ends with one line of counts'
	@echo 'make check-xen    the micro-guests on real Xen 4.17, which it fetches'
	@echo 'make soak         create and destroy a domain 1,000 times'
	@echo 'make model        every state of small machines; model-large: of larger ones'
	@echo 'make fuzz         search with byte fuzzers for SECONDS= each; fuzz-random: CALLS= random calls'
	@echo 'make fuzz-guest   attackers beside a victim in QEMU for SECONDS=; SEED= repeats one'
	@echo 'make coverage     lines and branches that units, models and fuzzers reach'
	@echo 'make mutants      plant faults and see whether the checks find them'
	@echo 'make figures      measure what docs/figures.md lists'
	@echo 'make sloc         count the lines of the hypervisor'
	@echo 'make lint         static analysis by every tool; check-lint has the quick ones; layout: clang-format'
	@echo 'make race         CPUs at once under ThreadSanitizer for SECONDS='
	@echo 'make both         build with gcc and with clang'
	@echo 'make objects      compile the hypervisor without linking it'
	@echo 'make menuconfig   change the few build options (defaults need no touching)'
	@echo 'make install      into $$(DESTDIR)$$(PREFIX) and $$(DESTDIR)/boot'
	@echo 'make clean        remove $(BUILD)/ but keep $(BUILD)/cache'
	@echo 'Options: V=1 loud, CC=clang, BUILD=dir, CONFIG_DEBUG=y and other symbols of Kconfig.'
	@echo 'Checks alone: $(CHECKS)'

-include hypervisor/rules.mk
-include libhypercall/rules.mk
-include libhypercall/examples/rules.mk
-include dom0-tools/rules.mk
-include tests/abi/rules.mk
-include tests/unit/rules.mk
include $(wildcard tests/unit/*/rules.mk)
-include tests/sim/rules.mk
-include tests/fuzz/rules.mk
-include tests/race/rules.mk
-include tests/model/rules.mk
-include tests/mutants/rules.mk
-include tests/lint/rules.mk
-include tests/guest/rules.mk
-include tests/porting/rules.mk
-include tests/bench/rules.mk
-include tests/system/rules.mk
include scripts/rules.mk

all: $(ALL)

# The options: an absent .config means the defaults. A symbol may also be set on make's command
# line; the script leaves the header alone when nothing changed, so nothing is built in vain.
$(CONFIG): FORCE
	$(Q)$(PYTHON) scripts/kconfig.py Kconfig $@ \
		$(foreach v,$(filter CONFIG_%,$(.VARIABLES)),$(if $(filter command environment,$(firstword $(origin $(v)))),$(v)=$($(v))))

menuconfig:
	$(Q)$(PYTHON) -m menuconfig Kconfig

setup:
	$(Q)scripts/setup build run

run: setup
	$(Q)$(MAKE) --no-print-directory all images
	$(Q)BUILD=$(BUILD) $(PYTHON) scripts/run.py

check: setup-check
	$(Q)BUILD=$(BUILD) MAKE='$(MAKE)' $(PYTHON) scripts/check.py $(CHECKS)

.PHONY: setup-check FORCE
setup-check:
	$(Q)scripts/setup build test
FORCE:

check-style:
	$(Q)$(PYTHON) tests/style/check.py --counts $(BUILD)/check/style.counts
	$(Q)$(PYTHON) scripts/threats.py --check >/dev/null

both:
	$(Q)$(MAKE) --no-print-directory CC=gcc BUILD=$(BUILD) all
	$(Q)$(MAKE) --no-print-directory CC=clang BUILD=$(BUILD)-clang all

figures: setup-check
	$(Q)$(MAKE) --no-print-directory all bench images
	$(Q)BUILD=$(BUILD) CACHE=$(CACHE) $(PYTHON) scripts/figures.py $(FIGURES)

sloc:
	$(Q)cloc --quiet --include-lang=C,'C/C++ Header',Assembly --force-lang=Assembly,S hypervisor

# What each room installs comes after all is built, however many jobs there are.
install: all
	$(Q)$(MAKE) --no-print-directory install-files
install-files::
	$(Q)install -d $(DESTDIR)/boot
	$(Q)install -m 644 $(BUILD)/lamina $(DESTDIR)/boot/lamina

clean::
	$(Q)find $(BUILD) -mindepth 1 -maxdepth 1 ! -name cache -exec rm -rf {} + 2>/dev/null || true
