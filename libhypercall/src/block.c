/* SPDX-License-Identifier: MIT */
/*
 * A disk over a shared ring. The slot number is the request's id; a response with an id that is
 * not on its way, or an index beyond what was asked, breaks the device instead of memory.
 */
#include "lamina/block.h"
#include "lamina/event.h"
#include "public/errno.h"

#define PAGE_SECTORS 8u
#define PAGE_BYTES   4096u

static long read_properties(struct block *block)
{
    uint64_t sector_bytes, info;
    long error = frontend_read_number(&block->frontend, "sectors", &block->nr_sectors);

    if (!error)
        error = frontend_read_number(&block->frontend, "sector-size", &sector_bytes);
    if (!error)
        error = frontend_read_number(&block->frontend, "info", &info);
    if (error)
        return error;
    if (sector_bytes < BLOCK_SECTOR || sector_bytes > PAGE_BYTES || sector_bytes % BLOCK_SECTOR)
        return -XEN_EINVAL;
    block->sector_bytes = (uint32_t)sector_bytes;
    block->is_readonly = info & VDISK_READONLY;
    return 0;
}

long block_open(struct block *block, unsigned device, void *ring_page)
{
    struct blkif_sring *shared = ring_page;
    long error = frontend_open(&block->frontend, "vbd", device);

    if (error)
        return error;
    XEN_FRONT_RING_INIT(&block->ring, shared, PAGE_BYTES);
    error = frontend_publish_ring(&block->frontend, "ring-ref", ring_page, &block->ring_ref);
    if (!error)
        error = frontend_write(&block->frontend, "protocol", "x86_64-abi");
    if (!error)
        error = frontend_connect(&block->frontend, XenbusStateInitialised);
    if (!error)
        error = read_properties(block);
    return error;
}

static long slot_take(struct block *block)
{
    for (unsigned i = 0; i < BLOCK_REQUESTS; i++)
        if (!block->slot[i].is_used) {
            block->slot[i] = (struct block_slot){ .is_used = true, .ref = GRANT_NONE };
            return i;
        }
    return -XEN_EAGAIN;
}

static void push(struct block *block)
{
    bool wants_notice;

    block->ring.req_prod_pvt++;
    RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&block->ring, wants_notice);
    if (wants_notice)
        event_send(block->frontend.port);
}

static long check(const struct block *block, bool is_write, uint64_t sector, unsigned nr)
{
    unsigned unit = block->sector_bytes / BLOCK_SECTOR;

    if (block->is_broken)
        return -XEN_EIO;
    if (is_write && block->is_readonly)
        return -XEN_EROFS;
    if (!nr || nr > PAGE_SECTORS || sector % unit || nr % unit || sector >= block->nr_sectors ||
        nr > block->nr_sectors - sector)
        return -XEN_EINVAL;
    return 0;
}

long block_start(struct block *block, bool is_write, uint64_t sector, unsigned nr, void *page)
{
    long ticket = check(block, is_write, sector, nr);
    struct blkif_request *request;

    if (!ticket)
        ticket = slot_take(block);
    if (ticket < 0)
        return ticket;
    block->slot[ticket].ref = grant_give(block->frontend.domain, page, is_write);
    if (block->slot[ticket].ref == GRANT_NONE) {
        block->slot[ticket].is_used = false;
        return -XEN_EAGAIN;
    }
    request = RING_GET_REQUEST(&block->ring, block->ring.req_prod_pvt);
    *request = (struct blkif_request){
        .operation = is_write ? BLKIF_OP_WRITE : BLKIF_OP_READ,
        .nr_segments = 1,
        .id = (uint64_t)ticket,
        .sector_number = sector,
        .seg[0] = { .gref = block->slot[ticket].ref, .last_sect = (uint8_t)(nr - 1) },
    };
    push(block);
    return ticket;
}

/* Takes what has been answered. */
static void take_responses(struct block *block)
{
    RING_IDX prod = __atomic_load_n(&block->ring.sring->rsp_prod, __ATOMIC_ACQUIRE);

    if (RING_RESPONSE_PROD_OVERFLOW(&block->ring, prod)) {
        block->is_broken = true;
        return;
    }
    for (; block->ring.rsp_cons != prod; block->ring.rsp_cons++) {
        struct blkif_response response;

        RING_COPY_RESPONSE(&block->ring, block->ring.rsp_cons, &response);
        if (response.id >= BLOCK_REQUESTS || !block->slot[response.id].is_used ||
            block->slot[response.id].is_done) {
            block->is_broken = true;
            return;
        }
        block->slot[response.id].status = response.status;
        block->slot[response.id].is_done = true;
    }
}

/* Waits until the slot is answered, and frees it; the status of the answer, or -XEN_EIO. */
static long slot_wait(struct block *block, struct block_slot *slot)
{
    int has_more;
    long error = 0;

    for (;;) {
        take_responses(block);
        if (slot->is_done || block->is_broken || error)
            break;
        RING_FINAL_CHECK_FOR_RESPONSES(&block->ring, has_more);
        if (!has_more)
            error = event_wait(block->frontend.port, 0);
    }
    if (!slot->is_done)
        return -XEN_EIO;
    /* A back end that still maps the page keeps it: it never becomes anybody else's. */
    if (slot->ref != GRANT_NONE && !grant_take_back(slot->ref)) {
        block->is_broken = true;
        return -XEN_EIO;
    }
    slot->is_used = false;
    return slot->status;
}

long block_finish(struct block *block, long ticket)
{
    if (ticket < 0 || ticket >= (long)BLOCK_REQUESTS || !block->slot[ticket].is_used)
        return -XEN_EINVAL;
    return slot_wait(block, &block->slot[ticket]) == BLKIF_RSP_OKAY ? 0 : -XEN_EIO;
}

static long transfer(struct block *block, bool is_write, uint64_t sector, unsigned nr, void *page)
{
    long ticket = block_start(block, is_write, sector, nr, page);

    return ticket < 0 ? ticket : block_finish(block, ticket);
}

long block_read(struct block *block, uint64_t sector, unsigned nr, void *page)
{
    return transfer(block, false, sector, nr, page);
}

long block_write(struct block *block, uint64_t sector, unsigned nr, void *page)
{
    return transfer(block, true, sector, nr, page);
}

long block_flush(struct block *block)
{
    long ticket = block->is_broken ? -XEN_EIO : slot_take(block);
    struct blkif_request *request;

    if (ticket < 0)
        return ticket;
    request = RING_GET_REQUEST(&block->ring, block->ring.req_prod_pvt);
    *request = (struct blkif_request){ .operation = BLKIF_OP_FLUSH_DISKCACHE,
                                       .id = (uint64_t)ticket };
    push(block);
    switch (slot_wait(block, &block->slot[ticket])) {
    case BLKIF_RSP_OKAY:
    case BLKIF_RSP_EOPNOTSUPP:
        return 0;
    default:
        return -XEN_EIO;
    }
}

long block_close(struct block *block)
{
    long error = frontend_close(&block->frontend);

    return !error && !grant_take_back(block->ring_ref) ? -XEN_EBUSY : error;
}
