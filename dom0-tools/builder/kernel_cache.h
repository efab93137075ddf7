/* SPDX-License-Identifier: MIT */
/*
 * Kernel cache: unpacked kernels, kept by the SHA-256 of the file they came from.
 *
 * Unpacking a distribution's kernel costs a thousand million instructions and hashing it fifty; so
 * what a file held is also remembered by its identity (device, inode, size, times), and a start
 * that finds it pays for neither. Without a usable folder everything works, but for the speed.
 */
#ifndef LAMINA_BUILDER_KERNEL_CACHE_H
#define LAMINA_BUILDER_KERNEL_CACHE_H

#include <stdint.h>

#include "common/failure.h"

struct kernel_cache {
    const char *folder;
    uint64_t bytes_max;   /* on the disk, all kernels together; ... */
    unsigned kernels_max; /* ... and how many: the ones used longest ago go first */
};

/*
 * A descriptor, for reading, of the ELF file inside the kernel at `path` (a bzImage, or an ELF file
 * itself). Nothing changes that file: it is the cache's, or in memory. Long runs of zeros are holes
 * in it. Otherwise a negative errno value, and why.
 */
int kernel_cache_open(const struct kernel_cache *cache, const char *path, struct failure *failure)
    __attribute__((warn_unused_result));

#endif
