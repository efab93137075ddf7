/* SPDX-License-Identifier: MIT */
/* Which processors a flush asked for by a guest must reach. */
#ifndef LAMINA_HYPERCALL_FLUSH_H
#define LAMINA_HYPERCALL_FLUSH_H

#include "core/domain.h"

/* Processors where a vCPU of the guest's bitmap (one 64-bit word) may have translations: -EFAULT.
 */
int flush_cpus_of_bitmap(const struct domain *d, guest_ptr_t bitmap, uint64_t *cpus) must_check;

#endif
