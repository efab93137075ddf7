/* SPDX-License-Identifier: MIT */
/*
 * Memory maps in e820 form: the machine's, which a dom0 kernel needs to find devices and ACPI
 * tables, and the pseudo-physical one that tools set for another domain.
 */
#include "hypercall/publish.h"
#include "hypercall/target.h"
#include "hypercall_handlers.h"
#include "lib/errno.h"
#include "mm/alloc.h"
#include "mm/guest.h"

#define ENTRY_BYTES sizeof(struct memory_map_entry)
static_assert(ENTRY_BYTES == 20, "e820 entries have no padding");

/* --- set at boot only --- */
static struct {
    unsigned nr;
    struct memory_map_entry entry[MEMORY_RANGES_MAX];
} machine_map_state;

bool memory_map_publish(maddr_t start, maddr_t end, uint32_t type)
{
    if (machine_map_state.nr == MEMORY_RANGES_MAX)
        return false;
    machine_map_state.entry[machine_map_state.nr++] =
        (struct memory_map_entry){ .start = start, .bytes = end - start, .type = type };
    return true;
}

/* Buffer 0 asks for the number. */
long hc_memory_machine_memory_map(struct xen_memory_map *op)
{
    unsigned nr = machine_map_state.nr;

    if (op->buffer && op->nr_entries < nr)
        return -EINVAL;
    op->nr_entries = nr;
    if (!op->buffer)
        return 0;
    return copy_to_guest(guest_ptr(op->buffer), machine_map_state.entry, nr * ENTRY_BYTES);
}

/* As many as fit. Under the lock, as tools may be replacing the map. */
long hc_memory_memory_map(struct xen_memory_map *op)
{
    struct domain *d = current->domain;
    long ret = -ENOSYS;

    lock_take(&d->lock);
    if (d->memory_map) {
        op->nr_entries = MIN(op->nr_entries, d->nr_memory_map);
        ret = copy_to_guest(guest_ptr(op->buffer), d->memory_map, op->nr_entries * ENTRY_BYTES);
    }
    lock_drop(&d->lock);
    return ret;
}

long hc_memory_set_memory_map(struct domain *d, struct xen_foreign_memory_map *op)
{
    uint32_t nr = op->map.nr_entries, old_nr;
    struct memory_map_entry *map, *old;

    if (!nr || nr > MEMORY_RANGES_MAX)
        return -EINVAL;
    map = heap_alloc(nr * ENTRY_BYTES);
    if (!map)
        return -ENOMEM;
    if (copy_from_guest(map, guest_ptr(op->map.buffer), nr * ENTRY_BYTES)) {
        heap_free(map, nr * ENTRY_BYTES);
        return -EFAULT;
    }
    lock_take(&d->lock);
    old = d->memory_map;
    old_nr = d->nr_memory_map;
    d->memory_map = map;
    d->nr_memory_map = nr;
    lock_drop(&d->lock);
    if (old)
        heap_free(old, old_nr * ENTRY_BYTES);
    return 0;
}
