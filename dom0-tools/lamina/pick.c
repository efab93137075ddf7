/* SPDX-License-Identifier: MIT */
/*
 * Pick: all domains are read at once; the words then choose among them, so a domain that vanishes
 * meanwhile is told as any other that is not there.
 */
#include "lamina/pick.h"

#include <errno.h>
#include <stdlib.h>

static int add_all(struct pick *pick)
{
    for (size_t i = 0; i < pick->nr_all; i++)
        pick->picked[pick->nr++] = &pick->all[i];
    return LAMINA_OK;
}

static const struct domain_entry *find_entry(const struct pick *pick, unsigned domid)
{
    for (size_t i = 0; i < pick->nr_all; i++) {
        if (pick->all[i].info.domain == domid)
            return &pick->all[i];
    }
    return NULL;
}

static int add_word(struct session *session, const char *word, struct pick *pick)
{
    const struct domain_entry *entry;
    unsigned domid;

    if (domain_find(session->store, word, &domid, &session->failure) != 0)
        return session_fail(session);
    entry = find_entry(pick, domid);
    if (!entry) {
        failure_set(&session->failure, FAILURE_OPERATION, 0, "domain '%s' is gone", word);
        return session_fail(session);
    }
    pick->picked[pick->nr++] = entry;
    return LAMINA_OK;
}

int pick_domains(struct session *session, char **words, struct pick *pick)
{
    size_t nr_words = 0;
    int status = LAMINA_OK;

    *pick = (struct pick){ .nr = 0 };
    if (domains_list(session->store, &pick->all, &pick->nr_all, &session->failure) != 0)
        return session_fail(session);
    while (words[nr_words])
        nr_words++;
    pick->picked = calloc(nr_words + pick->nr_all + 1, sizeof(*pick->picked));
    if (!pick->picked) {
        failure_set(&session->failure, FAILURE_OPERATION, -ENOMEM, "cannot list domains");
        status = session_fail(session);
    } else if (nr_words == 0) {
        status = add_all(pick);
    }
    for (size_t i = 0; status == LAMINA_OK && i < nr_words; i++)
        status = add_word(session, words[i], pick);
    if (status != LAMINA_OK)
        pick_free(pick);
    return status;
}

void pick_free(struct pick *pick)
{
    free(pick->picked);
    domains_free(pick->all, pick->nr_all);
    *pick = (struct pick){ .nr = 0 };
}
