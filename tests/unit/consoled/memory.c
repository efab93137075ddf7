/* SPDX-License-Identifier: MIT */
/*
 * lamina-consoled when memory runs out: each allocation fails in turn while domains are met,
 * renamed and lost, with real sockets, terminals and files, and the store of the domain library's
 * fakes. A domain is served wholly or left for a review that the daemon has set itself a time for;
 * what it said is in a log, once, whatever failed; nothing that a predecessor wrote is cut.
 */
#include "../memory.h"
#include "../suite.h"

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../descriptors.h"
#include "../domain/fakes.h"
#include "../files.h"
#include "common/daemon.h"
#include "consoled/console.h"
#include "consoled/discover.h"
#include "consoled/door.h"
#include "consoled/guest.h"
#include "consoled/server.h"

#define DOMID   3u
#define LOGS    DAEMON_RUN_DIR "/log"
#define SOCKETS DAEMON_RUN_DIR "/sockets"

static struct server server;
static struct xencons_interface page;

/* In place of daemon.c: what is said of each failure would fill screens. */
void daemon_log(int level, const char *format, ...)
{
    (void)level;
    (void)format;
}

/* ---- in place of channel.c ---- */

int channel_open(const struct channels *channels, domid_t domain, uint64_t frame,
                 evtchn_port_t remote, struct channel *channel)
{
    (void)channels;
    (void)domain;
    (void)frame;
    if (memory_fails())
        return -ENOMEM;
    *channel = (struct channel){ &page, true, remote };
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
    (void)channel;
}

bool channels_next(const struct channels *channels, evtchn_port_t *port)
{
    (void)channels;
    (void)port;
    return false;
}

void channel_listen(const struct channels *channels, const struct channel *channel)
{
    (void)channels;
    (void)channel;
}

int channel_domain_lives(domid_t domain, uint8_t handle[16])
{
    memset(handle, 0, 16);
    return memory_fails() ? -ENOMEM : fake_domain(domain)->used;
}

/* ---- the domain and what is known of it ---- */

static void say(const char *text)
{
    for (; *text; text++)
        page.out[page.out_prod++ % RING_OUT_SIZE] = *text;
}

static void set_node(const char *leaf, const char *value)
{
    char path[96];

    snprintf(path, sizeof(path), "/local/domain/%u/%s", DOMID, leaf);
    fake_node_set(path, value);
}

static const char *file(const char *path)
{
    static char text[256];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

    text[n > 0 ? n : 0] = '\0';
    if (fd >= 0)
        close(fd);
    return fd < 0 ? "(none)" : text;
}

static void make_domain(void)
{
    fake_domain(DOMID)->used = true;
    fake_node_set("/local/domain/3", "");
    set_node("name", "hello");
    set_node("console/ring-ref", "77");
    set_node("console/port", "7");
    set_node("console/tty", "");
    say("words ");
}

/* It has chosen a log that begins anew, in which a predecessor of ours has begun. */
static void be_known(void)
{
    char mark[64], xml[4096 + 512], *logs;
    struct stat st;

    make_domain();
    ck_assert_int_eq(mkdir(LOGS, 0700), 0);
    write_text(LOGS "/own", "old early ");
    ck_assert_int_eq(stat(LOGS "/own", &st), 0);
    snprintf(mark, sizeof(mark), "77 %ju 4", (uintmax_t)st.st_ino);
    fake_node_set("/lamina/console/3", mark);
    fake_node_set("/lamina/domain/3/config", DAEMON_RUN_DIR "/domain-3.xml");
    logs = realpath(LOGS, NULL);
    snprintf(xml, sizeof(xml),
             "<domain type='xen'><name>hello</name><memory>65536</memory>"
             "<os><type>xen</type><kernel>/kernel</kernel></os><devices><console type='pty'>"
             "<log file='%s/own' append='off'/></console></devices></domain>",
             logs);
    free(logs);
    write_text(DAEMON_RUN_DIR "/domain-3.xml", xml);
}

static void review(void)
{
    server.retry.again(server.retry.context);
}

static void be_served(void)
{
    make_domain();
    review();
}

static void be_renamed(void)
{
    be_served();
    set_node("name", "bye");
    say("more ");
    guest_event(server.guests);
}

static void be_lost(void)
{
    be_served();
    fake_domain(DOMID)->used = false;
}

