/* SPDX-License-Identifier: MIT */
/* CPUID as tools see it: the machine's, or what PV guests get. */
#ifndef LAMINA_HYPERCALL_CPU_POLICY_H
#define LAMINA_HYPERCALL_CPU_POLICY_H

#include "lib/types.h"

enum cpu_policy { CPU_OF_MACHINE, CPU_OF_DOM0, CPU_OF_DOMU };

/* Word `i` of the feature set, in the ABI's order. */
uint32_t cpu_feature_word(enum cpu_policy of, unsigned i);

#endif
