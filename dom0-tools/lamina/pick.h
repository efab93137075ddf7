/* SPDX-License-Identifier: MIT */
/*
 * Pick: the domains that a listing is about: those that the command line names, by number, name or
 * uuid, in its order, or all.
 */
#ifndef LAMINA_PICK_H
#define LAMINA_PICK_H

#include <stddef.h>

#include "domain/domain.h"
#include "lamina/session.h"

struct pick {
    struct domain_entry *all; /* as domains_list() gave them */
    size_t nr_all;
    const struct domain_entry **picked;
    size_t nr;
};

/* words ends with NULL. LAMINA_OK, or the exit code after a complaint. */
int pick_domains(struct session *session, char **words, struct pick *pick);
void pick_free(struct pick *pick);

#endif