/* ---- how it must be in the end ---- */

static bool is_served(void)
{
    const struct guest *guest = guest_find(&server, DOMID);

    return guest && !guest->next && guest->channel.page && guest->listener.fd >= 0 &&
           guest->tty[0] && access(SOCKETS "/3", F_OK) == 0 &&
           strcmp(fake_node("/local/domain/3/console/tty"), guest->tty) == 0 &&
           page.out_cons == page.out_prod;
}

static bool history_is(const char *text)
{
    const struct history *history = &server.guests->history;

    return history->end == strlen(text) && memcmp(history->data, text, strlen(text)) == 0;
}

static bool is_met(void)
{
    return is_served() && strcmp(file(LOGS "/hello.log"), "words ") == 0 && history_is("words ") &&
           fake_node("/lamina/console/3");
}

static bool goes_on(void)
{
    return is_served() && strcmp(file(LOGS "/own"), "old early words ") == 0 &&
           history_is("early words ");
}

static bool has_moved(void)
{
    return is_served() && strcmp(file(LOGS "/hello.log"), "words more ") == 0 &&
           strcmp(file(LOGS "/bye.log"), "") == 0;
}

static bool is_forgotten(void)
{
    return !server.guests && access(SOCKETS "/3", F_OK) != 0 && !fake_node("/lamina/console/3") &&
           strcmp(file(LOGS "/hello.log"), "words ") == 0;
}

static const struct life {
    const char *name;
    void (*prepare)(void);
    bool (*is_right)(void);
} lives[] = {
    { "new", make_domain, is_met },
    { "known to a predecessor", be_known, goes_on },
    { "renamed", be_renamed, has_moved },
    { "lost", be_lost, is_forgotten },
};

static void begin(void)
{
    fakes_reset();
    page = (struct xencons_interface){ .out_prod = 0 };
    server = (struct server){ .log_dir = LOGS, .socket_dir = SOCKETS, .limits = { 1 << 20, 1 } };
    server.loop = loop_new();
    server.channels.events = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    ck_assert_int_eq(door_prepare(&server), 0);
    ck_assert_int_eq(server_open(&server), 0);
    ck_assert_int_eq(discover_start(&server), 0);
}

static void end(void)
{
    server_close(&server);
    discover_stop(&server);
    close(server.channels.events);
    loop_free(server.loop);
}

START_TEST(each_allocation)
{
    const struct life *life = &lives[_i];
    unsigned before = nr_descriptors(), at = 0, nr_again = 0;
    bool failed = true;

    for (; failed; at++) {
        begin();
        life->prepare();
        memory_fail(at);
        review();
        failed = memory_failed() || at == 0;
        bool is_right = life->is_right();
        ck_assert_msg(is_right || (at > 0 && failed && server.retry.is_set),
                      "%s: allocation %u: nothing is left to be done", life->name, at);
        nr_again += !is_right;
        review();
        ck_assert_msg(life->is_right(), "%s: after allocation %u", life->name, at);
        end();
        ck_assert_uint_eq(nr_descriptors(), before);
    }
    ck_assert_uint_gt(nr_again, 0);
}
END_TEST

/* Who comes to the socket while memory is short is turned away, and may come again. */
START_TEST(readers)
{
    begin();
    make_domain();
    review();
    for (unsigned at = 0, failed = 1; failed; at++) {
        struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = SOCKETS "/3" };
        unsigned before = nr_descriptors();
        char text[16] = "";
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        memory_fail(at);
        server.guests->listener.ready(&server.guests->listener, EPOLLIN);
        failed = memory_failed() || at == 0;
        ssize_t n = read(fd, text, sizeof(text));
        ck_assert(n == 6 || (failed && at > 0 && n == 0));
        close(fd);
        if (n == 6)
            reader_free(server.guests->readers);
        ck_assert_uint_eq(nr_descriptors(), before);
    }
    end();
}
END_TEST

static void set_up(void)
{
    fakes_reset();
    (void)store_fd(NULL); /* one for all, not to be counted */
}

int main(void)
{
    Suite *suite = suite_create("memory");
    TCase *tests = tcase_create("memory");

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_loop_test(tests, each_allocation, 0, sizeof(lives) / sizeof(lives[0]));
    tcase_add_test(tests, readers);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
