/* SPDX-License-Identifier: MIT */
/*
 * P2M: root page, pages of frame numbers of list pages, list pages.
 */
#include "laminad/p2m.h"

#include <errno.h>

struct walk {
    p2m_read_t read;
    int (*visit)(void *context, uint64_t first, const uint64_t *mfns, size_t nr);
    void *context;
    uint64_t nr; /* entries in all */
};

/* What the guest wrote may lead nowhere; that memory is short here is not its doing. */
static int passed_over(int rc)
{
    return rc == -ENOMEM ? rc : 0;
}

static int walk_list_page(const struct walk *walk, uint64_t mfn, uint64_t first)
{
    uint64_t page[P2M_ENTRIES];
    uint64_t left = walk->nr - first;
    int rc = walk->read(walk->context, mfn, page);

    if (rc)
        return passed_over(rc);
    return walk->visit(walk->context, first, page, left < P2M_ENTRIES ? left : P2M_ENTRIES);
}

static int walk_middle_page(const struct walk *walk, uint64_t mfn, uint64_t first)
{
    uint64_t page[P2M_ENTRIES];
    int rc = walk->read(walk->context, mfn, page);

    if (rc)
        return passed_over(rc);
    for (unsigned i = 0; i < P2M_ENTRIES && rc >= 0 && first < walk->nr; i++) {
        rc = walk_list_page(walk, page[i], first);
        first += P2M_ENTRIES;
    }
    return rc;
}

int p2m_walk(const struct arch_shared_info *arch, uint64_t nr_max, p2m_read_t read,
             int (*visit)(void *context, uint64_t first, const uint64_t *mfns, size_t nr),
             void *context)
{
    struct walk walk = { read, visit, context, arch->max_pfn < nr_max ? arch->max_pfn : nr_max };
    uint64_t root[P2M_ENTRIES];

    if (walk.nr == 0 || arch->pfn_to_mfn_frame_list_list == 0 ||
        arch->pfn_to_mfn_frame_list_list == ~(uint64_t)0)
        return -ENODATA;
    int rc = read(context, arch->pfn_to_mfn_frame_list_list, root);
    if (rc)
        return rc == -ENOMEM ? rc : -ENODATA;
    for (unsigned i = 0; i < P2M_ENTRIES && rc >= 0; i++) {
        uint64_t first = (uint64_t)i * P2M_ENTRIES * P2M_ENTRIES;
        if (first >= walk.nr)
            break;
        rc = walk_middle_page(&walk, root[i], first);
    }
    return rc < 0 ? rc : 0;
}
