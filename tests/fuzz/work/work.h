/* SPDX-License-Identifier: MIT */
/* The counter of instructions, and who tells it what is being done. */
#ifndef LAMINA_TESTS_WORK_H
#define LAMINA_TESTS_WORK_H

#include "../hypercall/fuzz.h"

#define NO_CALL 64 /* an exception, an interrupt, a tool's step */

extern uint64_t work_instructions; /* so far in this stretch */

void work_name(const char *what); /* what is done now; NULL: random runs */
void work_call(uint64_t number);  /* a hypercall begins; NO_CALL: it is over */
void heavy_run(void);             /* heavy.c */

#endif
