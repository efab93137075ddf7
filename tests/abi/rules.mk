# SPDX-License-Identifier: MIT
#
# check-abi: the public headers compile alone as C99, C++ and (xen.h) assembly; every size, offset
# and constant equals Xen's (needs packages libxen-dev and check); docs/hypercalls.md is up to date.
# Included by the top Makefile; uses nothing of it but $(PYTHON) and $(HOSTCC) if they are set.

PYTHON  ?= python3
HOSTCC  ?= gcc
HOSTCXX ?= g++

ABI_DIR     := build/tests/abi
ABI_HEADERS := $(sort $(wildcard include/public/*.h include/public/io/*.h))
ABI_CFLAGS  := -std=gnu11 -O1 -Wall -Wextra -Werror -Itests/abi -I$(ABI_DIR) -Iinclude

.PHONY: check-abi check-abi-alone
check-abi: check-abi-alone $(ABI_DIR)/layout_test
	$(PYTHON) scripts/hypercalls.py include/public/hypercalls.tbl check docs/hypercalls.md
	CK_FORK=no $(ABI_DIR)/layout_test

check-abi-alone: $(ABI_HEADERS:include/public/%.h=$(ABI_DIR)/alone/%.ok) $(ABI_DIR)/alone/xen.asm.ok

$(ABI_DIR)/alone/%.ok: include/public/%.h $(ABI_HEADERS)
	@mkdir -p $(@D)
	@printf '#include "public/$*.h"\n#include "public/$*.h"\nextern int not_empty;\n' > $(@:.ok=.c)
	$(HOSTCC) -std=c99 -pedantic -Wall -Wextra -Wshadow -Wconversion -Werror -Iinclude \
	    -fsyntax-only $(@:.ok=.c)
	$(HOSTCXX) -x c++ -std=c++11 -pedantic -Wall -Wextra -Wshadow -Wconversion -Werror -Iinclude \
	    -fsyntax-only $(@:.ok=.c)
	@touch $@

$(ABI_DIR)/alone/xen.asm.ok: include/public/xen.h
	@mkdir -p $(@D)
	@printf '#include "public/xen.h"\n.quad HYPERVISOR_VIRT_START, FLAT_KERNEL_CS, DOMID_SELF\n' \
	    > $(@:.ok=.S)
	$(HOSTCC) -Iinclude -c $(@:.ok=.S) -o $(@:.ok=.o)
	@touch $@

$(ABI_DIR)/abi_rows.h: tests/abi/rows.py $(ABI_HEADERS)
	@mkdir -p $(@D)
	$(PYTHON) tests/abi/rows.py $@ $(ABI_HEADERS)

$(ABI_DIR)/abi_headers.h: $(ABI_HEADERS)
	@mkdir -p $(@D)
	@printf '#include "%s"\n' $(ABI_HEADERS:include/%=%) > $@

$(ABI_DIR)/%.o: tests/abi/%.c tests/abi/layout.h $(ABI_DIR)/abi_rows.h $(ABI_DIR)/abi_headers.h
	$(HOSTCC) $(ABI_CFLAGS) -c $< -o $@

$(ABI_DIR)/layout_test: $(addprefix $(ABI_DIR)/,layout_ours.o layout_theirs.o layout_test.o)
	$(HOSTCC) $^ -o $@ $$(pkg-config --libs check)
