/* SPDX-License-Identifier: MIT */
/*
 * Extent: the bytes that a disk is made of, in terms in which two of them can be compared however
 * they are reached: a partition or a loop device is seen through to what it lies on.
 */
#ifndef LAMINA_DEVICE_EXTENT_H
#define LAMINA_DEVICE_EXTENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define EXTENT_END UINT64_MAX /* as far as it goes, also when it grows */

struct extent {
    dev_t device;   /* of the file system for a file, else the block device itself */
    uint64_t inode; /* 0: a block device */
    uint64_t start, end;
};

/* Of an open file or block device, from start on for size bytes; 0: all. Negative errno value. */
int extent_of_fd(int fd, uint64_t start, uint64_t size, struct extent *extent)
    __attribute__((warn_unused_result));
/* Of a block device by its number. */
int extent_of_device(dev_t device, struct extent *extent) __attribute__((warn_unused_result));

/* The disk that a partition is on; of any other block device itself. */
int extent_whole_disk(dev_t device, dev_t *disk) __attribute__((warn_unused_result));

bool extent_overlaps(const struct extent *a, const struct extent *b);

#define EXTENT_TEXT 112u /* bytes of a text with its NUL */
void extent_format(const struct extent *extent, char text[EXTENT_TEXT]);
/* Reads what extent_format() wrote from the start of text; NULL if it is none, else what follows.
 */
const char *extent_parse(const char *text, struct extent *extent);

#endif
