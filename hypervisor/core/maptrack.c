/* SPDX-License-Identifier: MIT */
/*
 * Handles: the names that a domain has for its mappings of foreign grants.
 *
 * A handle is free, reserved (a map operation is under way), valid (mapped as host mapping, device
 * mapping or both), or being unmapped: a part leaves as soon as an unmap operation claims it, the
 * handle itself when the last operation on it ends, which is after the TLB flush. Between the two
 * nobody can unmap the same part again, and nobody gets the handle for something else.
 *
 * Each handle holds a reference to the granting domain, so its grant table outlives the mapping.
 *
 * The table grows by pages of handles. When the last handle in use goes, all pages but the first go
 * with it: what a domain had mapped at its busiest moment does not stay taken.
 */
#include "core/grant_table.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "sys/log.h"

#define PAGE_BYTES  (MAPTRACK_PER_PAGE * sizeof(struct maptrack))
#define TABLE_PAGES (MAPTRACK_MAX / MAPTRACK_PER_PAGE)
#define TABLE_BYTES (TABLE_PAGES * sizeof(struct maptrack *))
#define TRIM_MAX    (16 * MAPTRACK_PER_PAGE)

struct maptrack *maptrack_at(const struct domain *ld, grant_handle_t handle)
{
    return &ld->grants.maptrack[handle / MAPTRACK_PER_PAGE][handle % MAPTRACK_PER_PAGE];
}

static void free_list_push(struct domain *ld, grant_handle_t handle)
{
    struct maptrack *m = maptrack_at(ld, handle);

    memset(m, 0, sizeof(*m));
    m->next_free = ld->grants.maptrack_free;
    ld->grants.maptrack_free = handle;
}

/* The handles of the highest page, all free; pushed so that the lowest is taken first. */
static void page_push(struct domain *ld)
{
    for (unsigned i = 1; i <= MAPTRACK_PER_PAGE; i++)
        free_list_push(ld, ld->grants.nr_maptrack - i);
}

/* The highest page goes; the free list must not lead through it any more. */
static void page_drop(struct grant_table *table)
{
    table->nr_maptrack -= MAPTRACK_PER_PAGE;
    heap_free(table->maptrack[table->nr_maptrack / MAPTRACK_PER_PAGE], PAGE_BYTES);
}

/* 256 more handles on the free list; false: limit reached, or no memory. */
static bool table_grow(struct domain *ld)
{
    struct grant_table *table = &ld->grants;
    struct maptrack *page;

    if (table->nr_maptrack + MAPTRACK_PER_PAGE > table->maptrack_max)
        return false;
    if (!table->maptrack)
        table->maptrack = heap_alloc(TABLE_BYTES);
    page = table->maptrack ? heap_alloc(PAGE_BYTES) : NULL;
    if (!page) {
        if (table->maptrack && !table->nr_maptrack) { /* leave nothing behind */
            heap_free(table->maptrack, TABLE_BYTES);
            table->maptrack = NULL;
        }
        return false;
    }
    table->maptrack[table->nr_maptrack / MAPTRACK_PER_PAGE] = page;
    table->nr_maptrack += MAPTRACK_PER_PAGE;
    page_push(ld);
    return true;
}

/* No handle is in use. A table of thousands stays: to give it back at once would take too long. */
static void table_trim(struct domain *ld)
{
    struct grant_table *table = &ld->grants;

    if (table->nr_maptrack <= MAPTRACK_PER_PAGE || table->nr_maptrack > TRIM_MAX)
        return;
    table->maptrack_free = MAPTRACK_NONE;
    while (table->nr_maptrack > MAPTRACK_PER_PAGE)
        page_drop(table);
    page_push(ld);
}

static void handle_free(struct domain *ld, grant_handle_t handle)
{
    free_list_push(ld, handle);
    if (--ld->grants.nr_maptrack_used == 0)
        table_trim(ld);
}

grant_handle_t maptrack_reserve(struct domain *ld)
{
    struct grant_table *table = &ld->grants;
    grant_handle_t handle = MAPTRACK_NONE;

    lock_take(&table->lock);
    if (table->maptrack_free != MAPTRACK_NONE || table_grow(ld)) {
        handle = table->maptrack_free;
        table->maptrack_free = maptrack_at(ld, handle)->next_free;
        maptrack_at(ld, handle)->next_free = 0;
        table->nr_maptrack_used++;
    }
    lock_drop(&table->lock);
    return handle;
}

