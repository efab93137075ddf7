/* SPDX-License-Identifier: MIT */
/*
 * lamina-stored: the store that domains and their tools share, spoken to by the xenstore protocol.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stored/server.h"

enum { EXIT_OK = 0, EXIT_START = 1, EXIT_USAGE = 2 };

static const char program[] = "lamina-stored";

struct settings {
    const char *socket;
    const char *socket_read_only;
    const char *state;
    bool has_domains;
    bool in_background;
};

static void print_usage(FILE *stream)
{
    fprintf(stream,
            "Usage: %s [OPTION]...\n"
            "Serves the store that domains and their tools share.\n"
            "\n"
            "  -s, --socket PATH           listen here (/run/xenstored/socket)\n"
            "  -r, --read-only-socket PATH and here for those who may only look\n"
            "                              (/run/xenstored/socket_ro)\n"
            "  -d, --state DIRECTORY       keep the journal here (/run/lamina-stored)\n"
            "  -n, --no-domains            serve sockets only; needs no hypervisor\n"
            "  -f, --foreground            do not go into the background once ready\n"
            "  -h, --help                  this text\n"
            "      --version               the version\n",
            program);
}

/* Says why the daemon cannot start; 0 stays 0. */
static int failed(int rc, const char *what)
{
    if (rc < 0)
        fprintf(stderr, "%s: %s: %s\n", program, what, strerror(-rc));
    return rc;
}

/* Makes the directory that the socket lies in. */
static void make_parent(const char *path)
{
    char *copy = must_strdup(path);
    char *slash = strrchr(copy, '/');

    if (slash && slash != copy) {
        *slash = '\0';
        (void)mkdir(copy, 0755);
    }
    free(copy);
}

static void signal_ready(struct server *server, struct source *source, uint32_t events)
{
    (void)source;
    (void)events;
    server->is_stopping = true;
}

static int watch_signals(struct server *server, struct source *source)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return -errno;
    *source = (struct source){ signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), signal_ready };
    return source->fd < 0 ? -errno : source_add(server, source, EPOLLIN);
}

static int start(struct server *server, const struct settings *settings, struct source *signals)
{
    server->store = store_new();
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (failed(server->epoll < 0 ? -errno : 0, "epoll") ||
        failed(watch_signals(server, signals), "signals") ||
        failed(journal_open(&server->journal, settings->state, server->store), settings->state))
        return -1;
    if (settings->has_domains && failed(xen_open(server), "the devices of the hypervisor"))
        return -1;
    if (failed(journal_commit(&server->journal, server->store), settings->state))
        return -1;
    make_parent(settings->socket);
    make_parent(settings->socket_read_only);
    if (failed(socket_listen(server, settings->socket, false), settings->socket) ||
        failed(socket_listen(server, settings->socket_read_only, true), settings->socket_read_only))
        return -1;
    return 0;
}

/*
 * The first process waits for one line of the second, and ends with its success; so a script that
 * started us can go on at once. Returns the descriptor to tell it by, or -1 in the first process.
 */
static int into_background(int *status)
{
    int pipe_ends[2];
    char byte;

    *status = EXIT_START;
    if (pipe(pipe_ends) != 0)
        return -1;
    pid_t child = fork();
    if (child == 0) {
        close(pipe_ends[0]);
        setsid();
        return pipe_ends[1];
    }
    close(pipe_ends[1]);
    if (child > 0 && read(pipe_ends[0], &byte, 1) == 1)
        *status = EXIT_OK;
    close(pipe_ends[0]);
    return -1;
}

/* Lets go of what the starter reads from or writes to; complaints still go to standard error. */
static int leave_parent(int parent)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
        return failed(-errno, "/dev/null");
    close(null);
    ssize_t n = write(parent, "", 1);
    close(parent);
    return n == 1 ? 0 : -EPIPE;
}

static int serve(const struct settings *settings)
{
    struct server server = { 0 };
    struct source signals;
    int status, parent = settings->in_background ? into_background(&status) : -1;

    if (settings->in_background && parent < 0)
        return status;
    if (start(&server, settings, &signals) != 0)
        return EXIT_START;
    if (parent >= 0 && leave_parent(parent) != 0)
        return EXIT_START;
    int rc = failed(server_run(&server), "waiting for clients");
    unlink(settings->socket);
    unlink(settings->socket_read_only);
    journal_close(&server.journal);
    return rc ? EXIT_START : EXIT_OK;
}

int main(int argc, char **argv)
{
    static const struct option options[] = { { "socket", required_argument, NULL, 's' },
                                             { "read-only-socket", required_argument, NULL, 'r' },
                                             { "state", required_argument, NULL, 'd' },
                                             { "no-domains", no_argument, NULL, 'n' },
                                             { "foreground", no_argument, NULL, 'f' },
                                             { "help", no_argument, NULL, 'h' },
                                             { "version", no_argument, NULL, 'V' },
                                             { NULL, 0, NULL, 0 } };
    struct settings settings = { "/run/xenstored/socket", "/run/xenstored/socket_ro",
                                 "/run/lamina-stored", true, true };
    int c;

    while ((c = getopt_long(argc, argv, "s:r:d:nfh", options, NULL)) != -1) {
        switch (c) {
        case 's':
            settings.socket = optarg;
            break;
        case 'r':
            settings.socket_read_only = optarg;
            break;
        case 'd':
            settings.state = optarg;
            break;
        case 'n':
            settings.has_domains = false;
            break;
        case 'f':
            settings.in_background = false;
            break;
        case 'h':
            print_usage(stdout);
            return EXIT_OK;
        case 'V':
            printf("%s (Lamina) %s\n", program, LAMINA_VERSION);
            return EXIT_OK;
        default:
            print_usage(stderr);
            return EXIT_USAGE;
        }
    }
    if (optind != argc) {
        print_usage(stderr);
        return EXIT_USAGE;
    }
    return serve(&settings);
}
