/* SPDX-License-Identifier: MIT */
/*
 * Actions: what a child of laminad does. Each has a connection to the store of its own, says in the
 * log what it did, and returns an exit code: 0, or 1 when it should be tried again later. Whatever
 * was done in the meantime, by whomever, is found done.
 */
#ifndef LAMINA_LAMINAD_ACTION_H
#define LAMINA_LAMINAD_ACTION_H

#include <stdbool.h>
#include <stdint.h>

#include "laminad/decide.h"
#include "laminad/order.h"

/* A domain that has to be dealt with; arguments of action_on_domain(). */
struct domain_case {
    unsigned domid;
    uint8_t uuid[16]; /* when it still exists */
    unsigned reason;  /* SHUTDOWN_* */
    enum verdict verdict;
    unsigned nr_quick; /* for its successor */
};

int action_on_domain(void *domain_case);

/* Carries out an order: argument is its name. */
int action_order(void *name);

/* Orders the start of all domains of the autostart folder, once after the machine's start. */
int action_autostart(void *unused);
bool action_autostart_is_due(void);

#endif
