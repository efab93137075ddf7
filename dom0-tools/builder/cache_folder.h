/* SPDX-License-Identifier: MIT */
/*
 * The files in the cache's folder. A NAME is the SHA-256 of a kernel's file, in hexadecimal:
 *
 *   NAME.elf   the ELF file inside it
 *   NAME.seal  its own SHA-256, inode, size and time of last change: a NAME.elf that does not match
 *              has been tampered with, damaged or moved
 *   id.X       symbolic link to NAME: the file with identity X had that content
 *   new.X      being written by whoever holds the lock
 *
 * Everything appears complete and by rename. Readers need no lock: a file that is removed under
 * them stays readable.
 */
#ifndef LAMINA_BUILDER_CACHE_FOLDER_H
#define LAMINA_BUILDER_CACHE_FOLDER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "builder/kernel_cache.h"

#define CACHE_NAME_SIZE 65

/* SHA-256 in hexadecimal. */
void cache_name(const void *data, size_t size, char name[CACHE_NAME_SIZE]);

/* Descriptor of the folder, made if need be; negative: there is none that is only ours. */
int cache_folder_open(const char *path);
/* Held until the descriptor is closed. */
int cache_folder_lock(int folder);

/* ---- contents ---- */

/* Descriptor of NAME.elf, or -ENOENT, or -ESTALE: it does not match its seal. */
int cache_content_open(int folder, const char *name);
/* Under the lock: compares it with its own SHA-256; renews the seal, or removes it (-ENOENT). */
int cache_content_verify(int folder, const char *name);
/* Under the lock: descriptor of the new NAME.elf. */
int cache_content_add(int folder, const char *name, const uint8_t *elf, size_t size);

/* Writes an image, leaving holes where it is long zero: 0 or a negative errno value. */
int sparse_write(int fd, const uint8_t *data, size_t size);

/* ---- identities ---- */

/* 0 and the NAME, or -ENOENT. */
int cache_identity_find(int folder, const struct stat *file, char name[CACHE_NAME_SIZE]);
/* Under the lock. A failure costs time at the next start, nothing else. */
void cache_identity_add(int folder, const struct stat *file, const char *name);

/* Under the lock: removes what is too much, unfinished or points nowhere, but never NAME. */
void cache_trim(int folder, const struct kernel_cache *limits, const char *name);

#endif
