/* SPDX-License-Identifier: MIT */
/*
 * Tests of dom0-tools/consoled/{guest,reader,door,server}.c: whole consoles with real sockets,
 * terminals and files. The domain is a page of this program, its event channel an eventfd.
 */
#include "consoled/guest.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include "../descriptors.h"
#include "../suite.h"
#include "common/clock.h"
#include "consoled/console.h"
#include "consoled/door.h"
#include "consoled/server.h"

static char directory[] = "/tmp/lamina-guest.XXXXXX";
static char log_path[64], socket_dir[64];
static struct server server;
static struct xencons_interface page;
static bool is_pending, is_masked;
static unsigned nr_notified;

/* --- in place of channel.c --- */

int channel_open(const struct channels *channels, domid_t domain, uint64_t frame,
                 evtchn_port_t remote, struct channel *channel)
{
    (void)channels;
    (void)frame;
    if (domain >= 9000)
        return -EINVAL;
    *channel = (struct channel){ &page, true, remote };
    is_masked = false;
    return 0;
}

void channel_close(const struct channels *channels, struct channel *channel)
{
    (void)channels;
    channel->page = NULL;
}

void channel_notify(const struct channels *channels, const struct channel *channel)
{
    (void)channels;
    ck_assert_ptr_nonnull((void *)(uintptr_t)channel->page);
    nr_notified++;
}

bool channels_next(const struct channels *channels, evtchn_port_t *port)
{
    uint64_t count;

    (void)!read(channels->events, &count, sizeof(count));
    *port = 7;
    bool is_taken = is_pending && !is_masked;
    if (is_taken) {
        is_pending = false;
        is_masked = true;
    }
    return is_taken;
}

static void wake(void)
{
    ck_assert_int_eq(write(server.channels.events, &(uint64_t){ 1 }, 8), 8);
}

void channel_listen(const struct channels *channels, const struct channel *channel)
{
    (void)channels;
    (void)channel;
    is_masked = false;
    if (is_pending)
        wake();
}

/* --- the domain --- */

static void domain_send(void)
{
    is_pending = true;
    if (!is_masked)
        wake();
}

/* As much as there is room for; how much. */
static size_t domain_say(const char *text, size_t size)
{
    size_t said = 0;

    for (; said < size && page.out_prod - page.out_cons < RING_OUT_SIZE; said++)
        page.out[page.out_prod++ % RING_OUT_SIZE] = text[said];
    domain_send();
    return said;
}

static size_t domain_read(char *text, size_t size)
{
    size_t had = 0;

    for (; had < size && page.in_cons != page.in_prod; had++)
        text[had] = page.in[page.in_cons++ % RING_IN_SIZE];
    domain_send();
    return had;
}

/* --- the daemon's turns --- */

static void stop(void *context)
{
    loop_stop(context);
}

/* All that can be done without waiting for anything but a throttled domain's timer. */
static void settle(void)
{
    for (int i = 0; i < 64; i++) {
        loop_set_after(server.loop, stop, server.loop);
        loop_again(server.loop);
        ck_assert_int_eq(loop_run(server.loop), 0);
    }
}

static struct guest *new_guest(domid_t domain)
{
    struct guest_identity identity = { .domain = domain, .frame = 1, .port = 7 };
    struct guest *guest = guest_new(&server, &identity, strdup("name"));

    ck_assert_ptr_nonnull(guest);
    log_open(&guest->log, &server.limits, log_path, false);
    return guest;
}

static struct guest *begin(domid_t domain)
{
    struct guest *guest = new_guest(domain);

    ck_assert_int_eq(guest_attach(guest), 0);
    return guest;
}

static int join(domid_t domain)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s/%u", socket_dir, domain);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    settle();
    return fd;
}

/* What passes through a terminal does so in the kernel's own time. */
static void await(int fd)
{
    ck_assert_int_eq(poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, 30000), 1);
}

static void expect(int fd, const char *text)
{
    char back[256] = "";
    if (text[0])
        await(fd);
    ssize_t n = read(fd, back, sizeof(back) - 1);

    ck_assert_int_eq(n, (ssize_t)strlen(text));
    ck_assert_str_eq(back, text);
}

