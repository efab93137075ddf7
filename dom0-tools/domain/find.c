/* SPDX-License-Identifier: MIT */
/*
 * Finding domains: by number, name or uuid, and all of them.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "config/values.h"
#include "domain/domain.h"
#include "domain/hypervisor.h"
#include "domain/name.h"
#include "domain/record.h"

#define BATCH 64u /* domains a call */

/* Names must not be numbers (config/), so there is no doubt which of them a word is. */
static bool is_number(const char *word)
{
    return word[0] != '\0' && word[strspn(word, "0123456789")] == '\0';
}

static int find_nothing(const char *word, struct failure *failure)
{
    return failure_set(failure, FAILURE_OPERATION, -ENOENT,
                       "there is no domain %s: see 'lamina list'", word);
}

static int find_number(struct store_client *store, const char *word, unsigned *domid,
                       struct failure *failure)
{
    struct xen_domctl_getdomaininfo info;
    uint64_t number;

    if (value_read_number(word, DOMAINS_MAX - 1, &number) != 0)
        return find_nothing(word, failure);
    int rc = hypervisor_info((unsigned)number, &info);
    if (rc != 0 && rc != -ESRCH)
        return failure_set(failure, FAILURE_OPERATION, rc, "cannot ask about domain %s", word);
    if (rc == -ESRCH)
        rc = record_find(store, (unsigned)number);
    if (rc == -ENOENT)
        return find_nothing(word, failure);
    if (rc != 0)
        return failure_set(failure, FAILURE_OPERATION, rc, "cannot ask about domain %s", word);
    *domid = (unsigned)number;
    return 0;
}

static bool matches(const struct domain_entry *entry, const char *word, const uint8_t *uuid)
{
    if (uuid && memcmp(entry->info.handle, uuid, sizeof(entry->info.handle)) == 0)
        return true;
    return strcmp(entry->name, word) == 0;
}

/* A domain that is gone but for its record is found by name, so that it can be cleaned up. */
static int find_record(struct store_client *store, const char *word, unsigned *domid)
{
    unsigned *domids;
    size_t nr;
    int rc = record_list(store, &domids, &nr), found = 0;

    for (size_t i = 0; rc == 0 && found == 0 && i < nr; i++) {
        found = record_has_text(store, domids[i], "name", word);
        if (found == 0)
            found = record_has_text(store, domids[i], "uuid", word);
        *domid = domids[i];
    }
    if (rc != 0)
        return rc;
    free(domids);
    if (found == 0)
        return -ENOENT;
    return found > 0 ? 0 : found;
}

int domain_find(struct store_client *store, const char *word, unsigned *domid,
                struct failure *failure)
{
    struct domain_entry *list;
    uint8_t uuid[16];
    size_t nr;

    if (is_number(word))
        return find_number(store, word, domid, failure);
    bool is_uuid = value_read_uuid(word, uuid) == 0;
    int rc = domains_list(store, &list, &nr, failure);
    if (rc != 0)
        return rc;
    rc = -ENOENT;
    for (size_t i = 0; rc != 0 && i < nr; i++) {
        if (matches(&list[i], word, is_uuid ? uuid : NULL)) {
            *domid = list[i].info.domain;
            rc = 0;
        }
    }
    domains_free(list, nr);
    if (rc != 0 && store)
        rc = find_record(store, word, domid);
    if (rc == -ENOENT)
        return find_nothing(word, failure);
    return rc == 0 ? 0 : failure_set(failure, FAILURE_OPERATION, rc, "cannot find domain %s", word);
}

/* Not 0: no memory, or the store fails; what is in the entry is for domains_free() all the same. */
static int describe(struct domain_entry *entry, const struct xen_domctl_getdomaininfo *info,
                    struct store_client *store)
{
    *entry = (struct domain_entry){ .info = *info };
    int rc = record_get(store, info->domain, "state", &entry->state);

    if (rc == 0 || rc == -ENOENT)
        rc = name_of(store, info->domain, &entry->name);
    if (rc == -ENOENT) {
        entry->name = strdup("(unknown)");
        rc = entry->name ? 0 : -ENOMEM;
    }
    return rc;
}

/* Adds one batch; *nr counts what domains_free() has to free in every case. */
static int grow(struct domain_entry **list, size_t *nr, struct store_client *store,
                const struct xen_domctl_getdomaininfo *infos, size_t more)
{
    struct domain_entry *larger = realloc(*list, (*nr + more) * sizeof(**list));

    if (!larger)
        return -ENOMEM;
    *list = larger;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < more; i++)
        rc = describe(&larger[(*nr)++], &infos[i], store);
    return rc;
}

int domains_list(struct store_client *store, struct domain_entry **list, size_t *nr,
                 struct failure *failure)
{
    struct xen_domctl_getdomaininfo infos[BATCH];
    unsigned first = 0;
    int got;

    *list = NULL;
    *nr = 0;
    do {
        got = hypervisor_list(first, infos, BATCH);
        int rc = got <= 0 ? got : grow(list, nr, store, infos, (size_t)got);
        if (rc < 0) {
            domains_free(*list, *nr);
            *list = NULL;
            *nr = 0;
            return failure_set(failure, FAILURE_OPERATION, rc, "cannot list the domains");
        }
        first = got > 0 ? infos[got - 1].domain + 1u : first;
    } while (got == (int)BATCH && first < DOMAINS_MAX);
    return 0;
}

void domains_free(struct domain_entry *list, size_t nr)
{
    for (size_t i = 0; i < nr; i++) {
        free(list[i].name);
        free(list[i].state);
    }
    free(list);
}
