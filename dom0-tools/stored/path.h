/* SPDX-License-Identifier: MIT */
/*
 * Path: the names of nodes. An absolute path starts with '/', has no empty component, no '/' at
 * its end (but for "/" itself) and only the characters of names. A relative path is one below the
 * caller's home, /local/domain/<domid>. Special paths start with '@'.
 */
#ifndef LAMINA_STORED_PATH_H
#define LAMINA_STORED_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "public/io/xs_wire.h"

/* Room for any absolute path and its NUL. */
#define PATH_ROOM (XENSTORE_ABS_PATH_MAX + 1)

enum { SPECIAL_INTRODUCE, SPECIAL_RELEASE, SPECIAL_COUNT };

/* "@introduceDomain" and "@releaseDomain", indexed as above. */
extern const char *const path_special_names[SPECIAL_COUNT];

/* The special path's index, or -1 when `path` is none. */
int path_special(const char *path);

/*
 * Makes the absolute path of `given` as domain `domid` means it. `length_max` bounds what follows
 * /local/domain/<any domid>/ (the whole path, when it does not start so); 0: only the protocol's
 * own limit. Returns 0 or EINVAL, and then leaves out alone.
 */
int path_absolute(const char *given, uint16_t domid, size_t length_max, char out[PATH_ROOM]);

/* Writes the path without its last component; `path` is absolute and not "/". */
void path_parent(const char *path, char out[PATH_ROOM]);

/* Levels of `path` below `ancestor` (0: the same), or -1 when it is not below it. */
int path_depth_below(const char *path, const char *ancestor);

/* Writes /local/domain/<domid>. */
void path_home(uint16_t domid, char out[PATH_ROOM]);

#endif