static void expect_log(const char *text)
{
    int fd = open(log_path, O_RDONLY);

    expect(fd, text);
    close(fd);
}

static size_t drain(int fd)
{
    char block[65536];
    size_t total = 0;
    ssize_t n;

    while ((n = read(fd, block, sizeof(block))) > 0)
        total += (size_t)n;
    return total;
}

/* --- tests --- */

START_TEST(readers_get_history_and_news)
{
    struct guest *guest = begin(3);

    domain_say("early ", 6);
    settle();
    int a = join(3), b = join(3);
    expect(a, "early ");
    expect(b, "early ");
    domain_say("late", 4);
    settle();
    expect(a, "late");
    expect(b, "late");
    expect_log("early late");
    ck_assert_uint_eq(page.out_cons, page.out_prod);
    close(a);
    settle();
    domain_say("more", 4);
    settle();
    expect(b, "more");
    ck_assert_uint_eq(guest->nr_readers, 2); /* b and the terminal */
    close(b);
}
END_TEST

START_TEST(ring_is_taken_at_the_start)
{
    domain_say("before us", 9);
    is_pending = false;
    begin(3);
    expect_log("before us");
    ck_assert_uint_gt(nr_notified, 0);
}
END_TEST

/* Killed: nothing is undone. The successor finds the ring as the domain left it. */
START_TEST(killed_daemon_loses_nothing)
{
    struct guest *dead = begin(3);

    domain_say("one ", 4);
    settle();
    domain_say("two ", 4);
    struct server before = server;
    server.guests = NULL;
    loop_remove(server.loop, &dead->listener);
    ck_assert_int_eq(door_prepare(&server), 0);
    struct guest *guest = begin(3);
    expect_log("one two ");
    int fd = join(3);
    expect(fd, "two ");
    close(fd);
    settle();
    ck_assert_ptr_eq(server.guests, guest);
    guest_free(guest);
    server.guests = before.guests;
    dead->channel.page = NULL;
}
END_TEST

START_TEST(slow_reader_harms_nobody)
{
    static char text[1000];

    begin(3);
    int slow = join(3), quick = join(3);
    size_t total = 0, said = 0;
    memset(text, 'x', sizeof(text));
    for (int i = 0; i < 1000; i++) {
        said += domain_say(text, sizeof(text));
        /* Time goes on as the throttle would have it. */
        server.guests->throttle.window_end_ns = 0;
        settle();
        total += drain(quick);
    }
    ck_assert_uint_eq(said, 1000000);
    ck_assert_uint_eq(total, said);
    /* It gets what the kernel held, and the newest history. */
    size_t had = 0, more;
    do {
        more = drain(slow);
        had += more;
        settle();
    } while (more > 0);
    ck_assert_uint_ge(had, CONSOLE_BACKLOG);
    ck_assert_uint_lt(had, said);
    close(slow);
    close(quick);
}
END_TEST

START_TEST(typing_reaches_the_domain)
{
    char text[64] = "";

    begin(3);
    int a = join(3), b = join(3);
    ck_assert_int_eq(write(a, "from a ", 7), 7);
    settle();
    ck_assert_int_eq(write(b, "from b", 6), 6);
    settle();
    ck_assert_uint_eq(domain_read(text, sizeof(text)), 13);
    ck_assert_str_eq(text, "from a from b");
    close(a);
    close(b);
}
END_TEST

/* More than the ring holds, by someone who has already left. */
START_TEST(typing_is_not_lost)
{
    static char sent[20000], got[20000];
    size_t total = 0, had;

    begin(3);
    for (size_t i = 0; i < sizeof(sent); i++)
        sent[i] = (char)(i * 11 >> 2);
    int fd = join(3);
    ck_assert_int_eq(write(fd, sent, sizeof(sent)), sizeof(sent));
    close(fd);
    settle();
    ck_assert_uint_eq(page.in_prod - page.in_cons, RING_IN_SIZE);
    do {
        had = domain_read(got + total, sizeof(got) - total);
        total += had;
        settle();
    } while (had > 0 && total < sizeof(got));
    ck_assert_uint_eq(total, sizeof(sent));
    ck_assert_int_eq(memcmp(sent, got, sizeof(sent)), 0);
    settle();
    ck_assert_uint_eq(server.guests->nr_readers, 1);
}
END_TEST

