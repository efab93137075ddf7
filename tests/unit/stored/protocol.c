/* SPDX-License-Identifier: MIT */
/*
 * Tests of each operation of the protocol: its answer, each error it may give, who may ask, and
 * who hears of it.
 */
#include "rig.h"

#include <stdio.h>

START_TEST(read_write)
{
    ck_assert_int_eq(ask(dom0, XS_READ, 0, ARGS("/a")), ENOENT);
    ck_assert_int_eq(ask(dom0, XS_WRITE, 0, RAW("/a/b\0va\0lue")), 0);
    ck_assert_str_eq(reply_data, "OK");
    ck_assert_int_eq(ask(dom0, XS_READ, 0, ARGS("/a/b")), 0);
    ck_assert_uint_eq(reply.len, 6);
    ck_assert_int_eq(memcmp(reply_data, "va\0lue", 6), 0);
    ck_assert_int_eq(ask(dom0, XS_READ, 0, ARGS("/a")), 0);
    ck_assert_uint_eq(reply.len, 0);
    ck_assert_int_eq(ask(dom0, XS_WRITE, 0, RAW("/a/b\0")), 0);
    ck_assert_int_eq(ask(dom0, XS_READ, 0, ARGS("/a/b")), 0);
    ck_assert_uint_eq(reply.len, 0);
    ck_assert_int_eq(ask(dom0, XS_READ, 0, RAW("/a")), EINVAL);
    ck_assert_int_eq(ask(dom0, XS_READ, 0, ARGS("/a\0b")), EINVAL);
    ck_assert_int_eq(ask(dom0, XS_READ, 0, "", 0), EINVAL);
    ck_assert_int_eq(ask(dom0, XS_WRITE, 0, RAW("/a")), EINVAL);
    ck_assert_int_eq(ask(dom0, XS_READ, 9, ARGS("/a")), ENOENT);
}
END_TEST

START_TEST(paths)
{
    static const char *const bad[] = {
        "",     "//", "/a/", "/a//b", "/a b", "/\xff",           "/a\n", "@a", "a/", "a//b", "/a.b",
        "/a:b", "@",  "/@/", "../a",  "a//",  "/local/domain/5/"
    };
    static const char *const good[] = { "/a",
                                        "a",
                                        "a/b",
                                        "/a-b_c@D/0",
                                        "/local/domain/x",
                                        "/local/domain/00005/x",
                                        "/local/domain/999999/x" };
    char text[PATH_ROOM + 8];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_int_eq(ask(dom0, XS_WRITE, 0, bad[i], strlen(bad[i]) + 1), EINVAL);
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        ck_assert_int_eq(ask(dom0, XS_WRITE, 0, good[i], strlen(good[i]) + 1), 0);
    ck_assert_int_eq(ask(dom0, XS_READ, 0, ARGS("/local/domain/0/a/b")), 0);
    memset(text, 'x', sizeof(text));
    text[0] = '/';
    for (size_t length = 3071; length <= 3073; length++) {
        text[length] = '\0';
        ck_assert_int_eq(ask(dom0, XS_MKDIR, 0, text, length + 1), length > 3072 ? EINVAL : 0);
        text[length] = 'x';
    }
    /* A guest's quota counts from its home. */
    memcpy(text, "data/", 5);
    for (size_t length = 1023; length <= 1025; length++) {
        text[length] = '\0';
        ck_assert_int_eq(ask(guest, XS_WRITE, 0, text, length + 1), length > 1024 ? EINVAL : 0);
        text[length] = 'x';
    }
    memcpy(text, "/local/domain/00005/", 20);
    text[1025] = '\0';
    ck_assert_int_eq(ask(guest, XS_READ, 0, text, 1026), EACCES);
    text[1025] = 'x';
    text[1045] = '\0';
    ck_assert_int_eq(ask(guest, XS_READ, 0, text, 1046), EINVAL);
}
END_TEST

