/* SPDX-License-Identifier: MIT */
/*
 * Claim: the rule, and the claims of domains.
 */
#include "device/claim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool claims_agree(const struct claim *a, const struct claim *b)
{
    return !extent_overlaps(&a->extent, &b->extent) || (a->readonly && b->readonly) ||
           (a->shareable && b->shareable);
}

void claim_format(const struct claim *claim, char text[CLAIM_TEXT])
{
    extent_format(&claim->extent, text);
    strcat(text, claim->readonly ? " r" : " w");
    strcat(text, claim->shareable ? " s" : "");
}

int claim_parse(const char *text, struct claim *claim)
{
    const char *mode = extent_parse(text, &claim->extent);

    if (!mode || (strncmp(mode, " r", 2) != 0 && strncmp(mode, " w", 2) != 0))
        return -EINVAL;
    claim->readonly = mode[1] == 'r';
    claim->shareable = strcmp(mode + 2, " s") == 0;
    return 0;
}

static int say_who(struct store_client *store, const char *source, const struct claim *mine,
                   const struct device_address *other, const struct claim *its,
                   struct failure *failure)
{
    char path[DEVICE_PATH], *name = NULL, *target = NULL;

    snprintf(path, sizeof(path), DOMAIN_RECORD "/name", other->domid);
    /* Without a name, or with an error, the number says who. */
    if (store_read(store, 0, path, &name, NULL) != 0)
        name = NULL;
    int rc = device_record_read(store, 0, other, "target", &target);
    rc = failure_set(failure, FAILURE_CONFIG, -EBUSY,
                     "disk %s: domain %u%s%s has it as %s%s; only %s in both lets it be used twice",
                     source, other->domid, name ? " " : "", name ? name : "",
                     rc == 0 && target ? target : "a disk", its->readonly ? ", to read" : "",
                     mine->readonly ? "<readonly/>" : "<readonly/> or <shareable/>");
    free(name);
    free(target);
    return rc;
}

static int check_one(struct store_client *store, store_tx_t tx, const char *source,
                     const struct claim *claim, const struct device_address *other,
                     struct failure *failure)
{
    struct claim theirs;
    char *text;
    int rc = device_record_read(store, tx, other, "claim", &text);

    if (rc == 0 && text && claim_parse(text, &theirs) == 0 && !claims_agree(claim, &theirs))
        rc = say_who(store, source, claim, other, &theirs, failure);
    free(text);
    return rc;
}

static int check_domain(struct store_client *store, store_tx_t tx, const char *source,
                        const struct claim *claim, unsigned domid, const struct device_address *own,
                        struct failure *failure)
{
    unsigned *numbers;
    size_t nr;
    int rc = device_numbers(store, tx, domid, DEVICE_DISK, &numbers, &nr);

    for (size_t i = 0; rc == 0 && i < nr; i++) {
        struct device_address other = { DEVICE_DISK, domid, numbers[i] };
        if (!own || own->domid != domid || own->id != numbers[i])
            rc = check_one(store, tx, source, claim, &other, failure);
    }
    free(numbers);
    return rc;
}

int claim_check_domains(struct store_client *store, store_tx_t tx, const char *source,
                        const struct claim *claim, const struct device_address *own,
                        struct failure *failure)
{
    char **names;
    size_t nr;
    int rc = store_list(store, tx, "/lamina/domain", &names, &nr);

    if (rc)
        return rc == -ENOENT ? 0 : rc;
    for (size_t i = 0; rc == 0 && i < nr; i++) {
        unsigned domid;
        if (sscanf(names[i], "%u", &domid) == 1)
            rc = check_domain(store, tx, source, claim, domid, own, failure);
    }
    free(names);
    return rc;
}
