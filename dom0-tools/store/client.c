/* SPDX-License-Identifier: MIT */
/*
 * Store client: its making and end, transactions, and the introduction of domains.
 */
#include "store/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "store/link.h"

/* Debian's clients look there too. */
static const char *socket_path(void)
{
    const char *path = getenv("XENSTORED_PATH");

    return path && path[0] ? path : STORE_SOCKET;
}

int store_open(struct store_client **result, int wait_ms)
{
    struct store_client *client = calloc(1, sizeof(*client));

    *result = NULL;
    if (!client)
        return -ENOMEM;
    client->wait_ms = wait_ms;
    client->socket_path = strdup(socket_path());
    int rc = link_open(client);
    if (rc == 0 && !client->socket_path)
        rc = -ENOMEM;
    if (rc == 0 && strlen(client->socket_path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
        rc = -ENAMETOOLONG;
    if (rc == 0)
        rc = link_restore(client);
    if (rc) {
        store_close(client);
        return rc;
    }
    *result = client;
    return 0;
}

static void free_transactions(struct store_client *client)
{
    while (client->transactions) {
        struct open_transaction *open = client->transactions;
        client->transactions = open->next;
        free(open);
    }
}

void store_close(struct store_client *client)
{
    struct queued_event *queued;

    if (!client)
        return;
    while ((queued = link_take_event(client, NULL)) != NULL) {
        store_event_free(&queued->event);
        free(queued);
    }
    while (client->watches) {
        struct store_watch *watch = client->watches;
        client->watches = watch->next;
        free(watch->path);
        free(watch->token);
        free(watch);
    }
    free_transactions(client);
    link_close(client);
    free(client->socket_path);
    free(client);
}

int store_fd(const struct store_client *client)
{
    return client->ready;
}

int store_begin(struct store_client *client, store_tx_t *tx)
{
    struct open_transaction *open = calloc(1, sizeof(*open));
    struct message reply;

    if (!open)
        return -ENOMEM;
    int rc = link_request(client, XS_TRANSACTION_START, 0, "", 1, &reply, NULL);
    if (rc) {
        free(open);
        return rc;
    }
    if (++client->last_transaction == 0)
        client->last_transaction = 1;
    *open = (struct open_transaction){ .next = client->transactions,
                                       .name = client->last_transaction,
                                       .id = (uint32_t)strtoul(reply.payload, NULL, 10) };
    client->transactions = open;
    *tx = open->name;
    return 0;
}

static void forget_transaction(struct store_client *client, store_tx_t tx)
{
    struct open_transaction **slot = &client->transactions;

    while (*slot && (*slot)->name != tx)
        slot = &(*slot)->next;
    struct open_transaction *open = *slot;
    if (open) {
        *slot = open->next;
        free(open);
    }
}

/* Given up and lost are the same. */
int store_end(struct store_client *client, store_tx_t tx, bool commit)
{
    if (!link_transaction(client, tx))
        return -EINVAL;
    int rc = link_request(client, XS_TRANSACTION_END, tx, commit ? "T" : "F", 2, NULL, NULL);
    forget_transaction(client, tx);
    return rc == -EAGAIN && !commit ? 0 : rc;
}

int store_introduce(struct store_client *client, unsigned domid, uint64_t mfn, unsigned port)
{
    char payload[64];
    int size = 0;

    size += snprintf(payload, sizeof(payload), "%u", domid) + 1;
    size +=
        snprintf(payload + size, sizeof(payload) - (size_t)size, "%llu", (unsigned long long)mfn) +
        1;
    size += snprintf(payload + size, sizeof(payload) - (size_t)size, "%u", port) + 1;
    return link_request(client, XS_INTRODUCE, 0, payload, (size_t)size, NULL, NULL);
}

int store_release(struct store_client *client, unsigned domid)
{
    char payload[16];
    bool is_repeated;
    int size = snprintf(payload, sizeof(payload), "%u", domid) + 1;
    int rc = link_request(client, XS_RELEASE, 0, payload, (size_t)size, NULL, &is_repeated);

    /* The try without an answer may have done it. */
    return rc == -ENOENT && is_repeated ? 0 : rc;
}
