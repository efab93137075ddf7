/* SPDX-License-Identifier: MIT */
/*
 * Operations on domains, and the few commands for whoever runs the daemon.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stored/request.h"

#define DOMID_SELF 0x7ff0u

static int parse_number(const char *text, uint64_t max, uint64_t *number)
{
    char *end;

    if (text[0] < '0' || text[0] > '9')
        return EINVAL;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (*end != '\0' || errno || value > max)
        return EINVAL;
    *number = value;
    return 0;
}

/* Takes exactly `nr` numbers, the first of them a domain id. */
static int parse_numbers(const struct request *q, uint64_t numbers[], size_t nr)
{
    const char *strings[3];
    int rc = request_strings(q, strings, nr, nr);

    for (size_t i = 0; rc == 0 && i < nr; i++)
        rc = parse_number(strings[i], i == 0 ? 0xffff : UINT64_MAX, &numbers[i]);
    return rc;
}

/* Takes one domain id, of an introduced domain that is not domain 0. */
static int parse_guest(const struct request *q, struct domain **domain)
{
    uint64_t domid;
    int rc = parse_numbers(q, &domid, 1);

    if (rc || domid == 0)
        return EINVAL;
    *domain = domain_find(q->view.store, (uint16_t)domid);
    return *domain ? 0 : ENOENT;
}

int op_introduce(struct request *q)
{
    uint64_t numbers[3];
    int rc = parse_numbers(q, numbers, 3);

    if (rc || numbers[2] > UINT32_MAX)
        return EINVAL;
    return domain_introduce(q->view.store, (uint16_t)numbers[0], numbers[1], (uint32_t)numbers[2]);
}

int op_release(struct request *q)
{
    struct domain *domain;
    int rc = parse_guest(q, &domain);

    if (rc == 0)
        domain_release(q->view.store, domain);
    return rc;
}

int op_resume(struct request *q)
{
    struct domain *domain;
    int rc = parse_guest(q, &domain);

    if (rc == 0 && !domain->is_stopped)
        return EINVAL;
    if (rc == 0)
        domain_set_stopped(q->view.store, domain, false);
    return rc;
}

int op_set_target(struct request *q)
{
    uint64_t numbers[2];
    int rc = parse_numbers(q, numbers, 2);

    if (rc || numbers[0] == 0 || numbers[1] >= DOMID_END)
        return EINVAL;
    struct domain *domain = domain_find(q->view.store, (uint16_t)numbers[0]);
    if (!domain || !domain_find(q->view.store, (uint16_t)numbers[1]))
        return ENOENT;
    domain_set_target(q->view.store, domain, (uint16_t)numbers[1]);
    return 0;
}

int op_get_domain_path(struct request *q)
{
    char path[PATH_ROOM];
    uint64_t domid;
    int rc = parse_numbers(q, &domid, 1);

    if (rc)
        return rc;
    path_home(domid == DOMID_SELF ? q->view.conn->domid : (uint16_t)domid, path);
    buffer_append_string(&q->reply, path);
    return 0;
}

/* Domain 0 always is: its clients speak over sockets too. */
int op_is_domain_introduced(struct request *q)
{
    uint64_t domid;
    int rc = parse_numbers(q, &domid, 1);

    if (rc)
        return rc;
    bool is_introduced =
        domid == 0 || domid == DOMID_SELF || domain_find(q->view.store, (uint16_t)domid);
    buffer_append_string(&q->reply, is_introduced ? "T" : "F");
    return 0;
}

static void print_quota(struct request *q)
{
    const struct limits *l = &q->view.store->limits;
    char text[256];

    snprintf(text, sizeof(text),
             "nodes %u\nvalue-size %u\npath-length %u\nperms %u\nwatches %u\ntransactions %u\n"
             "outstanding %u\n",
             l->nodes, l->value_size, l->path_length, l->perms, l->watches, l->transactions,
             l->outstanding);
    buffer_append_string(&q->reply, text);
}

int op_control(struct request *q)
{
    const char *command;
    int rc = request_strings(q, &command, 1, 1);

    if (rc)
        return rc;
    if (strcmp(command, "help") == 0)
        buffer_append_string(&q->reply, "check\nhelp\nquota\n");
    else if (strcmp(command, "check") == 0)
        return store_is_sane(q->view.store) ? 0 : EIO;
    else if (strcmp(command, "quota") == 0)
        print_quota(q);
    else
        return EINVAL;
    return 0;
}
