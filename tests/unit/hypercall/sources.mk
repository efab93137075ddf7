# SPDX-License-Identifier: MIT
#
# The handlers, for tests that call them directly. hypercall.c, the test of the dispatch, has a rule of
# its own: it replaces handlers, and the dispatch names all of them.

UNIT_SOURCES += $(wildcard hypervisor/hypercall/*.c) $(GEN)/hypercall_trace.c $(GEN)/hypercall_fuzz.c
UNIT_SPECIAL += hypercall/hypercall

$(UNIT)/host/hypervisor/hypercall/%.o $(UNIT)/host/$(GEN)/%.o $(UNIT)/hypercall/%: \
	UNIT_CFLAGS += -I$(GEN)
$(patsubst %.c,$(UNIT)/host/%.o,$(wildcard hypervisor/hypercall/*.c)): | $(HYPERCALLS)
$(patsubst tests/unit/%.c,$(UNIT)/%,$(wildcard tests/unit/hypercall/*.c)): | $(HYPERCALLS)
$(GEN)/hypercall_trace.c $(GEN)/hypercall_fuzz.c: $(HYPERCALLS) ;
