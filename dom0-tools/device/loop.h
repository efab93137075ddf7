/* SPDX-License-Identifier: MIT */
/*
 * Loop device: a file, or a part of a file or block device, as a block device of its own. The
 * kernel keeps every access inside the part.
 *
 * Each of ours carries a tag, so that it is known as such whatever happened to whoever made it. The
 * tag is in the kernel, where only root can write it.
 */
#ifndef LAMINA_DEVICE_LOOP_H
#define LAMINA_DEVICE_LOOP_H

#include <linux/loop.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define LOOP_TAG_SIZE 64u /* with its NUL */
/* What the tags of all our devices begin with. */
#define LOOP_TAG "lamina "

/* The number of a loop device that is free now; somebody else may be quicker. -ENOENT: no driver */
int loop_find_free(unsigned *number) __attribute__((warn_unused_result));

/*
 * Makes loop device `number` serve size bytes of fd from offset on (size 0: to its end). -EBUSY: it
 * is taken meanwhile. Accesses bypass dom0's page cache where the file system can. *device: which
 * block device it is.
 */
int loop_attach(unsigned number, int fd, uint64_t offset, uint64_t size, bool readonly,
                const char *tag, dev_t *device) __attribute__((warn_unused_result));

/*
 * Frees loop device `number` if it carries the tag; else it is not ours (any more): 0 as well.
 * While somebody has it open it goes with the last of them.
 */
int loop_detach(unsigned number, const char *tag);

/* -ENXIO: not in use, or no loop device at all. */
int loop_status(unsigned number, struct loop_info64 *info) __attribute__((warn_unused_result));

#endif
