/* SPDX-License-Identifier: MIT */
/*
 * Tests of dom0-tools/consoled/ring.c: a domain that behaves, with indices that wrap, and one that
 * writes any index at any time.
 */
#include "../suite.h"

#include "consoled/ring.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const uint32_t starts[] = { 0, 1, 1023, 2047, 2048, 0x7fffffff, UINT32_MAX - 5, UINT32_MAX };

static struct {
    uint8_t before[64];
    struct xencons_interface page;
    uint8_t after[64];
} memory;

static struct xencons_interface *const page = &memory.page;
static struct ring ring;
static uint8_t block[RING_OUT_SIZE];

static void begin(uint32_t at)
{
    memset(&memory, 0xa5, sizeof(memory));
    page->in_cons = page->in_prod = page->out_cons = page->out_prod = at;
    ring_attach(&ring, page);
}

static void say(const char *text)
{
    for (; *text; text++)
        page->out[page->out_prod++ % sizeof(page->out)] = *text;
}

static void check_outside(void)
{
    for (size_t i = 0; i < sizeof(memory.before); i++) {
        ck_assert_uint_eq(memory.before[i], 0xa5);
        ck_assert_uint_eq(memory.after[i], 0xa5);
    }
}

START_TEST(output_arrives)
{
    begin(starts[_i]);
    for (int round = 0; round < 1000; round++) {
        say("hello world");
        ck_assert_uint_eq(ring_take(&ring, block), 11);
        ck_assert_int_eq(memcmp(block, "hello world", 11), 0);
        /* Until it is safe, the domain sees it waiting. */
        ck_assert_uint_eq(page->out_prod - page->out_cons, 11);
        ring_taken(&ring);
        ck_assert_uint_eq(page->out_cons, page->out_prod);
        ck_assert_uint_eq(ring_take(&ring, block), 0);
    }
    check_outside();
}
END_TEST

START_TEST(full_ring_arrives)
{
    begin(starts[_i]);
    for (size_t i = 0; i < RING_OUT_SIZE; i++)
        say((char[]){ (char)('a' + i % 26), '\0' });
    ck_assert_uint_eq(ring_take(&ring, block), RING_OUT_SIZE);
    for (size_t i = 0; i < RING_OUT_SIZE; i++)
        ck_assert_uint_eq(block[i], 'a' + i % 26);
}
END_TEST

START_TEST(input_arrives)
{
    uint8_t data[3000];
    size_t given = 0, seen = 0;

    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 7);
    begin(starts[_i]);
    while (seen < sizeof(data)) {
        given += ring_put(&ring, data + given, sizeof(data) - given);
        ck_assert_uint_eq(page->in_prod, (uint32_t)(starts[_i] + given));
        ck_assert_uint_eq(ring_room(&ring), RING_IN_SIZE - (given - seen));
        for (int i = 0; i < 700 && seen < given; i++, seen++)
            ck_assert_uint_eq((uint8_t)page->in[page->in_cons++ % RING_IN_SIZE], data[seen]);
    }
    ck_assert_uint_eq(given, sizeof(data));
    check_outside();
}
END_TEST

/* Everything of a killed predecessor: nothing is lost, nothing comes twice. */
START_TEST(successor_goes_on)
{
    begin(starts[_i]);
    say("taken");
    ring_take(&ring, block);
    ring_taken(&ring);
    say("left");
    ring_attach(&ring, page);
    ck_assert_uint_eq(ring_take(&ring, block), 4);
    ck_assert_int_eq(memcmp(block, "left", 4), 0);
    ck_assert_uint_eq(ring_put(&ring, block, 4), 4);
    ring_attach(&ring, page);
    ck_assert_uint_eq(ring_room(&ring), RING_IN_SIZE - 4);
}
END_TEST

START_TEST(impossible_output_index_is_given_up)
{
    begin(starts[_i]);
    page->out_prod += RING_OUT_SIZE + 1;
    ck_assert_uint_eq(ring_take(&ring, block), 0);
    ring_taken(&ring);
    ck_assert_uint_eq(page->out_cons, page->out_prod);
    say("again");
    ck_assert_uint_eq(ring_take(&ring, block), 5);
    /* It started over with an empty page. */
    page->out_prod = page->out_cons = 0;
    if (starts[_i] != 0 && starts[_i] + 5 > RING_OUT_SIZE)
        ck_assert_uint_eq(ring_take(&ring, block), 0);
    check_outside();
}
END_TEST

START_TEST(impossible_input_index_is_given_up)
{
    begin(starts[_i]);
    page->in_cons = page->in_prod + 1;
    ck_assert_uint_eq(ring_room(&ring), RING_IN_SIZE);
    ck_assert_uint_eq(ring_put(&ring, block, 10), 10);
    ck_assert_uint_eq(page->in_prod, page->in_cons + 10);
    check_outside();
}
END_TEST

/* Our own indices, as the domain overwrites them, mean nothing to us. */
START_TEST(our_indices_are_ours)
{
    begin(starts[_i]);
    say("abc");
    page->out_cons += 1000;
    ck_assert_uint_eq(ring_take(&ring, block), 3);
    ring_taken(&ring);
    ck_assert_uint_eq(page->out_cons, page->out_prod);
    page->in_prod += 77;
    ck_assert_uint_eq(ring_put(&ring, block, 3), 3);
    ck_assert_uint_eq(page->in_prod, starts[_i] + 3);
}
END_TEST

START_TEST(any_index_is_harmless)
{
    uint64_t state = 88172645463325252u + (uint64_t)_i;

    begin(starts[_i]);
    for (int round = 0; round < 20000; round++) {
        uint32_t *indices[] = { &page->in_cons, &page->in_prod, &page->out_cons, &page->out_prod };
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        *indices[state % 4] = (uint32_t)(state >> 20);
        ck_assert_uint_le(ring_take(&ring, block), RING_OUT_SIZE);
        ring_taken(&ring);
        ck_assert_uint_le(ring_room(&ring), RING_IN_SIZE);
        ck_assert_uint_le(ring_put(&ring, block, state >> 40 & 2047), RING_IN_SIZE);
    }
    check_outside();
}
END_TEST

int main(void)
{
    int nr = (int)(sizeof(starts) / sizeof(starts[0]));
    Suite *suite = suite_create("ring");
    TCase *tests = tcase_create("ring");

    tcase_add_loop_test(tests, output_arrives, 0, nr);
    tcase_add_loop_test(tests, full_ring_arrives, 0, nr);
    tcase_add_loop_test(tests, input_arrives, 0, nr);
    tcase_add_loop_test(tests, successor_goes_on, 0, nr);
    tcase_add_loop_test(tests, impossible_output_index_is_given_up, 0, nr);
    tcase_add_loop_test(tests, impossible_input_index_is_given_up, 0, nr);
    tcase_add_loop_test(tests, our_indices_are_ours, 0, nr);
    tcase_add_loop_test(tests, any_index_is_harmless, 0, nr);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
