/* SPDX-License-Identifier: MIT */
/*
 * Grants of other domains, mapped by the kernel's gntdev: the references are announced, and mapped
 * when the offset that they got is. The announcement is looked up again by address to undo it, so
 * that callers need not keep it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "devices.h"
#include "lamina/host.h"

#define REFS_MAX 65536 /* what one call may ask for; rings have a handful */

int host_grants_open(void)
{
    int fd = open("/dev/xen/gntdev", O_RDWR | O_CLOEXEC);

    return fd < 0 ? -errno : fd;
}

static void forget(int fd, uint64_t index, size_t nr)
{
    (void)ioctl(fd, GNTDEV_UNMAP, &(struct gntdev_unmap){ .index = index, .nr = (uint32_t)nr });
}

static int announce(int fd, domid_t domain, const grant_ref_t *refs, size_t nr, uint64_t *index)
{
    struct gntdev_map *map = calloc(1, sizeof(*map) + nr * sizeof(map->refs[0]));

    if (!map)
        return -ENOMEM;
    map->nr = (uint32_t)nr;
    for (size_t i = 0; i < nr; i++)
        map->refs[i] = (struct gntdev_ref){ domain, refs[i] };
    int rc = ioctl(fd, GNTDEV_MAP, map) != 0 ? -errno : 0;
    *index = map->index;
    free(map);
    return rc;
}

int host_grants_map(int fd, domid_t domain, const grant_ref_t *refs, size_t nr, int prot,
                    void **address)
{
    uint64_t index;

    if (nr == 0 || nr > REFS_MAX)
        return -EINVAL;
    int rc = announce(fd, domain, refs, nr, &index);
    if (rc)
        return rc;
    *address = mmap(NULL, nr * HOST_PAGE_SIZE, prot, MAP_SHARED, fd, (off_t)index);
    if (*address == MAP_FAILED) {
        rc = -errno;
        forget(fd, index, nr);
    }
    return rc;
}

void host_grants_unmap(int fd, void *address, size_t nr)
{
    struct gntdev_find find = { .address = (uintptr_t)address };

    if (!address)
        return;
    int is_known = ioctl(fd, GNTDEV_FIND, &find) == 0;
    munmap(address, nr * HOST_PAGE_SIZE);
    if (is_known)
        forget(fd, find.index, nr);
}