static unsigned nr_turns;

static void count_turn(void *context)
{
    (void)context;
    nr_turns++;
}

static void stop_by_alarm(struct loop_source *source, uint32_t events)
{
    (void)source;
    (void)events;
    loop_stop(server.loop);
}

/* Full ring, hung reader: nothing is ready, so until the alarm there is no turn. */
START_TEST(waiting_costs_no_turns)
{
    static const struct itimerspec in_50_ms = { .it_value = { 0, 50000000 } };
    static char sent[5000];

    begin(3);
    int fd = join(3);
    ck_assert_int_eq(write(fd, sent, sizeof(sent)), sizeof(sent));
    close(fd);
    settle();
    domain_say("nobody reads the terminal", 25);
    settle();
    struct loop_source alarm = { timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC), stop_by_alarm };
    ck_assert_int_eq(timerfd_settime(alarm.fd, 0, &in_50_ms, NULL), 0);
    ck_assert_int_eq(loop_add(server.loop, &alarm, EPOLLIN), 0);
    nr_turns = 0;
    loop_set_after(server.loop, count_turn, NULL);
    ck_assert_int_eq(loop_run(server.loop), 0);
    ck_assert_uint_eq(nr_turns, 1);
    loop_remove(server.loop, &alarm);
    close(alarm.fd);
}
END_TEST

START_TEST(half_closed_reader_still_hears)
{
    char text[8] = "";

    begin(3);
    int fd = join(3);
    ck_assert_int_eq(write(fd, "cmd", 3), 3);
    shutdown(fd, SHUT_WR);
    settle();
    ck_assert_uint_eq(domain_read(text, sizeof(text)), 3);
    domain_say("answer", 6);
    settle();
    expect(fd, "answer");
    close(fd);
}
END_TEST

static void stop_when_heard(void *context)
{
    (void)context;
    if (page.out_cons == page.out_prod)
        loop_stop(server.loop);
}

/*
 * Each event is one byte; the domain goes on when its time has come, without further events. The
 * window is kept open meanwhile: on a busy machine it would end before the flood does.
 */
START_TEST(flood_is_throttled)
{
    struct guest *guest = begin(3);
    unsigned served = 0;

    for (; served < 100000 && !guest->is_throttled; served++) {
        guest->throttle.window_end_ns = clock_now_ns() + 3000000000u;
        domain_say("x", 1);
        settle();
    }
    ck_assert_uint_le(served, THROTTLE_EVENTS_MAX + 1);
    ck_assert(is_masked);
    while (domain_say("flood", 5) == 5)
        ;
    settle();
    ck_assert_uint_eq(page.out_prod - page.out_cons, RING_OUT_SIZE);
    ck_assert(server.has_timer_set);
    loop_set_after(server.loop, stop_when_heard, NULL);
    ck_assert_int_eq(loop_run(server.loop), 0);
    settle();
    ck_assert(!is_masked && !guest->is_throttled && !server.has_timer_set);
    ck_assert_uint_eq(guest->log.size, guest->history.end);
    ck_assert_uint_eq(guest->log.size, page.out_cons);
}
END_TEST

