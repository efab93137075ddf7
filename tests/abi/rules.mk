# SPDX-License-Identifier: MIT
#
# check-abi: the public headers compile alone as C99, C++ and (xen.h) assembly; every size, offset
# and constant equals Xen's (needs packages libxen-dev and check); docs/hypercalls.md is up to date,
# and each generated wrapper has its contract.

ABI_DIR     := $(BUILD)/tests/abi
ABI_HEADERS := $(sort $(wildcard include/public/*.h include/public/io/*.h))
ABI_CFLAGS  := $(filter-out -MMD -MP,$(HOST_CFLAGS)) -Itests/abi -I$(ABI_DIR) -Iinclude
ABI_ALONE   := -pedantic -Wall -Wextra -Wshadow -Wconversion -Werror -Iinclude -fsyntax-only
CHECKS      += check-abi

.PHONY: check-abi
check-abi: $(ABI_HEADERS:include/public/%.h=$(ABI_DIR)/alone/%.ok) $(ABI_DIR)/alone/xen.asm.ok \
		$(ABI_DIR)/layout_test $(HYPERCALLS)
	$(Q)$(PYTHON) scripts/hypercalls.py include/public/hypercalls.tbl check docs/hypercalls.md
	$(Q)$(PYTHON) tests/style/check.py --contracts $(GEN)/hypercall_wrappers.h
	$(Q)$(ABI_DIR)/layout_test
	$(Q)mkdir -p $(BUILD)/check
	$(Q)echo '$(words $(ABI_HEADERS) assembly manual contracts equal rows compare) 0 0' > $(BUILD)/check/abi.counts

$(ABI_DIR)/alone/%.ok: include/public/%.h $(ABI_HEADERS)
	$(Q)mkdir -p $(@D)
	$(Q)printf '#include "public/$*.h"\n#include "public/$*.h"\nextern int not_empty;\n' \
		> $(@:.ok=.c)
	$(Q)$(CC) -std=c99 $(ABI_ALONE) $(@:.ok=.c)
	$(Q)$(CC) -x c++ -std=c++11 $(ABI_ALONE) $(@:.ok=.c)
	$(Q)touch $@

$(ABI_DIR)/alone/xen.asm.ok: include/public/xen.h
	$(Q)mkdir -p $(@D)
	$(Q)printf '#include "public/xen.h"\n.quad HYPERVISOR_VIRT_START, FLAT_KERNEL_CS, DOMID_SELF\n' \
		> $(@:.ok=.S)
	$(Q)$(CC) -Iinclude -c $(@:.ok=.S) -o $(@:.ok=.o)
	$(Q)touch $@

$(ABI_DIR)/abi_rows.h: tests/abi/rows.py $(ABI_HEADERS)
	$(Q)mkdir -p $(@D)
	$(Q)$(PYTHON) tests/abi/rows.py $@ $(ABI_HEADERS)

$(ABI_DIR)/abi_headers.h: $(ABI_HEADERS)
	$(Q)mkdir -p $(@D)
	$(Q)printf '#include "%s"\n' $(ABI_HEADERS:include/%=%) > $@

$(ABI_DIR)/%.o: tests/abi/%.c tests/abi/layout.h $(ABI_DIR)/abi_rows.h $(ABI_DIR)/abi_headers.h
	$(say) TEST $@
	$(Q)$(CC) $(ABI_CFLAGS) -c $< -o $@

$(ABI_DIR)/layout_test: $(addprefix $(ABI_DIR)/,layout_ours.o layout_theirs.o layout_test.o)
	$(Q)$(CC) $^ -lcheck -lsubunit -lm -lrt -lpthread -o $@
