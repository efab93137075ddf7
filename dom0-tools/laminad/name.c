/* SPDX-License-Identifier: MIT */
/*
 * Names: a hyphen and a number at the end, that counts up.
 */
#include "laminad/name.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/domain.h"

/* More digits are no counter of ours. */
#define DIGITS_MAX 6

/* How much of the name stands before "-NUMBER", and that number; all of it and 0. */
static size_t split(const char *name, unsigned *number)
{
    size_t size = strlen(name), digits = 0;

    while (digits < size && isdigit((unsigned char)name[size - 1 - digits]))
        digits++;
    *number = 0;
    if (digits == 0 || digits > DIGITS_MAX || digits + 1 >= size || name[size - 1 - digits] != '-')
        return size;
    *number = (unsigned)strtoul(name + size - digits, NULL, 10);
    return size - digits - 1;
}

void name_candidate(const char *name, unsigned number, char text[CONFIG_NAME_MAX + 1])
{
    char suffix[16];
    unsigned before;
    size_t size = split(name, &before);
    int suffix_size = snprintf(suffix, sizeof(suffix), "-%u", before + number);

    /* A name of full length loses its last letters. */
    if (size + (size_t)suffix_size > CONFIG_NAME_MAX)
        size = CONFIG_NAME_MAX - (size_t)suffix_size;
    memcpy(text, name, size);
    strcpy(text + size, suffix);
}

int name_for_successor(struct store_client *store, const char *name, char **successor)
{
    char text[CONFIG_NAME_MAX + 1];
    unsigned domid, number = 1;
    int rc;

    *successor = NULL;
    do {
        struct failure failure = { .kind = FAILURE_NONE };
        name_candidate(name, number++, text);
        rc = domain_find(store, text, &domid, &failure);
    } while (rc == 0);
    if (rc != -ENOENT)
        return rc;
    *successor = strdup(text);
    return *successor ? 0 : -ENOMEM;
}
