# SPDX-License-Identifier: MIT
#
# Static analysis: each tool runs over each file once and again when the file or a header changes,
# and writes below $(LINT)/TOOL/. tests/lint/findings.py then compares with answers.tbl, which gives the
# reason for each false finding, and with the mistakes planted in tests/lint/planted/, which each
# tool must find. check-lint has the tools that take seconds, lint all of them.

comma        := ,
LINT         := $(BUILD)/lint
LINT_PLANTED := $(wildcard tests/lint/planted/*.c)
LINT_HV      := $(filter %.c,$(HV_SRC)) $(GEN)/hypercall_dispatch.c
LINT_TOOLS   := $(wildcard dom0-tools/*/*.c)
LINT_LIBHC   := $(wildcard libhypercall/src/*.c libhypercall/dom0/*.c $(EXAMPLE)/*/*.c)
LINT_SOURCES := $(LINT_HV) $(LINT_TOOLS) $(LINT_LIBHC) $(LINT_PLANTED)
LINT_DEPENDS := $(wildcard hypervisor/*/*.h include/public/*.h include/public/*/*.h \
	libhypercall/*/*.h libhypercall/*/*/*.h $(EXAMPLE)/*/*.h dom0-tools/*/*.h) tests/lint/rules.mk
CHECKS       += check-lint

# The flags of the real builds, so that the tools see what the compiler sees; with the checks of debug
# builds, which call more.
LINT_HV_FLAGS    := $(filter-out -MMD -MP -Werror -Wframe-larger-than=%,$(HV_CPPFLAGS) $(HV_CFLAGS)) -DCONFIG_DEBUG=1
LINT_GUEST_FLAGS := $(filter-out -MMD -MP -Werror,$(GUEST_CPPFLAGS) $(GUEST_CFLAGS)) -I$(EXAMPLE)
LINT_TOOL_FLAGS  := $(filter-out -MMD -MP -Werror,$(TOOLS_CPPFLAGS) $(HOST_CFLAGS)) -Ihypervisor \
	$(LIBXML_CFLAGS) -isystem /usr/include/libnl3
lint_flags = $(if $(filter dom0-tools/% libhypercall/dom0/%,$(1)),$(LINT_TOOL_FLAGS),$(if \
	$(filter libhypercall/%,$(1)),$(LINT_GUEST_FLAGS),$(LINT_HV_FLAGS)))
# clang's own headers, and none of what only gcc knows.
lint_clang = $(filter-out -fno-common,$(subst $(shell $(CC) -print-file-name=include),$(shell \
	clang -print-file-name=include),$(call lint_flags,$(1))))

# $(1): name, $(2): files, $(3): command; what it prints and how it ends is kept.
define lint_tool
LINT_$(1) := $(patsubst %,$(LINT)/$(1)/%.out,$(2))
$(LINT)/$(1)/%.out: % $(LINT_DEPENDS) | $(HV_GEN)
	$$(say) LINT '$(1) $$<'
	$(Q)mkdir -p $$(@D)
	$(Q)$(3) > $$@.new 2>&1; echo "exit $$$$?" >> $$@.new; mv $$@.new $$@
endef

# sparse takes headers of the C library, or of the compiler, that expect a few macros of gcc. What it says of
# truncated constants is asked of gcc by -Wconversion.
LINT_SPARSE := '-D__UINT64_C(x)=x\#\#UL' '-D__UINT32_C(x)=x\#\#U' '-D__VERSION__=""' \
	-Wno-cast-truncate
$(eval $(call lint_tool,sparse,$(LINT_HV) $(LINT_PLANTED),\
	sparse $(LINT_SPARSE) $$(call lint_flags,$$<) $$<))
$(eval $(call lint_tool,calls,$(LINT_HV) tests/lint/planted/calls.c,\
	gcc $$(call lint_flags,$$<) -fcallgraph-info=su -c $$< -o $$(@:.out=.o)))
$(eval $(call lint_tool,analyzer,$(LINT_SOURCES),\
	gcc $$(call lint_flags,$$<) -fanalyzer -fanalyzer-verbosity=0 -fdiagnostics-plain-output \
		-c $$< -o /dev/null))
# comparePointers: symbols of linker scripts bound what lies between them.
$(eval $(call lint_tool,cppcheck,$(LINT_SOURCES),\
	cppcheck -q --std=c11 --platform=unix64 --enable=warning$(comma)portability$(comma)performance \
		--suppress=comparePointers --template='{file}:{line}: {message} [{id}]' \
		$$(filter -I% -D%,$$(call lint_flags,$$<)) $$<))
$(eval $(call lint_tool,tidy,$(LINT_SOURCES),\
	clang-tidy --quiet --config-file=tests/lint/clang-tidy $$< -- $$(call lint_clang,$$<)))

# Our own rules look at the whole hypervisor at once.
LINT_RULES := $(patsubst tests/lint/%.cocci,$(LINT)/rules/%.out,$(wildcard tests/lint/*.cocci))
$(LINT)/rules/%.out: tests/lint/%.cocci tests/lint/macros.h $(LINT_HV) $(LINT_PLANTED)
	$(say) LINT '$<'
	$(Q)mkdir -p $(@D)
	$(Q)spatch --very-quiet --no-includes --macro-file tests/lint/macros.h --cocci-file $< \
		$(LINT_HV) $(LINT_PLANTED) > $@.new 2>&1; echo "exit $$?" >> $@.new; mv $@.new $@

# No recursion, frames and stacks within their limits; the planted graph by itself.
LINT_FRAME := 1280
LINT_GRAPHS := $(LINT)/graphs/ring0.out $(LINT)/graphs/planted.out
$(LINT)/graphs/%.out: tests/lint/%.tbl tests/lint/calls.py $(LINT_calls) $(HV_OBJ)
	$(Q)mkdir -p $(@D)
	$(Q)$(PYTHON) tests/lint/calls.py --frame $(LINT_FRAME) --stacks $< --asm $(filter %.S.o,$(HV_OBJ)) \
		-- $(patsubst %.out,%.ci,$(if $(filter %/planted.out,$@),$(filter %/calls.c.out,$(LINT_calls)),\
			$(filter-out %/planted/calls.c.out,$(LINT_calls)))) \
		> $@.new 2>&1; echo "exit $$?" >> $@.new; mv $@.new $@

LINT_QUICK := $(LINT_RULES) $(LINT_sparse) $(LINT_calls) $(LINT_GRAPHS)
LINT_ALL   := $(LINT_QUICK) $(LINT_analyzer) $(LINT_cppcheck) $(LINT_tidy)
LINT_JUDGE := $(PYTHON) tests/lint/findings.py --answers tests/lint/answers.tbl \
	--planted $(LINT_PLANTED)

.PHONY: check-lint lint lint-all layout
check-lint: $(LINT_QUICK)
	$(Q)$(LINT_JUDGE) --counts $(BUILD)/check/lint.counts -- $^

lint:
	$(Q)$(MAKE) --no-print-directory -j2 lint-all

# What clang-format would lay out otherwise.
layout:
	$(Q)$(PYTHON) tests/style/check.py --layout

lint-all: $(LINT_ALL)
	$(Q)$(LINT_JUDGE) -- $^