START_TEST(directory)
{
    ck_assert_int_eq(ask(dom0, XS_DIRECTORY, 0, ARGS("/n")), ENOENT);
    ck_assert_int_eq(ask(dom0, XS_MKDIR, 0, ARGS("/n/b")), 0);
    ck_assert_int_eq(ask(dom0, XS_MKDIR, 0, ARGS("/n/b")), 0);
    ck_assert_int_eq(ask(dom0, XS_MKDIR, 0, ARGS("/n/a")), 0);
    ck_assert_int_eq(ask(dom0, XS_MKDIR, 0, ARGS("/n/ab")), 0);
    ck_assert_int_eq(ask(dom0, XS_DIRECTORY, 0, ARGS("/n")), 0);
    ck_assert_uint_eq(reply.len, 7);
    ck_assert_int_eq(memcmp(reply_data, "a\0ab\0b", 7), 0);
    ck_assert_int_eq(ask(dom0, XS_DIRECTORY, 0, ARGS("/n/a")), 0);
    ck_assert_uint_eq(reply.len, 0);
}
END_TEST

/* A list that is too long for one answer is had in parts, and a change shows between them. */
START_TEST(directory_part)
{
    char text[64], first[24];
    size_t offset = 0, nr = 0;
    bool is_over = false;

    for (int i = 0; i < 1000; i++) {
        int n = snprintf(text, sizeof(text), "/n/child-%04d", i);
        ck_assert_int_eq(ask(dom0, XS_MKDIR, 0, text, (size_t)n + 1), 0);
    }
    ck_assert_int_eq(ask(dom0, XS_DIRECTORY, 0, ARGS("/n")), E2BIG);
    for (int part = 0; part < 10 && !is_over; part++) {
        int n = snprintf(text, sizeof(text), "/n%c%zu", 0, offset);
        ck_assert_int_eq(ask(dom0, XS_DIRECTORY_PART, 0, text, (size_t)n + 1), 0);
        size_t at = strlen(reply_data) + 1;
        if (offset == 0)
            strcpy(first, reply_data);
        ck_assert_str_eq(first, reply_data);
        for (; at < reply.len && reply_data[at]; at += strlen(reply_data + at) + 1) {
            snprintf(text, sizeof(text), "child-%04zu", nr++);
            ck_assert_str_eq(reply_data + at, text);
            offset += strlen(text) + 1;
        }
        is_over = at < reply.len;
    }
    ck_assert(is_over);
    ck_assert_uint_eq(nr, 1000);
    ck_assert_int_eq(ask(dom0, XS_RM, 0, ARGS("/n/child-0000")), 0);
    ck_assert_int_eq(ask(dom0, XS_DIRECTORY_PART, 0,
                         ARGS("/n\0"
                              "0")),
                     0);
    ck_assert_str_ne(first, reply_data);
    ck_assert_int_eq(ask(dom0, XS_DIRECTORY_PART, 0, ARGS("/n\0x")), EINVAL);
    ck_assert_int_eq(ask(dom0, XS_DIRECTORY_PART, 0, ARGS("/n")), EINVAL);
    ck_assert_int_eq(ask(dom0, XS_DIRECTORY_PART, 0,
                         ARGS("/m\0"
                              "0")),
                     ENOENT);
    ck_assert_int_eq(ask(dom0, XS_DIRECTORY_PART, 0,
                         ARGS("/n\0"
                              "99999999")),
                     0);
}
END_TEST

START_TEST(removing)
{
    ck_assert_int_eq(ask(dom0, XS_WRITE, 0, ARGS("/a/b/c\0x")), 0);
    ck_assert_int_eq(ask(dom0, XS_RM, 0, ARGS("/a/x")), 0);
    ck_assert_int_eq(ask(dom0, XS_RM, 0, ARGS("/x/y")), ENOENT);
    ck_assert_int_eq(ask(dom0, XS_RM, 0, ARGS("/")), EINVAL);
    ck_assert_int_eq(ask(guest, XS_RM, 0, ARGS("/a/b")), EACCES);
    ck_assert_int_eq(ask(guest, XS_RM, 0, ARGS("/a/x")), EACCES);
    ck_assert_int_eq(ask(dom0, XS_RM, 0, ARGS("/a/b")), 0);
    ck_assert_int_eq(ask(dom0, XS_READ, 0, ARGS("/a/b/c")), ENOENT);
    ck_assert_int_eq(ask(dom0, XS_READ, 0, ARGS("/a")), 0);
}
END_TEST