void maptrack_cancel(struct domain *ld, grant_handle_t handle)
{
    lock_take(&ld->grants.lock);
    handle_free(ld, handle);
    lock_drop(&ld->grants.lock);
}

void maptrack_publish(struct domain *ld, grant_handle_t handle, struct domain *rd, grant_ref_t ref,
                      unsigned flags)
{
    lock_take(&ld->grants.lock);
    *maptrack_at(ld, handle) = (struct maptrack){ .rd = rd, .ref = ref,
                                                  .flags = (uint8_t)(flags & MAPTRACK_FLAGS) };
    lock_drop(&ld->grants.lock);
}

bool maptrack_claim(struct domain *ld, grant_handle_t handle, unsigned parts, struct maptrack *out)
{
    struct grant_table *table = &ld->grants;
    bool valid = false;

    lock_take(&table->lock);
    if (handle < table->nr_maptrack) {
        struct maptrack *m = maptrack_at(ld, handle);

        /* A full count of operations under way cannot happen: each is a batch place of one CPU. */
        valid = (m->flags & MAPTRACK_PARTS) != 0 && m->unmapping < UINT16_MAX;
        if (valid) {
            *out = *m;
            m->unmapping++;
            m->flags &= (uint8_t)~(parts & MAPTRACK_PARTS);
        }
    }
    lock_drop(&table->lock);
    return valid;
}

/* One operation fewer; the domain to let go of when that was the end of the handle. Lock held. */
static struct domain *operation_end(struct domain *ld, grant_handle_t handle)
{
    struct maptrack *m = maptrack_at(ld, handle);
    struct domain *rd = m->rd;

    BUG_ON(m->unmapping == 0);
    m->unmapping--;
    if (m->unmapping || (m->flags & MAPTRACK_PARTS))
        return NULL;
    handle_free(ld, handle);
    return rd;
}

void maptrack_unclaim(struct domain *ld, grant_handle_t handle, unsigned parts)
{
    struct domain *rd;

    lock_take(&ld->grants.lock);
    maptrack_at(ld, handle)->flags |= (uint8_t)(parts & MAPTRACK_PARTS);
    rd = operation_end(ld, handle);
    lock_drop(&ld->grants.lock);
    if (rd)
        domain_put(rd);
}

void maptrack_end(struct domain *ld, grant_handle_t handle)
{
    maptrack_unclaim(ld, handle, 0);
}

bool maptrack_check(struct domain *ld)
{
    const struct grant_table *table = &ld->grants;
    unsigned nr_free = 0, nr_used = 0;

    /* The free list visits each free handle once and ends. */
    for (grant_handle_t h = table->maptrack_free; h != MAPTRACK_NONE;
         h = maptrack_at(ld, h)->next_free) {
        if (h >= table->nr_maptrack || ++nr_free > table->nr_maptrack || maptrack_at(ld, h)->rd)
            return false;
    }
    for (grant_handle_t h = 0; h < table->nr_maptrack; h++) {
        const struct maptrack *m = maptrack_at(ld, h);

        nr_used += m->rd != NULL;
        /* A handle in use has a part mapped or an operation under way; a free one has neither. */
        if ((m->rd != NULL) != ((m->flags & MAPTRACK_PARTS) || m->unmapping))
            return false;
        /* What it names is pinned by this domain. */
        if (m->rd && (m->ref >= grant_count(&m->rd->grants) ||
                      !grant_is_pinned(grant_active(m->rd, m->ref)) ||
                      grant_active(m->rd, m->ref)->domid != ld->id))
            return false;
    }
    if (nr_used != table->nr_maptrack_used)
        return false;
    /* None is lost, until the end of the domain gives up the list. */
    return table->maptrack_max == 0 || nr_free + nr_used == table->nr_maptrack;
}

void maptrack_shrink(struct domain *ld)
{
    struct grant_table *table = &ld->grants;

    lock_take(&table->lock);
    table->maptrack_max = 0;
    table->maptrack_free = MAPTRACK_NONE; /* it may lead through the page that goes */
    page_drop(table);
    lock_drop(&table->lock);
}

void maptrack_destroy(struct domain *ld)
{
    struct grant_table *table = &ld->grants;

    for (unsigned i = 0; i < table->nr_maptrack / MAPTRACK_PER_PAGE; i++)
        heap_free(table->maptrack[i], PAGE_BYTES);
    if (table->maptrack)
        heap_free(table->maptrack, TABLE_BYTES);
    table->maptrack = NULL;
    table->nr_maptrack = 0;
    table->maptrack_free = MAPTRACK_NONE;
}
