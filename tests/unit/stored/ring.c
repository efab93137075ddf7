/* SPDX-License-Identifier: MIT */
/*
 * Tests of the shared ring: a domain that behaves, with messages longer than the ring and indices
 * that wrap, and one that writes anything anywhere.
 */
#include "rig.h"

#include <stdint.h>

#include "stored/ring.h"

static struct xenstore_domain_interface page;

static void begin(uint32_t at)
{
    page = (struct xenstore_domain_interface){ 0 };
    page.req_cons = page.req_prod = page.rsp_cons = page.rsp_prod = at;
    ring_begin(guest, &page);
}

static void turn(void)
{
    for (int i = 0; i < 8 && ring_receive(store, guest, &page, 4); i++)
        ;
    (void)ring_publish(store, guest, &page);
    ck_assert(store_is_sane(store));
}

/* Plays the domain: puts all bytes of a message, turning whenever the ring is full. */
static void put(const void *data, size_t size)
{
    const char *bytes = data;

    for (size_t i = 0; i < size; i++) {
        if (page.req_prod - page.req_cons == XENSTORE_RING_SIZE)
            turn();
        ck_assert_uint_lt(page.req_prod - page.req_cons, XENSTORE_RING_SIZE);
        page.req[MASK_XENSTORE_IDX(page.req_prod)] = bytes[i];
        page.req_prod++;
    }
}

static void get(void *data, size_t size)
{
    char *bytes = data;

    for (size_t i = 0; i < size; i++) {
        if (page.rsp_prod == page.rsp_cons)
            turn();
        ck_assert_uint_ne(page.rsp_prod, page.rsp_cons);
        bytes[i] = page.rsp[MASK_XENSTORE_IDX(page.rsp_cons)];
        page.rsp_cons++;
    }
}

static void put_request(uint32_t type, const char *data, size_t size)
{
    struct xsd_sockmsg header = { type, 1, 0, (uint32_t)size };

    put(&header, sizeof(header));
    put(data, size);
}

START_TEST(good_domain)
{
    static const uint32_t starts[] = { 0, 1000, UINT32_MAX - 20 };
    char value[2055], back[4096];
    struct xsd_sockmsg header;

    memset(value, 'v', sizeof(value));
    memcpy(value, "data/x", 7);
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        begin(starts[i]);
        ck_assert_uint_eq(page.server_features, 3);
        for (int round = 0; round < 20; round++) {
            put_request(XS_WRITE, value, sizeof(value));
            put_request(XS_READ, ARGS("data/x"));
            get(&header, sizeof(header));
            ck_assert_uint_eq(header.type, XS_WRITE);
            get(back, header.len);
            get(&header, sizeof(header));
            ck_assert_uint_eq(header.type, XS_READ);
            ck_assert_uint_eq(header.len, 2048);
            get(back, header.len);
            ck_assert_int_eq(memcmp(back, value + 7, 2048), 0);
        }
        turn();
        ck_assert_uint_eq(page.req_cons, page.req_prod);
        ck_assert_uint_eq(page.error, XENSTORE_ERROR_NONE);
    }
}
END_TEST

START_TEST(bad_request_index)
{
    static const uint32_t off[] = { 1025, 2048, 0x80000000, UINT32_MAX };

    for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++) {
        connection_reconnect(store, guest);
        begin(500);
        page.req_prod = page.req_cons + off[i];
        turn();
        ck_assert(guest->is_broken);
        ck_assert_uint_eq(page.error, XENSTORE_ERROR_RINGIDX);
        ck_assert_uint_eq(page.req_cons, 500);
        page.req_prod = 516;
        turn();
        ck_assert_uint_eq(page.req_cons, 500);
    }
}
END_TEST

START_TEST(bad_response_index)
{
    begin(0);
    put_request(XS_READ, ARGS("data"));
    page.rsp_cons = 1;
    turn();
    ck_assert(guest->is_broken);
    ck_assert_uint_eq(page.error, XENSTORE_ERROR_RINGIDX);
    ck_assert_uint_eq(page.rsp_prod, 0);
}
END_TEST

