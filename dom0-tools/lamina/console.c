/* SPDX-License-Identifier: MIT */
/*
 * lamina console, and the terminal of lamina create -c. Any number may be attached to one domain.
 *
 * Everything that may happen has a descriptor: what is typed, what the domain says, the socket's
 * return (inotify), the end of a domain (the store's @releaseDomain) and signals. So nothing is
 * tried again and again, and Ctrl-] works whatever is being waited for.
 */
#include "lamina/console.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "common/daemon.h"
#include "common/io.h"
#include "consoled/console.h"
#include "domain/control.h"
#include "domain/domain.h"
#include "lamina/subject.h"

#define ESCAPE     0x1d /* Ctrl-] */
#define CHUNK_SIZE 4096
#define FOLDER     "/run/lamina/console"
#define REST_MS    2000 /* within which the daemon closes what has ended */
#define TYPED_MAX  (64u << 10) /* not yet taken by the daemon; more is not read from the terminal */

enum { TERMINAL, DOMAIN, FOLDER_EVENT, ENDING, SIGNALS, NR_SOURCES };

struct console {
    struct session *session;
    unsigned domid;
    const char *name;
    struct pollfd sources[NR_SOURCES];
    struct termios before; /* valid while raw */
    bool raw;
    bool typed_end; /* standard input is at its end */
    bool gone;      /* the domain */
    bool left;      /* by Ctrl-] or a signal */
    char typed[TYPED_MAX];
    size_t nr_typed;
};

/* ---- the terminal ---- */

static void terminal_raw(struct console *console)
{
    struct termios raw;

    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &console->before) != 0)
        return;
    raw = console->before;
    cfmakeraw(&raw);
    console->raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

static void terminal_restore(struct console *console)
{
    if (console->raw)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &console->before);
    console->raw = false;
}

/* Takes what was typed, up to the key that leaves. */
static void read_terminal(struct console *console)
{
    char *end = console->typed + console->nr_typed;
    ssize_t got = read(STDIN_FILENO, end, TYPED_MAX - console->nr_typed);

    if (got <= 0) {
        console->typed_end = got == 0 || errno != EINTR;
        /* A terminal that is gone is nobody's; a file at its end still wants to see the rest. */
        console->left = got < 0 && errno != EINTR;
        return;
    }
    char *escape = console->raw ? memchr(end, ESCAPE, (size_t)got) : NULL;
    console->left = escape != NULL;
    console->nr_typed += (size_t)(escape ? escape - end : got);
}

/* ---- the domain's socket ---- */

static void connect_domain(struct console *console)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), CONSOLE_SOCKET, console->domid);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        close(fd);
        fd = -1;
    }
    console->sources[DOMAIN].fd = fd;
}

static void disconnect_domain(struct console *console)
{
    close(console->sources[DOMAIN].fd);
    console->sources[DOMAIN].fd = -1;
}

static void read_domain(struct console *console)
{
    char chunk[CHUNK_SIZE];
    ssize_t got = read(console->sources[DOMAIN].fd, chunk, sizeof(chunk));

    if (got > 0 && write_all(STDOUT_FILENO, chunk, (size_t)got) == 0)
        return;
    if (got > 0)
        console->left = true;
    else if (got == 0 || (errno != EAGAIN && errno != EINTR))
        disconnect_domain(console);
}

static void write_domain(struct console *console)
{
    ssize_t put = send(console->sources[DOMAIN].fd, console->typed, console->nr_typed,
                       MSG_NOSIGNAL);

    if (put > 0) {
        console->nr_typed -= (size_t)put;
        memmove(console->typed, console->typed + put, console->nr_typed);
    } else if (errno != EAGAIN && errno != EINTR) {
        disconnect_domain(console);
    }
}

/* ---- everything else ---- */

static void check_domain(struct console *console)
{
    struct domain_entry *list;
    struct failure ignored = { .kind = FAILURE_NONE };
    bool found = false;
    size_t nr;

    if (domains_list(NULL, &list, &nr, &ignored) != 0)
        return;
    for (size_t i = 0; i < nr; i++)
        found |= list[i].info.domain == console->domid && !(list[i].info.flags & XEN_DOMINF_dying);
    domains_free(list, nr);
    console->gone = !found;
}

static void drain_store(struct console *console)
{
    struct store_event event;

    while (store_next_event(console->session->store, &event) == 1)
        store_event_free(&event);
    console->sources[ENDING].fd = store_fd(console->session->store);
    check_domain(console);
}

static void drain_folder(struct console *console)
{
    char events[CHUNK_SIZE];

    while (read(console->sources[FOLDER_EVENT].fd, events, sizeof(events)) > 0)
        ;
    if (console->sources[DOMAIN].fd < 0)
        connect_domain(console);
}

