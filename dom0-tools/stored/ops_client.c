/* SPDX-License-Identifier: MIT */
/*
 * Operations on what a client has open: watches and transactions.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stored/request.h"
#include "stored/transaction.h"
#include "stored/watch.h"

static void greet(struct request *q)
{
    const char *strings[3];

    if (request_strings(q, strings, 2, 3) == 0)
        watch_greet(q->view.store, q->view.conn, strings[0], strings[1]);
}

/* Path, token and, when wanted, how many levels below the path count. */
int op_watch(struct request *q)
{
    const char *strings[3] = { NULL, NULL, NULL };
    int32_t depth = -1;
    int rc = request_strings(q, strings, 2, 3);

    if (rc)
        return rc;
    if (strings[2]) {
        char *end;
        unsigned long number = strtoul(strings[2], &end, 10);
        if (strings[2][0] < '0' || strings[2][0] > '9' || *end != '\0' || number > INT32_MAX)
            return EINVAL;
        depth = (int32_t)number;
    }
    q->after = greet;
    return watch_add(q->view.store, q->view.conn, strings[0], strings[1], depth);
}

int op_unwatch(struct request *q)
{
    const char *strings[2];
    int rc = request_strings(q, strings, 2, 2);

    return rc ? rc : watch_remove(q->view.store, q->view.conn, strings[0], strings[1]);
}

int op_reset_watches(struct request *q)
{
    q->view.tx = NULL;
    connection_reset(q->view.store, q->view.conn);
    return 0;
}

int op_transaction_start(struct request *q)
{
    char text[16];

    if (q->view.tx)
        return EBUSY;
    struct transaction *tx = transaction_start(q->view.store, q->view.conn);
    if (!tx)
        return ENOSPC;
    snprintf(text, sizeof(text), "%u", tx->id);
    buffer_append_string(&q->reply, text);
    return 0;
}

int op_transaction_end(struct request *q)
{
    const char *answer;
    int rc = request_strings(q, &answer, 1, 1);

    if (!q->view.tx)
        return ENOENT;
    if (rc || (strcmp(answer, "T") != 0 && strcmp(answer, "F") != 0))
        return EINVAL;
    return transaction_end(q->view.store, q->view.conn, q->view.tx, answer[0] == 'T');
}
