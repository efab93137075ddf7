/* SPDX-License-Identifier: MIT */
/*
 * Other domains' memory in a program's address space: frames by number and frames of a resource.
 * The kernel asks the hypervisor for each frame and says which ones it was refused.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "devices.h"
#include "lamina/host.h"

/* Address space for nr frames, to be filled by an ioctl. */
static int reserve(size_t nr, int prot, void **address)
{
    if (host_privcmd() < 0)
        return -ENODEV;
    if (nr == 0 || nr > UINT32_MAX)
        return -EINVAL;
    *address = mmap(NULL, nr * HOST_PAGE_SIZE, prot, MAP_SHARED, host_privcmd(), 0);
    return *address == MAP_FAILED ? -errno : 0;
}

/* With a list the best answer counts, without one the worst. */
static int verdict(const int *errors, size_t nr, int all)
{
    int first = 0;
    size_t nr_mapped = 0;

    for (size_t i = 0; i < nr; i++) {
        if (errors[i] == 0)
            nr_mapped++;
        else if (first == 0)
            first = errors[i];
    }
    return nr_mapped == nr || (!all && nr_mapped > 0) ? 0 : first;
}

static int frames_map(domid_t domain, const uint64_t *mfns, size_t nr, int prot, int *errors,
                      int all, void **address)
{
    int rc = reserve(nr, prot, address);

    if (rc)
        return rc;
    struct privcmd_map_frames map = { .nr = (uint32_t)nr,
                                      .domain = domain,
                                      .address = (uintptr_t)*address,
                                      .mfns = (uintptr_t)mfns,
                                      .errors = (uintptr_t)errors };
    /* -ENOENT says only that some frame is paged out; its own error says it, too. */
    if (ioctl(host_privcmd(), PRIVCMD_MAP_FRAMES, &map) != 0 && errno != ENOENT)
        rc = -errno;
    if (rc == 0)
        rc = verdict(errors, nr, all);
    if (rc)
        munmap(*address, nr * HOST_PAGE_SIZE);
    return rc;
}

int host_frames_map(domid_t domain, const uint64_t *mfns, size_t nr, int prot, int *errors,
                    void **address)
{
    if (errors)
        return frames_map(domain, mfns, nr, prot, errors, 0, address);
    int *own = calloc(nr ? nr : 1, sizeof(*own));
    if (!own)
        return -ENOMEM;
    int rc = frames_map(domain, mfns, nr, prot, own, 1, address);
    free(own);
    return rc;
}

int host_resource_map(domid_t domain, uint32_t type, uint32_t id, uint64_t frame, size_t nr,
                      void **address)
{
    if (frame > UINT32_MAX)
        return -EINVAL;
    int rc = reserve(nr, PROT_READ | PROT_WRITE, address);
    if (rc)
        return rc;
    struct privcmd_map_resource map = { .domain = domain,
                                        .type = type,
                                        .id = id,
                                        .frame = (uint32_t)frame,
                                        .nr = nr,
                                        .address = (uintptr_t)*address };
    if (ioctl(host_privcmd(), PRIVCMD_MAP_RESOURCE, &map) != 0) {
        rc = -errno;
        munmap(*address, nr * HOST_PAGE_SIZE);
    }
    return rc;
}

void host_unmap(void *address, size_t nr_frames)
{
    if (address)
        munmap(address, nr_frames * HOST_PAGE_SIZE);
}