START_TEST(permissions)
{
    ck_assert_int_eq(ask(dom0, XS_WRITE, 0, ARGS("/p/q\0x")), 0);
    ck_assert_int_eq(ask(dom0, XS_GET_PERMS, 0, ARGS("/p/q")), 0);
    ck_assert_int_eq(memcmp(reply_data, "n0", 3), 0);
    ck_assert_int_eq(ask(guest, XS_READ, 0, ARGS("/p/q")), EACCES);
    ck_assert_int_eq(ask(guest, XS_READ, 0, ARGS("/p/none")), EACCES);
    ck_assert_int_eq(ask(guest, XS_DIRECTORY, 0, ARGS("/")), EACCES);
    ck_assert_int_eq(ask(guest, XS_WRITE, 0, ARGS("/x\0x")), EACCES);
    ck_assert_int_eq(ask(guest, XS_MKDIR, 0, ARGS("/p/r")), EACCES);
    ck_assert_int_eq(ask(guest, XS_GET_PERMS, 0, ARGS("/p/q")), EACCES);
    ck_assert_int_eq(ask(guest, XS_SET_PERMS, 0, ARGS("/p/q\0b5")), EACCES);
    ck_assert_int_eq(ask(dom0, XS_SET_PERMS, 0, ARGS("/p/q\0n0\0r5")), 0);
    ck_assert_int_eq(ask(guest, XS_READ, 0, ARGS("/p/q")), 0);
    ck_assert_int_eq(ask(guest, XS_READ, 0, ARGS("/p/q/none")), ENOENT);
    ck_assert_int_eq(ask(guest, XS_WRITE, 0, ARGS("/p/q\0x")), EACCES);
    ck_assert_int_eq(ask(guest, XS_WRITE, 0, ARGS("/p/q/r\0x")), EACCES);
    ck_assert_int_eq(ask(dom0, XS_SET_PERMS, 0, ARGS("/p/q\0n0\0w5")), 0);
    ck_assert_int_eq(ask(guest, XS_READ, 0, ARGS("/p/q")), EACCES);
    ck_assert_int_eq(ask(guest, XS_WRITE, 0, ARGS("/p/q\0x")), 0);
    ck_assert_int_eq(ask(guest, XS_SET_PERMS, 0, ARGS("/p/q\0b5")), EACCES);
    ck_assert_int_eq(ask(dom0, XS_SET_PERMS, 0, ARGS("/p/q\0b0")), 0);
    ck_assert_int_eq(ask(guest, XS_READ, 0, ARGS("/p/q")), 0);
    ck_assert_int_eq(ask(dom0, XS_SET_PERMS, 0, ARGS("/p/q\0b0\0n5")), 0);
    ck_assert_int_eq(ask(guest, XS_READ, 0, ARGS("/p/q")), EACCES);
}
END_TEST

START_TEST(ownership)
{
    /* The guest owns what it makes, wherever it may; others inherit what they could do above. */
    ck_assert_int_eq(ask(dom0, XS_SET_PERMS, 0, ARGS("/local/domain/5/data\0n0\0b5\0r6")), 0);
    ck_assert_int_eq(ask(guest, XS_WRITE, 0, ARGS("data/x/y\0v")), 0);
    ck_assert_int_eq(ask(guest, XS_GET_PERMS, 0, ARGS("data/x")), 0);
    ck_assert_uint_eq(reply.len, 9);
    ck_assert_int_eq(memcmp(reply_data, "n5\0b5\0r6", 9), 0);
    ck_assert_int_eq(ask(guest, XS_SET_PERMS, 0, ARGS("data/x\0n0")), EPERM);
    ck_assert_int_eq(ask(guest, XS_SET_PERMS, 0, ARGS("data/x\0r5\0b7")), 0);
    static const char *const bad[] = { "x5", "n", "", "r-1", "r5x", "r123456", "r32752", "R5" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char text[32] = "data/x";
        strcpy(text + 7, bad[i]);
        ck_assert_int_eq(ask(guest, XS_SET_PERMS, 0, text, 8 + strlen(bad[i])), EINVAL);
    }
    ck_assert_int_eq(ask(guest, XS_SET_PERMS, 0, RAW("data/x\0r5")), EINVAL);
    ck_assert_int_eq(ask(guest, XS_SET_PERMS, 0, ARGS("data/x")), EINVAL);
    ck_assert_int_eq(ask(guest, XS_SET_PERMS, 0, ARGS("data/n\0n5")), EACCES);
    ck_assert_int_eq(ask(guest, XS_SET_PERMS, 0, ARGS("data/x/n\0n5")), ENOENT);
    ck_assert_int_eq(ask(guest, XS_SET_PERMS, 0, ARGS("data/x\0n5\0r1\0r2\0r3\0r4\0r6")), ENOSPC);
}
END_TEST

