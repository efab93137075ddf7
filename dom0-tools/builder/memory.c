/* SPDX-License-Identifier: MIT */
/*
 * The domain's frames, in extents of 2 MiB while there are such, singly where there are none. The
 * hypervisor enters their pseudo-physical numbers into its table and clears them.
 */
#include <errno.h>
#include <stdlib.h>

#include "builder/build.h"
#include "lamina/host.h"

#define EXTENTS_MAX     2048
#define SUPERPAGE_ORDER 9u
#define MIB(frames)     ((uintmax_t)(frames) >> 8)

static int too_little(struct build *build, uint64_t nr)
{
    struct xen_sysctl_physinfo info;

    if (hypercall_sysctl_physinfo(&info) != 0)
        return failure_set(build->failure, FAILURE_OPERATION, -ENOMEM,
                           "not enough memory: the domain needs %ju MiB", MIB(nr));
    return failure_set(build->failure, FAILURE_OPERATION, -ENOMEM,
                       "not enough memory: the domain needs %ju MiB, %ju MiB are free", MIB(nr),
                       MIB(info.free_pages));
}

/* Asks before anything is taken. A hypervisor that keeps no claims is no reason to stop. */
static int claim(struct build *build, uint64_t nr)
{
    struct xen_memory_reservation op = { .nr_extents = nr, .domid = build->request->domain };

    return hypercall_memory_claim_pages(&op) == -ENOMEM ? too_little(build, nr) : 0;
}

/* Frames for extents from pfn on: how many extents there were, or a negative errno value. */
static long populate_some(struct build *build, uint64_t *extents, uint64_t pfn, uint64_t nr,
                          unsigned order)
{
    struct xen_memory_reservation op = { .extent_start = (uintptr_t)extents,
                                         .nr_extents = nr,
                                         .extent_order = order,
                                         .domid = build->request->domain };

    for (uint64_t i = 0; i < nr; i++)
        extents[i] = pfn + (i << order);
    long done = hypercall_memory_populate_physmap(&op);
    if (done > (long)nr)
        return -EIO;
    for (long i = 0; i < done; i++)
        for (uint64_t j = 0; j < (uint64_t)1 << order; j++)
            build->p2m[pfn + ((uint64_t)i << order) + j] = extents[i] + j;
    return done;
}

static int populate(struct build *build, uint64_t *extents, uint64_t nr)
{
    unsigned order = SUPERPAGE_ORDER;

    for (uint64_t pfn = 0; pfn < nr;) {
        uint64_t wanted = MIN((nr - pfn) >> order, EXTENTS_MAX);
        long done = wanted ? populate_some(build, extents, pfn, wanted, order) : 0;
        if (done < 0)
            return failure_set(build->failure, FAILURE_OPERATION, (int)done,
                               "memory cannot be given to the domain");
        pfn += (uint64_t)done << order;
        if ((uint64_t)done == wanted && wanted != 0)
            continue;
        if (order == 0)
            return too_little(build, nr);
        order = 0;
    }
    return 0;
}

int build_memory(struct build *build)
{
    uint64_t nr = build->kernel.start.nr_frames;
    size_t size = EXTENTS_MAX * sizeof(uint64_t);
    uint64_t *extents = host_buffer_alloc(size);

    build->p2m = malloc(nr * sizeof(*build->p2m));
    int rc = !build->p2m || !extents
                 ? failure_set(build->failure, FAILURE_OPERATION, -ENOMEM,
                               "no memory to build the domain")
                 : claim(build, nr);
    if (rc == 0)
        rc = populate(build, extents, nr);
    host_buffer_free(extents, size);
    return rc;
}
