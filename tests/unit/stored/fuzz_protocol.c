/* SPDX-License-Identifier: MIT */
/*
 * Fuzzer of the protocol of lamina-stored. The input is a sequence of requests: one byte chooses
 * the client, one the operation, one the transaction, one the length, and then comes the payload.
 * Afterwards the store has to be sane, and its journal has to make the same store again.
 */
#include <stdlib.h>
#include <string.h>

#include "stored/replay.h"
#include "stored/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void request(struct store *store, struct connection *conn, const uint8_t *bytes, size_t size)
{
    struct xsd_sockmsg header = { bytes[0] % (XS_TYPE_COUNT + 1), 1, bytes[1] % 4, (uint32_t)size };

    connection_input(store, conn, &header, sizeof(header));
    connection_input(store, conn, bytes + 2, size);
    require(request_missing(conn) == 0);
    request_process(store, conn);
    require(store_is_sane(store));
}

static void expect_same(const struct store *a, const struct store *b)
{
    struct buffer x = { 0 }, y = { 0 };

    snapshot_records(a, &x);
    snapshot_records(b, &y);
    require(x.size == y.size && memcmp(x.data, y.data, x.size) == 0);
    buffer_free(&x);
    buffer_free(&y);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct store *store = store_new(), *copy = store_new();
    struct connection *dom0 = connection_new(store, 0, false);

    require(domain_introduce(store, 1, 1, 1) == 0);
    while (size >= 4) {
        const struct domain *guest = domain_find(store, 1);
        struct connection *conn = data[0] % 2 && guest ? guest->connection : dom0;
        size_t length = data[3] < size - 4 ? data[3] : size - 4;
        uint8_t bytes[2 + 255];
        memcpy(bytes, data + 1, 2);
        memcpy(bytes + 2, data + 4, length);
        request(store, conn, bytes, length);
        data += 4 + length;
        size -= 4 + length;
    }
    require(replay_records(copy, store->journal.data, store->journal.size));
    expect_same(store, copy);
    store_free(store);
    store_free(copy);
    return 0;
}
