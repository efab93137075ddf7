/* SPDX-License-Identifier: MIT */
/*
 * Order: a domain that is to be started, as a file that holds its XML. It is written before the
 * predecessor is destroyed and removed when the new domain is up, and whoever carries it out has it
 * locked; so a restart that is interrupted at any point, by whatever kills the daemon and its
 * children, is found and finished by the next one.
 */
#ifndef LAMINA_LAMINAD_ORDER_H
#define LAMINA_LAMINAD_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "config/domain_config.h"

#define ORDER_NAME_SIZE 160

struct order {
    bool has_predecessor;
    unsigned predecessor; /* the domain that ends first ... */
    uint8_t uuid[16];     /* ... if it still is the one of this uuid */
    unsigned nr_quick;    /* short lives in a row up to now */
};

/* The file's name in the folder; name: of the domain to start. */
void order_name(const struct order *order, const char *name, char text[ORDER_NAME_SIZE]);

/* False: no order's name. */
bool order_parse(const char *text, struct order *order);

/*
 * Writes the order: the descriptor that has it locked; -EEXIST: there is one; or another negative
 * errno value. The file appears whole.
 */
int order_write(const char *folder, const char *name, const struct domain_config *config)
    __attribute__((warn_unused_result));

/*
 * Locks an order for carrying it out, after whoever has it: its descriptor, or -ENOENT when that
 * one, or anyone, has finished it.
 */
int order_lock(const char *folder, const char *name) __attribute__((warn_unused_result));

/* Done: the file goes, and the lock. */
void order_finish(const char *folder, const char *name, int fd);

/* Whether there is an order whose predecessor is the domain: 1, 0, or a negative errno value. */
int order_replaces(const char *folder, unsigned domid) __attribute__((warn_unused_result));

/* Calls visit for each order: 0, or a negative errno value: there may be more. */
int order_for_each(const char *folder, void (*visit)(void *context, const char *name),
                   void *context) __attribute__((warn_unused_result));

#endif
