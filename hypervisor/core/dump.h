/* SPDX-License-Identifier: MIT */
/* State on the console: for panics, crashes and the debug keys. Takes no lock. */
#ifndef LAMINA_CORE_DUMP_H
#define LAMINA_CORE_DUMP_H

#include "core/domain.h"

void vcpu_print(const struct vcpu *v); /* registers as last saved */
void domain_print(const struct domain *d);
void dump_init(void); /* a panic shows the current vCPU from now on */

#endif
