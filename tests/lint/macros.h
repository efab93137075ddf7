/* SPDX-License-Identifier: MIT */
/* Words that coccinelle cannot make out by itself, because it does not read headers. */
#ifndef LAMINA_LINT_MACROS_H
#define LAMINA_LINT_MACROS_H

#define guest_shared
#define unshared
#define must_check
#define noreturn
#define PER_CPU(type, name) type name

#endif
