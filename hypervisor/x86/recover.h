/* SPDX-License-Identifier: MIT */
/* Instructions that may fault; recover.S. False: it did. */
#ifndef LAMINA_X86_RECOVER_H
#define LAMINA_X86_RECOVER_H

#include "lib/types.h"

bool ds_try_set(uint32_t selector) must_check; /* these leave a null selector instead */
bool es_try_set(uint32_t selector) must_check;
bool fs_try_set(uint32_t selector) must_check;
bool gs_try_set(uint32_t selector) must_check;
bool xrstor_try(const void *area, uint64_t mask) must_check;
bool fxrstor_try(const void *area) must_check;
bool xsetbv_try(uint64_t value) must_check;

#endif
