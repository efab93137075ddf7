/* SPDX-License-Identifier: MIT */
/*
 * Operations on nodes: reading and changing them, their listing and their permissions.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stored/request.h"

int op_read(struct request *q)
{
    const struct node *node;
    int rc = view_find(&q->view, q->path, ACCESS_READ, false, &node);

    if (rc == 0)
        buffer_append(&q->reply, node->value, node->value_size);
    return rc;
}

int op_directory(struct request *q)
{
    const struct node *node;
    int rc = view_find(&q->view, q->path, ACCESS_READ, true, &node);

    /* A list too long for an answer is refused by the caller: no need to make all of it. */
    for (size_t i = 0; rc == 0 && i < node->nr_children; i++) {
        buffer_append_string(&q->reply, node->children[i]->name);
        if (q->reply.size > XENSTORE_PAYLOAD_MAX)
            break;
    }
    return rc;
}

/*
 * The list from a byte offset on, as much of whole names as fits, behind the generation of the
 * list. An empty name marks the end.
 */
int op_directory_part(struct request *q)
{
    const struct node *node;
    const char *text;
    char *end, generation[24];
    size_t skipped = 0;
    int rc = request_strings(q, &text, 1, 1);

    if (rc)
        return rc;
    unsigned long offset = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0')
        return EINVAL;
    rc = view_find(&q->view, q->path, ACCESS_READ, true, &node);
    if (rc)
        return rc;
    snprintf(generation, sizeof(generation), "%llu", (unsigned long long)node->children_generation);
    buffer_append_string(&q->reply, generation);
    for (size_t i = 0; i < node->nr_children; i++) {
        size_t size = strlen(node->children[i]->name) + 1;
        if (skipped < offset) {
            skipped += size;
            continue;
        }
        /* One byte stays free for the mark of the end. */
        if (q->reply.size + size + 1 > XENSTORE_PAYLOAD_MAX)
            return 0;
        buffer_append_string(&q->reply, node->children[i]->name);
    }
    buffer_append_string(&q->reply, "");
    return 0;
}

int op_write(struct request *q)
{
    return view_write(&q->view, q->path, q->argument, q->argument_size);
}

int op_mkdir(struct request *q)
{
    return view_mkdir(&q->view, q->path);
}

int op_rm(struct request *q)
{
    return view_remove(&q->view, q->path);
}

/* Special paths have permissions that only domain 0 may see and set, outside of transactions. */
static int check_special(const struct request *q)
{
    if (q->view.conn->domid != 0)
        return EACCES;
    return q->view.tx ? EINVAL : 0;
}

int op_get_perms(struct request *q)
{
    const struct node *node;
    int special = path_special(q->path);
    int rc =
        special >= 0 ? check_special(q) : view_find(&q->view, q->path, ACCESS_READ, false, &node);

    if (rc == 0)
        perms_format(special >= 0 ? &q->view.store->special[special] : &node->perms, &q->reply);
    return rc;
}

static int set_special(struct request *q, const struct perms *perms)
{
    struct record record = record_of_path(RECORD_PERMS, q->path);
    int rc = check_special(q);

    record.b = perms->list;
    record.b_size = (uint32_t)(perms->nr * sizeof(perms->list[0]));
    if (rc == 0)
        (void)store_change(q->view.store, &record);
    return rc;
}

int op_set_perms(struct request *q)
{
    unsigned nr_max = q->view.conn->domid ? q->view.store->limits.perms : PERMS_MAX;
    struct perms perms;
    int rc = perms_parse(&perms, q->argument, q->argument_size, nr_max);

    if (rc)
        return rc;
    if (path_special(q->path) >= 0)
        return set_special(q, &perms);
    return view_set_perms(&q->view, q->path, &perms);
}
