/* SPDX-License-Identifier: MIT */
/*
 * Grants: this domain lets another one map or copy single frames of it (grant table, version 1).
 * References from 8 up are handed out here; those below are the toolstack's. One vCPU at a time.
 * Source: public/grant_table.h, hypercall 20 (grant_table_op, setup_table) of the Xen PV ABI.
 */
#ifndef LAMINA_GRANT_H
#define LAMINA_GRANT_H

#include <stdbool.h>
#include <stdint.h>

#include "public/grant_table.h"

#define GRANT_FRAMES 4u /* 2,048 references */
#define GRANT_NONE   0u /* no reference: entry 0 is the toolstack's */

/*
 * Sets the table up and maps it; once, before anything else here. Returns 0; -XEN_ENOSPC: the
 * domain may not have GRANT_FRAMES frames of table, or an error of page_remap().
 */
long grant_init(void);

/*
 * Gives `domain` the frame that holds `page` (any address in it; the frame must be the caller's own
 * and stay so), to read only (is_readonly) or to write as well. Returns the reference;
 * GRANT_NONE: all are in use.
 */
grant_ref_t grant_give(domid_t domain, const void *page, bool is_readonly);

/*
 * Takes `ref` back. Returns true, and the reference is free again; false while the other domain has
 * it mapped (the frame must not be used for anything else then; try again later), and for what
 * grant_give() never handed out.
 */
bool grant_take_back(grant_ref_t ref);

/* Returns how many references are given. */
unsigned grant_count(void);

#endif