START_TEST(watching)
{
    ck_assert_int_eq(ask(dom0, XS_WATCH, 0, ARGS("/w\0tok")), 0);
    expect_event(dom0, "/w", "tok");
    expect_silence(dom0);
    ck_assert_int_eq(ask(dom0, XS_WATCH, 0, ARGS("/w\0tok")), EEXIST);
    ck_assert_int_eq(ask(dom0, XS_WATCH, 0, ARGS("/w")), EINVAL);
    ck_assert_int_eq(ask(dom0, XS_WATCH, 0, RAW("/w\0tok")), EINVAL);
    ck_assert_int_eq(ask(dom0, XS_WATCH, 0, ARGS("/w/\0tok")), EINVAL);
    ck_assert_int_eq(ask(dom0, XS_WATCH, 0, ARGS("@other\0tok")), EINVAL);
    send_request(dom0, XS_WRITE, 0, ARGS("/w/x/y\0v"));
    expect_event(dom0, "/w/x/y", "tok");
    ck_assert(take(dom0));
    ck_assert_uint_eq(reply.type, XS_WRITE);
    expect_silence(dom0);
    send_request(dom0, XS_WRITE, 0, ARGS("/wx\0v"));
    ck_assert(take(dom0));
    ck_assert_uint_eq(reply.type, XS_WRITE);
    expect_silence(dom0);
    ck_assert_int_eq(ask(dom0, XS_UNWATCH, 0, ARGS("/w\0other")), ENOENT);
    ck_assert_int_eq(ask(dom0, XS_UNWATCH, 0, ARGS("/w")), EINVAL);
    ck_assert_int_eq(ask(dom0, XS_UNWATCH, 0, ARGS("/w\0tok")), 0);
    ck_assert_int_eq(ask(dom0, XS_WRITE, 0, ARGS("/w\0v")), 0);
    expect_silence(dom0);
}
END_TEST

START_TEST(watching_removal)
{
    ck_assert_int_eq(ask(dom0, XS_WRITE, 0, ARGS("/local/domain/5/data/b/c\0v")), 0);
    ck_assert_int_eq(ask(guest, XS_WATCH, 0, ARGS("data/b/c\0below")), 0);
    ck_assert_int_eq(ask(guest, XS_WATCH, 0, ARGS("data\0above")), 0);
    ck_assert_int_eq(ask(guest, XS_WATCH, 0, ARGS("data/b/c/d\0none")), 0);
    forget_output();
    ck_assert_int_eq(ask(dom0, XS_RM, 0, ARGS("/local/domain/5/data/b")), 0);
    expect_event(guest, "data/b", "above");
    expect_event(guest, "data/b/c", "below");
    expect_silence(guest);
}
END_TEST

START_TEST(watching_depth)
{
    ck_assert_int_eq(ask(dom0, XS_WATCH, 0,
                         ARGS("/d\0t\0"
                              "1")),
                     0);
    ck_assert_int_eq(ask(dom0, XS_WATCH, 0, ARGS("/d\0u\0x")), EINVAL);
    ck_assert_int_eq(ask(dom0, XS_WATCH, 0, ARGS("/d\0u\0-1")), EINVAL);
    ck_assert_int_eq(ask(dom0, XS_WATCH, 0,
                         ARGS("/d\0u\0"
                              "1\0"
                              "1")),
                     EINVAL);
    ck_assert_int_eq(ask(dom0, XS_WATCH, 0,
                         ARGS("/\0root\0"
                              "0")),
                     0);
    forget_output();
    send_request(dom0, XS_WRITE, 0, ARGS("/d/a/b\0v"));
    ck_assert(take(dom0));
    ck_assert_uint_eq(reply.type, XS_WRITE);
    expect_silence(dom0);
    send_request(dom0, XS_WRITE, 0, ARGS("/d/a\0v"));
    expect_event(dom0, "/d/a", "t");
}
END_TEST

