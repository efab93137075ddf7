/* SPDX-License-Identifier: MIT */
/*
 * Permissions: who may do what with a node. The first entry names the owner, who may do all, and
 * says what domains may do that no later entry names. Domain 0 may do all everywhere.
 */
#ifndef LAMINA_STORED_PERMS_H
#define LAMINA_STORED_PERMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stored/buffer.h"

enum { ACCESS_NONE = 0, ACCESS_READ = 1, ACCESS_WRITE = 2, ACCESS_OWNER = 4, ACCESS_ALL = 7 };

/* Entries of a node at most, for anybody; a guest's quota is lower. */
#define PERMS_MAX 16

/* Domain ids from here on are reserved, none of them is a domain that can own something. */
#define DOMID_END  0x7ff0u
#define DOMID_NONE 0xffffu

struct perm {
    uint16_t domid;
    uint8_t access; /* ACCESS_READ, ACCESS_WRITE */
};

struct perms {
    unsigned nr; /* at least 1 */
    struct perm list[PERMS_MAX];
};

/* Who asks: a domain and the one in whose name it may act too (DOMID_NONE: no other). */
struct subject {
    uint16_t domid;
    uint16_t target;
};

static inline bool subject_is_privileged(const struct subject *who)
{
    return who->domid == 0;
}

/* ACCESS_* bits of what the subject may do. */
unsigned perms_access(const struct perms *perms, const struct subject *who);

/*
 * Reads "n0" "r5" "w5" "b5" strings, each with its NUL, from all of the `size` bytes.
 * Returns 0, EINVAL, or ENOSPC for more than `nr_max` entries.
 */
int perms_parse(struct perms *perms, const char *strings, size_t size, unsigned nr_max);

/* Appends the strings that perms_parse reads. */
void perms_format(const struct perms *perms, struct buffer *out);

/* Takes out each entry for the domain but the first. True when that changed something. */
bool perms_forget(struct perms *perms, uint16_t domid);

#endif
