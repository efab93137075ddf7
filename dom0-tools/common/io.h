/* SPDX-License-Identifier: MIT */
/*
 * Input and output of whole things: all bytes or an error, and files that appear under their name
 * complete or not at all.
 *
 * Results are 0 or a negative errno value.
 */
#ifndef LAMINA_COMMON_IO_H
#define LAMINA_COMMON_IO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Writes everything, also when the system takes it in parts. For descriptors that block. */
int write_all(int fd, const void *data, size_t size) __attribute__((warn_unused_result));

/*
 * Reads a regular file from here to its end into a new block (with a NUL behind it, to be freed),
 * so that nobody can change it between a check and a use. -EINVAL: no regular file, -EFBIG: more
 * than size_max bytes.
 */
int read_whole(int fd, size_t size_max, uint8_t **data, size_t *size)
    __attribute__((warn_unused_result));

/*
 * Puts a file with these bytes in the place of `path`: readers see the old or the new one, whole.
 * It is on the disk when this returns. mode is subject to the umask.
 */
int replace_file(const char *path, const void *data, size_t size, mode_t mode)
    __attribute__((warn_unused_result));

/* Makes the directories that the file at `path` lies in, as far as they are missing. */
int make_parents(const char *path, mode_t mode);

#endif
