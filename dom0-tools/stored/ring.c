/* SPDX-License-Identifier: MIT */
/*
 * Ring: copies between the shared page and a connection.
 */
#include "stored/ring.h"

#include <string.h>

#include "stored/request.h"

#define FEATURES (XENSTORE_SERVER_FEATURE_RECONNECTION | XENSTORE_SERVER_FEATURE_ERROR)

static void break_ring(struct store *store, struct connection *conn, ring_page *page,
                       uint32_t error)
{
    connection_break(store, conn);
    page->error = error;
}

static void copy_in(uint8_t *to, ring_page *page, uint32_t index, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++)
        to[i] = (uint8_t)page->req[MASK_XENSTORE_IDX(index + i)];
}

static void copy_out(ring_page *page, uint32_t index, const uint8_t *from, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++)
        page->rsp[MASK_XENSTORE_IDX(index + i)] = (char)from[i];
}

void ring_begin(struct connection *conn, ring_page *page)
{
    conn->in_pos = page->req_cons;
    conn->out_pos = page->rsp_prod;
    page->server_features = FEATURES;
}

void ring_resume(struct store *store, struct connection *conn, ring_page *page)
{
    /* What the process before us had shown to the domain is no longer to be given. */
    uint32_t given = page->rsp_prod - conn->out_pos;

    page->server_features = FEATURES;
    if (given > conn->out.size) {
        break_ring(store, conn, page, XENSTORE_ERROR_RINGIDX);
        return;
    }
    buffer_consume(&conn->out, given);
    conn->out_pos += given;
}

/* Takes what is there of the message that is being collected. True: it is whole. */
static bool collect(struct store *store, struct connection *conn, ring_page *page)
{
    uint8_t block[XENSTORE_RING_SIZE];
    int missing;

    while ((missing = request_missing(conn)) > 0) {
        uint32_t there = page->req_prod - conn->in_pos;
        if (there > XENSTORE_RING_SIZE) {
            break_ring(store, conn, page, XENSTORE_ERROR_RINGIDX);
            return false;
        }
        if (there == 0)
            return false;
        uint32_t size = there < (uint32_t)missing ? there : (uint32_t)missing;
        /* The bytes belong to the index that was just read; not before it. */
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        copy_in(block, page, conn->in_pos, size);
        connection_input(store, conn, block, size);
    }
    if (missing < 0)
        break_ring(store, conn, page, XENSTORE_ERROR_PROTO);
    return missing == 0;
}

bool ring_receive(struct store *store, struct connection *conn, ring_page *page, unsigned budget)
{
    if (page->connection == XENSTORE_RECONNECT) {
        connection_reconnect(store, conn);
        conn->is_restarting = true;
        return false;
    }
    while (!conn->is_broken && conn->out.size <= store->limits.outstanding) {
        if (budget-- == 0)
            return true;
        if (!collect(store, conn, page))
            return false;
        request_process(store, conn);
    }
    return false;
}

/* The answer to a wish for a new start: an empty ring. The domain does nothing meanwhile. */
static bool finish_reconnect(ring_page *page)
{
    page->req_cons = page->req_prod = 0;
    page->rsp_cons = page->rsp_prod = 0;
    page->error = XENSTORE_ERROR_NONE;
    __atomic_thread_fence(__ATOMIC_RELEASE);
    page->connection = XENSTORE_CONNECTED;
    return true;
}

static bool give(struct store *store, struct connection *conn, ring_page *page)
{
    uint32_t waiting = conn->out_pos - page->rsp_cons;

    if (waiting > XENSTORE_RING_SIZE) {
        break_ring(store, conn, page, XENSTORE_ERROR_RINGIDX);
        return true;
    }
    uint32_t size = XENSTORE_RING_SIZE - waiting;
    if (size > conn->out.size)
        size = (uint32_t)conn->out.size;
    if (size == 0)
        return false;
    /* The domain has read what is overwritten now, and must see the bytes before the index. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    copy_out(page, conn->out_pos, conn->out.data, size);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    buffer_consume(&conn->out, size);
    conn->out_pos += size;
    page->rsp_prod = conn->out_pos;
    return true;
}

bool ring_publish(struct store *store, struct connection *conn, ring_page *page)
{
    bool notify = false;

    if (conn->is_restarting) {
        conn->is_restarting = false;
        return finish_reconnect(page);
    }
    if (conn->is_broken)
        return false;
    if (page->req_cons != conn->in_pos) {
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        page->req_cons = conn->in_pos;
        notify = true;
    }
    return give(store, conn, page) || notify;
}
