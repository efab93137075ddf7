/* SPDX-License-Identifier: MIT */
/*
 * lamina-stored: the store that domains and their tools share, spoken to by the xenstore protocol.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "common/daemon.h"
#include "common/io.h"
#include "stored/server.h"

enum { EXIT_OK = 0, EXIT_START = 1, EXIT_USAGE = 2 };

static const char program[] = "lamina-stored";

struct settings {
    const char *socket;
    const char *socket_read_only;
    const char *state;
    const char *pid_file; /* NULL: the usual one */
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
            "  -p, --pid-file PATH         lock this file (/run/lamina/lamina-stored.pid)\n"
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
        daemon_log(LOG_ERR, "%s: %s", what, strerror(-rc));
    return rc;
}

static int start(struct server *server, const struct settings *settings)
{
    server->store = store_new();
    server->loop = loop_new();
    if (failed(server->loop ? 0 : -errno, "epoll") ||
        failed(loop_take_signals(server->loop, NULL, NULL), "signals") ||
        failed(journal_open(&server->journal, settings->state, server->store), settings->state))
        return -1;
    if (settings->has_domains && failed(xen_open(server), "the devices of the hypervisor"))
        return -1;
    if (failed(journal_commit(&server->journal, server->store), settings->state))
        return -1;
    (void)make_parents(settings->socket, 0755);
    (void)make_parents(settings->socket_read_only, 0755);
    if (failed(socket_listen(server, settings->socket, false), settings->socket) ||
        failed(socket_listen(server, settings->socket_read_only, true), settings->socket_read_only))
        return -1;
    return 0;
}

static int serve(const struct settings *settings)
{
    struct server server = { 0 };
    int rc = daemon_start(program, settings->pid_file, settings->in_background);

    if (failed(rc, rc == -EALREADY ? "another one runs" : "start") || start(&server, settings) != 0)
        return EXIT_START;
    daemon_ready();
    rc = failed(server_run(&server), "waiting for clients");
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
                                             { "pid-file", required_argument, NULL, 'p' },
                                             { "no-domains", no_argument, NULL, 'n' },
                                             { "foreground", no_argument, NULL, 'f' },
                                             { "help", no_argument, NULL, 'h' },
                                             { "version", no_argument, NULL, 'V' },
                                             { NULL, 0, NULL, 0 } };
    struct settings settings = {
        "/run/xenstored/socket", "/run/xenstored/socket_ro", "/run/lamina-stored", NULL, true, true
    };
    int c;

    while ((c = getopt_long(argc, argv, "s:r:d:p:nfh", options, NULL)) != -1) {
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
        case 'p':
            settings.pid_file = optarg;
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