START_TEST(bad_length)
{
    static const uint32_t lengths[] = { 4097,       65536,      0x7fffffff,
                                        0x80000000, UINT32_MAX, UINT32_MAX - 15 };

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct xsd_sockmsg header = { XS_READ, 1, 0, lengths[i] };
        connection_reconnect(store, guest);
        begin(0);
        put(&header, sizeof(header));
        turn();
        ck_assert(guest->is_broken);
        ck_assert_uint_eq(page.error, XENSTORE_ERROR_PROTO);
    }
}
END_TEST

/* The domain moves our own indices: they are only shown there, never used. */
START_TEST(indices_of_ours)
{
    begin(0);
    put_request(XS_READ, ARGS("data"));
    page.req_cons = 0x12345678;
    page.rsp_prod = 0x9abcdef0;
    turn();
    ck_assert(!guest->is_broken);
    ck_assert_uint_eq(page.req_cons, page.req_prod);
    ck_assert_uint_eq(page.rsp_prod, 16);
}
END_TEST

START_TEST(reconnect)
{
    ck_assert_int_eq(ask(guest, XS_WATCH, 0, ARGS("data\0t")), 0);
    begin(0);
    page.req_prod = 5000;
    turn();
    ck_assert(guest->is_broken);
    page.connection = XENSTORE_RECONNECT;
    turn();
    ck_assert(!guest->is_broken);
    ck_assert_uint_eq(guest->nr_watches, 0);
    ck_assert_uint_eq(page.connection, XENSTORE_CONNECTED);
    ck_assert_uint_eq(page.req_prod, 0);
    ck_assert_uint_eq(page.error, XENSTORE_ERROR_NONE);
    put_request(XS_READ, ARGS("data"));
    turn();
    ck_assert_uint_eq(page.rsp_prod, 16);
}
END_TEST

/* A domain that never takes its answers is not read from, and costs little. */
START_TEST(silent_domain)
{
    char value[2055];

    memset(value, 'v', sizeof(value));
    memcpy(value, "data/x", 7);
    begin(0);
    put_request(XS_WRITE, value, sizeof(value));
    turn();
    for (int i = 0; i < 10000 && page.req_prod - page.req_cons < XENSTORE_RING_SIZE - 32; i++) {
        put_request(XS_READ, ARGS("data/x"));
        turn();
    }
    ck_assert_uint_ge(page.req_prod - page.req_cons, XENSTORE_RING_SIZE - 32);
    ck_assert_int_eq(ask(dom0, XS_MKDIR, 0, ARGS("/local/domain/5/data/y")), 0);
    ck_assert_uint_le(guest->out.size, limits_default.outstanding + 4096);
    ck_assert_uint_le(guest->out.room, 4 * limits_default.outstanding);
}
END_TEST

START_TEST(flood_of_events)
{
    ck_assert_int_eq(ask(guest, XS_WATCH, 0, ARGS("data\0t")), 0);
    for (int i = 0; i < 5000; i++)
        ck_assert_int_eq(ask(dom0, XS_WRITE, 0, ARGS("/local/domain/5/data/y\0v")), 0);
    ck_assert_uint_le(guest->out.size, limits_default.outstanding + 4096);
}
END_TEST

/* Bytes and indices at random; whatever happens, the store stays as it has to be. */
START_TEST(noise)
{
    uint32_t state = 12345;

    for (int round = 0; round < 20000; round++) {
        uint8_t *bytes = (uint8_t *)&page;
        if (guest->is_broken)
            page.connection = XENSTORE_RECONNECT;
        for (int i = 0; i < 8; i++) {
            state = state * 1664525 + 1013904223;
            size_t at = (state >> 8) % sizeof(page);
            bytes[at] = (uint8_t)(state >> 3);
        }
        page.req_prod = page.req_cons + (state >> 16) % 1030;
        page.rsp_cons = page.rsp_prod - (state >> 20) % 1030;
        (void)ring_receive(store, guest, &page, 4);
        (void)ring_publish(store, guest, &page);
    }
    ck_assert(store_is_sane(store));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = { good_domain,   bad_request_index, bad_response_index,
                                   bad_length,    indices_of_ours,   reconnect,
                                   silent_domain, flood_of_events,   noise };

    return run_tests("ring", tests, sizeof(tests) / sizeof(tests[0]));
}
