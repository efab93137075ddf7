/* SPDX-License-Identifier: MIT */
/*
 * Permissions: the rule that decides, and the text form of the protocol.
 */
#include "stored/perms.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_subject(uint16_t domid, const struct subject *who)
{
    return domid == who->domid || (who->target != DOMID_NONE && domid == who->target);
}

unsigned perms_access(const struct perms *perms, const struct subject *who)
{
    if (subject_is_privileged(who) || is_subject(perms->list[0].domid, who))
        return ACCESS_ALL;
    for (unsigned i = 1; i < perms->nr; i++)
        if (is_subject(perms->list[i].domid, who))
            return perms->list[i].access;
    return perms->list[0].access;
}

static int access_parse(char letter)
{
    switch (letter) {
    case 'n':
        return ACCESS_NONE;
    case 'r':
        return ACCESS_READ;
    case 'w':
        return ACCESS_WRITE;
    case 'b':
        return ACCESS_READ | ACCESS_WRITE;
    default:
        return -1;
    }
}

/* A letter and one to five digits. */
static int perm_parse(struct perm *perm, const char *text)
{
    int access = access_parse(text[0]);
    size_t digits = access < 0 ? 0 : strspn(text + 1, "0123456789");
    unsigned domid = 0;

    if (digits == 0 || digits > 5 || text[1 + digits] != '\0')
        return EINVAL;
    for (size_t i = 1; i <= digits; i++)
        domid = domid * 10 + (unsigned)(text[i] - '0');
    if (domid >= DOMID_END)
        return EINVAL;
    *perm = (struct perm){ (uint16_t)domid, (uint8_t)access };
    return 0;
}

int perms_parse(struct perms *perms, const char *strings, size_t size, unsigned nr_max)
{
    struct perms found = { 0 };

    if (size == 0 || strings[size - 1] != '\0')
        return EINVAL;
    for (const char *p = strings; p < strings + size; p += strlen(p) + 1) {
        if (found.nr == PERMS_MAX || found.nr == nr_max)
            return ENOSPC;
        if (perm_parse(&found.list[found.nr], p))
            return EINVAL;
        found.nr++;
    }
    *perms = found;
    return 0;
}

void perms_format(const struct perms *perms, struct buffer *out)
{
    static const char letters[] = "nrwb";
    char text[16];

    for (unsigned i = 0; i < perms->nr; i++) {
        snprintf(text, sizeof(text), "%c%u", letters[perms->list[i].access & 3],
                 perms->list[i].domid);
        buffer_append_string(out, text);
    }
}

bool perms_forget(struct perms *perms, uint16_t domid)
{
    unsigned kept = 1;

    for (unsigned i = 1; i < perms->nr; i++)
        if (perms->list[i].domid != domid)
            perms->list[kept++] = perms->list[i];
    bool changed = kept != perms->nr;
    perms->nr = kept;
    return changed;
}