START_TEST(terminal_is_raw)
{
    struct guest *guest = begin(3);
    char text[8] = "";

    ck_assert_str_ne(guest->tty, "");
    int fd = open(guest->tty, O_RDWR | O_NOCTTY | O_NONBLOCK);
    ck_assert_int_ge(fd, 0);
    domain_say("login:\n", 7);
    settle();
    expect(fd, "login:\n");
    ck_assert_int_eq(write(fd, "\003u\r", 3), 3);
    await(guest->readers->source.fd);
    settle();
    ck_assert_uint_eq(domain_read(text, sizeof(text)), 3);
    ck_assert_int_eq(memcmp(text, "\003u\r", 3), 0);
    /* Not echoed, and still there after everybody has left. */
    ck_assert_int_eq(read(fd, text, sizeof(text)), -1);
    close(fd);
    settle();
    domain_say("again", 5);
    settle();
    fd = open(guest->tty, O_RDWR | O_NOCTTY | O_NONBLOCK);
    expect(fd, "again");
    close(fd);
}
END_TEST

START_TEST(last_words_are_heard)
{
    char path[160];

    begin(3);
    int fd = join(3);
    domain_say("panic", 5);
    guest_free(server.guests);
    expect(fd, "panic");
    ck_assert_int_eq(read(fd, path, sizeof(path)), 0);
    close(fd);
    expect_log("panic");
    snprintf(path, sizeof(path), "%s/3", socket_dir);
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(readers_are_bounded)
{
    int fds[GUEST_READERS_MAX + 4];

    begin(3);
    domain_say("hello", 5);
    settle();
    for (unsigned i = 0; i < GUEST_READERS_MAX + 4; i++)
        fds[i] = join(3);
    ck_assert_uint_eq(server.guests->nr_readers, GUEST_READERS_MAX);
    expect(fds[0], "hello");
    expect(fds[GUEST_READERS_MAX + 3], "");
    for (unsigned i = 0; i < GUEST_READERS_MAX + 4; i++)
        close(fds[i]);
    settle();
    ck_assert_uint_eq(server.guests->nr_readers, 1);
}
END_TEST

/* Hundreds of domains come and go, some refused, some with readers: nothing stays. */
START_TEST(nothing_stays)
{
    unsigned before = nr_descriptors();

    for (domid_t i = 1; i <= 300; i++) {
        struct guest *guest = begin(i);
        int fd = join(i);
        domain_say("words", 5);
        settle();
        expect(fd, "words");
        if (i % 3 == 0)
            close(fd);
        guest_free(guest);
        if (i % 3 != 0)
            close(fd);
        guest = new_guest((domid_t)(9000 + i));
        ck_assert_int_eq(guest_attach(guest), -EINVAL);
        guest_free(guest);
    }
    ck_assert_uint_eq(nr_descriptors(), before);
}
END_TEST

static void set_up(void)
{
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(log_path, sizeof(log_path), "%s/log", directory);
    snprintf(socket_dir, sizeof(socket_dir), "%s/run/sockets", directory);
    server = (struct server){ .socket_dir = socket_dir, .limits = { 1 << 24, 1 } };
    server.loop = loop_new();
    server.channels.events = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    ck_assert_int_eq(door_prepare(&server), 0);
    ck_assert_int_eq(server_open(&server), 0);
}

static void tear_down(void)
{
    server_close(&server);
    close(server.channels.events);
    loop_free(server.loop);
    unlink(log_path);
    ck_assert_int_eq(rmdir(socket_dir), 0);
    *strrchr(socket_dir, '/') = '\0';
    ck_assert_int_eq(rmdir(socket_dir), 0);
    ck_assert_int_eq(rmdir(directory), 0);
}

int main(void)
{
    Suite *suite = suite_create("guest");
    TCase *tests = tcase_create("guest");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, readers_get_history_and_news);
    tcase_add_test(tests, ring_is_taken_at_the_start);
    tcase_add_test(tests, killed_daemon_loses_nothing);
    tcase_add_test(tests, slow_reader_harms_nobody);
    tcase_add_test(tests, typing_reaches_the_domain);
    tcase_add_test(tests, typing_is_not_lost);
    tcase_add_test(tests, waiting_costs_no_turns);
    tcase_add_test(tests, half_closed_reader_still_hears);
    tcase_add_test(tests, flood_is_throttled);
    tcase_add_test(tests, terminal_is_raw);
    tcase_add_test(tests, last_words_are_heard);
    tcase_add_test(tests, readers_are_bounded);
    tcase_add_test(tests, nothing_stays);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
