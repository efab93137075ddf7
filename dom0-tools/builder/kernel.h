/* SPDX-License-Identifier: MIT */
/*
 * Kernel: an unpacked PV kernel, opened: its notes, its segments, and which bytes of its file have
 * to be copied into a domain. The file is the cache's (kernel_cache.h) and does not change.
 */
#ifndef LAMINA_BUILDER_KERNEL_H
#define LAMINA_BUILDER_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#include "common/failure.h"
#include "lib/pv_start.h"

/* Bytes of the file that are not zero, and where in the domain's memory they belong. */
struct kernel_piece {
    uint64_t offset, paddr, bytes;
};

struct kernel {
    const char *path;
    int fd;
    void *map;
    size_t size;
    struct pv_start start; /* elf and notes are set; the rest is the caller's */
    struct kernel_piece *pieces;
    size_t nr_pieces;
};

/* Opens what kernel_cache_open() gave for `path`; takes over fd, whatever comes of it. */
int kernel_open(struct kernel *kernel, const char *path, int fd, struct failure *failure)
    __attribute__((warn_unused_result));
void kernel_close(struct kernel *kernel);

/*
 * The next bytes of a file at or after `at` that are not a hole: 0 and [*start, *end), else
 * -ENXIO. How kernel_pieces() learns of holes; a test has its own.
 */
typedef int kernel_data_fn(void *context, uint64_t at, uint64_t *start, uint64_t *end);

/*
 * Lists the pieces of all loadable segments: 0; -ENOEXEC with *why set when two segments claim the
 * same memory; -ENOMEM.
 */
int kernel_pieces(const struct pv_start *start, kernel_data_fn *data, void *context,
                  struct kernel_piece **pieces, size_t *nr, const char **why)
    __attribute__((warn_unused_result));

#endif
