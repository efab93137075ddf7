# SPDX-License-Identifier: MIT
#
# The simulated machine: the hypervisor above x86/ and tests/sim/, as objects for whoever drives it.
# SIM_KIND gives each driver its own set: fast (optimised) or a sanitizer's.

SIM         := $(BUILD)/tests/sim
SIM_HV      := $(foreach l,sys mm core pv hypercall,$(wildcard hypervisor/$(l)/*.c)) \
	$(filter-out hypervisor/lib/string.c,$(wildcard hypervisor/lib/*.c))
SIM_GEN     := $(addprefix $(GEN)/hypercall_,dispatch.c trace.c fuzz.c)
SIM_SRC     := $(wildcard tests/sim/*.c tests/sim/*.S)
SIM_INCLUDE := -Itests/sim -Ihypervisor -Iinclude -I$(GEN)
SIM_CFLAGS  := $(HOST_CFLAGS) -include $(CONFIG) -DCONFIG_DEBUG=1 -fno-strict-aliasing \
	-fno-stack-protector -fdata-sections $(SIM_INCLUDE)
SIM_LDFLAGS := $(COVERAGE) -no-pie -Wl,-T,tests/sim/sim.lds -Wl,--wrap=lock_take -Wl,--wrap=panic
SIM_OBJECTS := $(SIM_HV:%.c=%.o) $(SIM_SRC:%=%.o) $(SIM_GEN:$(GEN)/%.c=hypervisor/generated/%.o)

# $(1): kind, $(2): compiler, $(3): flags
define sim_kind
$(SIM)/$(1)/hypervisor/generated/%.o: $(GEN)/%.c $(CONFIG) | $(HYPERCALLS)
	$(Q)mkdir -p $$(@D)
	$(Q)$(2) $(filter-out -O2,$(SIM_CFLAGS)) -fno-pie $(3) -c $$< -o $$@
$(SIM)/$(1)/hypervisor/%.o: hypervisor/%.c $(CONFIG) | $(HYPERCALLS)
	$(Q)mkdir -p $$(@D)
	$(Q)$(2) $(filter-out -O2,$(SIM_CFLAGS)) -fno-pie $(3) -c $$< -o $$@
$(SIM)/$(1)/tests/%.c.o: tests/%.c $(CONFIG) | $(HYPERCALLS)
	$(Q)mkdir -p $$(@D)
	$(Q)$(2) $(filter-out -O2,$(SIM_CFLAGS)) -fno-pie $(3) -c $$< -o $$@
$(SIM)/$(1)/tests/%.S.o: tests/%.S
	$(Q)mkdir -p $$(@D)
	$(Q)$(2) -c $$< -o $$@
-include $$(patsubst %,$(SIM)/$(1)/%,$(SIM_OBJECTS:.o=.d))
endef

$(eval $(call sim_kind,fast,$(CC),-O2))
$(eval $(call sim_kind,asan,clang,-O1 -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer))
$(eval $(call sim_kind,msan,clang,-O1 -fsanitize=memory -fsanitize-memory-track-origins=2 \
	-fno-omit-frame-pointer))
