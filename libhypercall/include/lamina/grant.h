/* SPDX-License-Identifier: MIT */
/*
 * Grants: this domain lets another one map or copy single frames of it (grant table, version 1).
 * References from 8 up are handed out here; those below are the toolstack's.
 */
#ifndef LAMINA_GRANT_H
#define LAMINA_GRANT_H

#include <stdbool.h>
#include <stdint.h>

#include "public/grant_table.h"

#define GRANT_FRAMES 4u /* 2,048 references */
#define GRANT_NONE   0u /* no reference: entry 0 is the toolstack's */

/* Set the table up and map it. 0, or the error of the hypercalls. Once, before anything else. */
long grant_init(void);

/*
 * Give `domain` the frame that holds `page` (any address in it; the frame must be the caller's own
 * and stay so), to read only or to write as well. The reference, or GRANT_NONE: all are in use.
 */
grant_ref_t grant_give(domid_t domain, const void *page, bool is_readonly);

/*
 * Take it back: true, and the reference is free again. False while the other domain has it mapped:
 * the frame must not be used for anything else then; try again later.
 */
bool grant_take_back(grant_ref_t ref);

/* References in use. */
unsigned grant_count(void);

#endif