static int open_folder(void)
{
    int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

    /* The daemon's to fill, but a watch needs something to look at. */
    if (fd >= 0 && ((mkdir(DAEMON_RUN_DIR, 0755) != 0 && errno != EEXIST) ||
                    (mkdir(FOLDER, 0755) != 0 && errno != EEXIST) ||
                    inotify_add_watch(fd, FOLDER, IN_CREATE | IN_MOVED_TO | IN_ATTRIB) < 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

static int open_signals(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int open_sources(struct console *console)
{
    for (int i = 0; i < NR_SOURCES; i++)
        console->sources[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
    console->sources[FOLDER_EVENT].fd = open_folder();
    console->sources[SIGNALS].fd = open_signals();
    if (console->sources[FOLDER_EVENT].fd < 0 || console->sources[SIGNALS].fd < 0)
        return -errno;
    int rc = store_watch(console->session->store, "@releaseDomain", "console");
    console->sources[ENDING].fd = store_fd(console->session->store);
    connect_domain(console);
    check_domain(console);
    return rc;
}

static void close_sources(struct console *console)
{
    if (console->sources[DOMAIN].fd >= 0)
        disconnect_domain(console);
    close(console->sources[FOLDER_EVENT].fd);
    close(console->sources[SIGNALS].fd);
}

static void handle(struct console *console)
{
    const struct pollfd *sources = console->sources;

    if (sources[SIGNALS].revents)
        console->left = true;
    if (sources[TERMINAL].revents)
        read_terminal(console);
    if (sources[DOMAIN].revents & (POLLIN | POLLHUP | POLLERR))
        read_domain(console);
    if (sources[DOMAIN].fd >= 0 && console->nr_typed > 0)
        write_domain(console);
    if (sources[FOLDER_EVENT].revents)
        drain_folder(console);
    if (sources[ENDING].revents)
        drain_store(console);
}

static int turn(struct console *console)
{
    struct pollfd *sources = console->sources;
    bool full = console->nr_typed == TYPED_MAX;

    sources[TERMINAL].fd = console->typed_end || full ? -1 : STDIN_FILENO;
    sources[DOMAIN].events = (short)(POLLIN | (console->nr_typed > 0 ? POLLOUT : 0));
    if (poll(sources, NR_SOURCES, -1) < 0)
        return errno == EINTR ? 0 : -errno;
    handle(console);
    return 0;
}

/* What the daemon still had for us when the domain ended: it closes behind it. */
static void show_rest(struct console *console)
{
    while (console->sources[DOMAIN].fd >= 0 && !console->left) {
        if (poll(&console->sources[DOMAIN], 1, REST_MS) <= 0)
            break;
        read_domain(console);
    }
}

static void say_end(const struct console *console)
{
    const char *line = console->raw ? "\r\n" : "\n";

    if (console->gone)
        fprintf(stderr, "%sDomain %s is gone%s", line, console->name, line);
    else
        fprintf(stderr, "%sLeft the console of %s%s", line, console->name, line);
}

int console_attach(struct session *session, unsigned domid, const char *name)
{
    struct console *console = calloc(1, sizeof(*console));
    int rc = console ? 0 : -ENOMEM;

    if (console) {
        *console = (struct console){ .session = session, .domid = domid, .name = name };
        rc = open_sources(console);
        if (rc == 0 && console->sources[DOMAIN].fd < 0 && !daemon_runs("lamina-consoled"))
            fprintf(stderr, "lamina-consoled does not run yet; waiting for it (Ctrl-] leaves)\n");
        terminal_raw(console);
        while (rc == 0 && !console->gone && !console->left)
            rc = turn(console);
        if (console->gone)
            show_rest(console);
        if (rc == 0)
            say_end(console);
        terminal_restore(console);
        close_sources(console);
    }
    free(console);
    if (rc == 0)
        return LAMINA_OK;
    failure_set(&session->failure, FAILURE_OPERATION, rc, "cannot attach to the console of %s",
                name);
    return session_fail(session);
}

static int run(const struct command *command, int argc, char **argv)
{
    struct subject subject;
    int status = subject_arguments(command, argc, argv, 1, 1);

    if (status != LAMINA_OK)
        return status == COMMAND_HELP_SHOWN ? LAMINA_OK : status;
    status = subject_open(&subject, command, argv[optind]);
    if (status != LAMINA_OK)
        return status;
    int rc = control_domain_refuse(subject.domid, "attached to: its console is the machine's",
                                   &subject.session.failure);
    if (rc != 0)
        return subject_end(&subject, rc);
    status = console_attach(&subject.session, subject.domid, subject.name);
    subject_end(&subject, 0);
    return status;
}

const struct command command_console = {
    .name = "console",
    .arguments = "DOMAIN",
    .summary = "Attach this terminal to a domain's console; Ctrl-] leaves it",
    .run = run,
};