/* Who may read neither a node nor its parent does not hear of it. */
START_TEST(watching_permission)
{
    ck_assert_int_eq(ask(guest, XS_WATCH, 0, ARGS("/\0all")), 0);
    forget_output();
    ck_assert_int_eq(ask(dom0, XS_WRITE, 0, ARGS("/secret/x\0v")), 0);
    ck_assert_int_eq(ask(dom0, XS_RM, 0, ARGS("/secret")), 0);
    expect_silence(guest);
    ck_assert_int_eq(ask(dom0, XS_WRITE, 0, ARGS("/local/domain/5/data\0v")), 0);
    expect_event(guest, "/local/domain/5/data", "all");
    ck_assert_int_eq(ask(dom0, XS_SET_PERMS, 0, ARGS("/local/domain/5/data\0n0")), 0);
    expect_event(guest, "/local/domain/5/data", "all");
    expect_silence(guest);
}
END_TEST

START_TEST(special_watches)
{
    ck_assert_int_eq(ask(dom0, XS_WATCH, 0, ARGS("@introduceDomain\0i")), 0);
    ck_assert_int_eq(ask(dom0, XS_WATCH, 0, ARGS("@releaseDomain\0r")), 0);
    ck_assert_int_eq(ask(guest, XS_WATCH, 0, ARGS("@introduceDomain\0i")), 0);
    ck_assert_int_eq(ask(guest, XS_GET_PERMS, 0, ARGS("@introduceDomain")), EACCES);
    ck_assert_int_eq(ask(guest, XS_SET_PERMS, 0, ARGS("@introduceDomain\0r5")), EACCES);
    ck_assert_int_eq(ask(guest, XS_READ, 0, ARGS("@introduceDomain")), EINVAL);
    forget_output();
    send_request(dom0, XS_INTRODUCE, 0,
                 ARGS("6\0"
                      "1\0"
                      "1"));
    expect_event(dom0, "@introduceDomain", "i");
    expect_silence(guest);
    ck_assert_int_eq(ask(dom0, XS_GET_PERMS, 0, ARGS("@introduceDomain")), 0);
    ck_assert_str_eq(reply_data, "n0");
    ck_assert_int_eq(ask(dom0, XS_SET_PERMS, 0, ARGS("@introduceDomain\0n0\0r5")), 0);
    ck_assert_int_eq(ask(dom0, XS_INTRODUCE, 0,
                         ARGS("7\0"
                              "1\0"
                              "1")),
                     0);
    expect_event(guest, "@introduceDomain", "i");
    forget_output();
    send_request(dom0, XS_RELEASE, 0, ARGS("7"));
    expect_event(dom0, "@releaseDomain", "r");
}
END_TEST

