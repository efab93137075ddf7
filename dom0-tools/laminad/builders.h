/* SPDX-License-Identifier: MIT */
/*
 * Builders: processes that build a domain just now. Whoever of them ends without having finished
 * leaves half a domain; its end is an event here.
 */
#ifndef LAMINA_LAMINAD_BUILDERS_H
#define LAMINA_LAMINAD_BUILDERS_H

#include "laminad/laminad.h"

/*
 * Waits for the end of the process ("PID START" as in a domain's record), which builds the domain;
 * review() is then called with its number: 1. 0: it has ended already; or a negative errno value.
 */
int builder_await(struct laminad *daemon, unsigned domid, const char *text,
                  void (*review)(struct laminad *daemon, unsigned domid))
    __attribute__((warn_unused_result));

/* The domain has no builder any more. */
void builder_forget(struct laminad *daemon, unsigned domid);
void builders_forget_all(struct laminad *daemon);

#endif
