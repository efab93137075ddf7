/* SPDX-License-Identifier: MIT */
/*
 * A hypercall in progress: how a number reaches its handler and how long work is continued.
 *
 * Handlers are generated prototypes (hypercall_handlers.h), one per row of hypercalls.tbl. A
 * handler that is not done returns -ERESTART. The guest then executes the same SYSCALL again, after
 * pending events were delivered to it; with the arguments it gave, or with those that the handler
 * set by hypercall_restart(). Inside a multicall the arguments go into the guest's entry and the
 * multicall starts again from that entry.
 */
#ifndef LAMINA_HYPERCALL_HYPERCALL_H
#define LAMINA_HYPERCALL_HYPERCALL_H

#include "lib/types.h"
#include "hypercall_numbers.h"

#define INTERFACE_VERSION     (4 << 16 | 17) /* what XENVER_version answers */
#define HYPERCALL_ELEMENT_MAX 64 /* bytes: the largest structure of an "array" row */

/* From registers to the handler of a row; what has no row answers -ENOSYS. Generated. */
typedef long hypercall_fn(uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
                          uint64_t a5);
extern hypercall_fn *const hypercall_table[HYPERCALL_NUMBERS];

/* An "array" row: each() runs per element, flush() (or NULL) when a part of the list is done. */
struct hypercall_list {
    uint32_t cmd;
    uint32_t size; /* bytes of an element, at most HYPERCALL_ELEMENT_MAX */
    void (*each)(void *element);
    void (*flush)(void);
};
/* 0, -EFAULT, or -ERESTART with list and count advanced past what is done. */
long hypercall_list_run(const struct hypercall_list *shape, guest_ptr_t list, uint32_t count);

/*
 * Set the first `nr` arguments (1..4) for the next attempt; returns -ERESTART. The registers of
 * the others keep what the guest has in them: it may count on that.
 */
long hypercall_restart(unsigned nr, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3);
/* The same for a memory_op on extents: `done` of them need no second look. */
long hypercall_restart_extent(uint32_t cmd, uint64_t done);

#endif