START_TEST(domains)
{
    ck_assert_int_eq(ask(dom0, XS_GET_DOMAIN_PATH, 0, ARGS("12")), 0);
    ck_assert_str_eq(reply_data, "/local/domain/12");
    ck_assert_int_eq(ask(dom0, XS_GET_DOMAIN_PATH, 0, ARGS("x")), EINVAL);
    ck_assert_int_eq(ask(dom0, XS_IS_DOMAIN_INTRODUCED, 0, ARGS("5")), 0);
    ck_assert_str_eq(reply_data, "T");
    ck_assert_int_eq(ask(dom0, XS_IS_DOMAIN_INTRODUCED, 0, ARGS("9")), 0);
    ck_assert_str_eq(reply_data, "F");
    static const uint32_t privileged[] = { XS_INTRODUCE, XS_RELEASE, XS_RESUME, XS_SET_TARGET,
                                           XS_CONTROL };
    for (size_t i = 0; i < sizeof(privileged) / sizeof(privileged[0]); i++)
        ck_assert_int_eq(ask(guest, privileged[i], 0,
                             ARGS("5\0"
                                  "1\0"
                                  "1")),
                         EACCES);
    ck_assert_int_eq(ask(dom0, XS_INTRODUCE, 0,
                         ARGS("9\0"
                              "1")),
                     EINVAL);
    ck_assert_int_eq(ask(dom0, XS_INTRODUCE, 0,
                         ARGS("9\0"
                              "1\0"
                              "0")),
                     EINVAL);
    ck_assert_int_eq(ask(dom0, XS_INTRODUCE, 0,
                         ARGS("40000\0"
                              "1\0"
                              "1")),
                     EINVAL);
    ck_assert_int_eq(ask(dom0, XS_INTRODUCE, 0,
                         ARGS("5\0"
                              "100\0"
                              "9")),
                     0);
    ck_assert_uint_eq(domain_find(store, 5)->port, 9);
    ck_assert_int_eq(ask(dom0, XS_RELEASE, 0, ARGS("9")), ENOENT);
    ck_assert_int_eq(ask(dom0, XS_RELEASE, 0, ARGS("0")), EINVAL);
    ck_assert_int_eq(ask(dom0, XS_RESUME, 0, ARGS("5")), EINVAL);
    ck_assert_int_eq(ask(dom0, XS_RESUME, 0, ARGS("9")), ENOENT);
    domain_set_stopped(store, domain_find(store, 5), true);
    ck_assert_int_eq(ask(dom0, XS_RESUME, 0, ARGS("5")), 0);
    ck_assert_int_eq(ask(dom0, XS_SET_TARGET, 0,
                         ARGS("5\0"
                              "6")),
                     ENOENT);
    ck_assert_int_eq(ask(dom0, XS_SET_TARGET, 0,
                         ARGS("0\0"
                              "5")),
                     EINVAL);
    ck_assert_int_eq(ask(dom0, XS_CONTROL, 0, ARGS("check")), 0);
    ck_assert_int_eq(ask(dom0, XS_CONTROL, 0, ARGS("quota")), 0);
    ck_assert_int_eq(ask(dom0, XS_CONTROL, 0, ARGS("help")), 0);
    ck_assert_int_eq(ask(dom0, XS_CONTROL, 0, ARGS("other")), EINVAL);
    ck_assert_int_eq(ask(dom0, 20, 0, ARGS("")), ENOSYS);
    ck_assert_int_eq(ask(dom0, XS_WATCH_EVENT, 0, ARGS("")), ENOSYS);
    ck_assert_int_eq(ask(dom0, XS_TYPE_COUNT, 0, ARGS("")), ENOSYS);
    ck_assert_int_eq(ask(dom0, UINT32_MAX, 0, ARGS("")), ENOSYS);
}
END_TEST

START_TEST(target)
{
    ck_assert_int_eq(ask(dom0, XS_INTRODUCE, 0,
                         ARGS("6\0"
                              "1\0"
                              "1")),
                     0);
    struct connection *model = domain_find(store, 6)->connection;
    ck_assert_int_eq(ask(model, XS_READ, 0, ARGS("/local/domain/5/data")), EACCES);
    ck_assert_int_eq(ask(dom0, XS_SET_TARGET, 0,
                         ARGS("6\0"
                              "5")),
                     0);
    ck_assert_int_eq(ask(model, XS_READ, 0, ARGS("/local/domain/5/data")), 0);
    ck_assert_int_eq(ask(dom0, XS_RELEASE, 0, ARGS("5")), 0);
    ck_assert_uint_eq(model->target, DOMID_NONE);
}
END_TEST

/* Nothing of a domain is left for the next one with its id. */
START_TEST(release)
{
    ck_assert_int_eq(ask(guest, XS_WRITE, 0, ARGS("data/x\0v")), 0);
    ck_assert_int_eq(ask(dom0, XS_WRITE, 0, ARGS("/other/x\0v")), 0);
    ck_assert_int_eq(ask(dom0, XS_SET_PERMS, 0, ARGS("/other/x\0n0\0r6\0b5\0r7")), 0);
    ck_assert_int_eq(ask(dom0, XS_SET_PERMS, 0, ARGS("@releaseDomain\0n0\0r5")), 0);
    ck_assert_int_eq(ask(dom0, XS_SET_PERMS, 0, ARGS("/\0r5")), 0);
    ck_assert_int_eq(ask(dom0, XS_RELEASE, 0, ARGS("5")), 0);
    ck_assert(store_is_sane(store));
    ck_assert_uint_eq(store->nr_nodes[5], 0);
    ck_assert_int_eq(ask(dom0, XS_READ, 0, ARGS("/local/domain/5/data")), ENOENT);
    ck_assert_int_eq(ask(dom0, XS_GET_PERMS, 0, ARGS("/other/x")), 0);
    ck_assert_int_eq(memcmp(reply_data, "n0\0r6\0r7", 9), 0);
    ck_assert_int_eq(ask(dom0, XS_GET_PERMS, 0, ARGS("@releaseDomain")), 0);
    ck_assert_uint_eq(reply.len, 3);
    ck_assert_int_eq(ask(dom0, XS_GET_PERMS, 0, ARGS("/")), 0);
    ck_assert_str_eq(reply_data, "n0");
}
END_TEST

