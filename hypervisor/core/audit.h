/* SPDX-License-Identifier: MIT */
/* The invariants of domains, and the recount of the whole machine. */
#ifndef LAMINA_CORE_AUDIT_H
#define LAMINA_CORE_AUDIT_H

#include "core/domain.h"

/* State, events, grants, while nothing of d's is in progress. The console hears what is wrong. */
bool domain_check(struct domain *d);
/*
 * Every frame, table, domain, event channel and grant, and a recount of all references: true when
 * consistent. No lock held. audit(): at any time, but less: what other CPUs do at this moment may
 * hold more than is found. audit_still(): nothing is in progress anywhere, so counts are equal.
 */
bool audit(void);
bool audit_still(void);
void audit_init(void); /* tells mm/ who else holds references; once */

#endif