START_TEST(read_only)
{
    static const uint32_t changes[] = { XS_WRITE,     XS_MKDIR,      XS_RM,
                                        XS_SET_PERMS, XS_INTRODUCE,  XS_RELEASE,
                                        XS_RESUME,    XS_SET_TARGET, XS_CONTROL };
    struct connection *reader = connection_new(store, 0, false);

    reader->is_read_only = true;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
        ck_assert_int_eq(ask(reader, changes[i], 0, ARGS("/a")), EROFS);
    ck_assert_int_eq(ask(reader, XS_READ, 0, ARGS("/")), 0);
    ck_assert_int_eq(ask(reader, XS_WATCH, 0, ARGS("/\0t")), 0);
}
END_TEST

START_TEST(reset)
{
    ck_assert_int_eq(ask(guest, XS_WATCH, 0, ARGS("data\0t")), 0);
    uint32_t tx = start_transaction(guest);
    ck_assert_int_eq(ask(guest, XS_RESET_WATCHES, tx, ARGS("")), 0);
    ck_assert_int_eq(ask(guest, XS_READ, tx, ARGS("data")), ENOENT);
    ck_assert_int_eq(ask(guest, XS_UNWATCH, 0, ARGS("data\0t")), ENOENT);
}
END_TEST

START_TEST(quotas)
{
    char text[4096];

    memset(text, 'v', sizeof(text));
    memcpy(text, "data/x", 7);
    ck_assert_int_eq(ask(guest, XS_WRITE, 0, text, 7 + 2048), 0);
    ck_assert_int_eq(ask(guest, XS_WRITE, 0, text, 7 + 2049), ENOSPC);
    ck_assert_int_eq(ask(dom0, XS_WRITE, 0, text, 4096), 0);
    for (unsigned i = 0; i < limits_default.watches; i++) {
        int n = snprintf(text, sizeof(text), "data%c%u", 0, i);
        ck_assert_int_eq(ask(guest, XS_WATCH, 0, text, (size_t)n + 1), 0);
    }
    ck_assert_int_eq(ask(guest, XS_WATCH, 0, ARGS("data\0more")), E2BIG);
    memset(text, 't', sizeof(text));
    memcpy(text, "/w", 3);
    text[3 + 1022] = '\0';
    ck_assert_int_eq(ask(dom0, XS_WATCH, 0, text, 3 + 1023), 0);
    text[3 + 1022] = 't';
    text[3 + 1023] = '\0';
    ck_assert_int_eq(ask(dom0, XS_WATCH, 0, text, 3 + 1024), E2BIG);
    unsigned have = store->nr_nodes[5];
    for (unsigned i = have; i < limits_default.nodes; i++) {
        int n = snprintf(text, sizeof(text), "data/n%u", i);
        ck_assert_int_eq(ask(guest, XS_MKDIR, 0, text, (size_t)n + 1), 0);
    }
    ck_assert_int_eq(ask(guest, XS_MKDIR, 0, ARGS("data/more")), ENOSPC);
    ck_assert_int_eq(ask(guest, XS_WRITE, 0, ARGS("data/more\0v")), ENOSPC);
    ck_assert_int_eq(ask(guest, XS_WRITE, 0, ARGS("data\0v")), 0);
    ck_assert_int_eq(ask(guest, XS_RM, 0, ARGS("data/n500")), 0);
    ck_assert_int_eq(ask(guest, XS_MKDIR, 0, ARGS("data/a/b")), ENOSPC);
    ck_assert_int_eq(ask(guest, XS_MKDIR, 0, ARGS("data/more")), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        read_write,          paths,           directory, directory_part,   removing,
        permissions,         ownership,       watching,  watching_removal, watching_depth,
        watching_permission, special_watches, domains,   target,           release,
        read_only,           reset,           quotas
    };

    return run_tests("protocol", tests, sizeof(tests) / sizeof(tests[0]));
}
