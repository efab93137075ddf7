/* SPDX-License-Identifier: MIT */
/*
 * lamina-consoled: the consoles of all domains: logs, sockets, terminals.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "common/daemon.h"
#include "consoled/discover.h"
#include "consoled/door.h"
#include "consoled/guest.h"
#include "consoled/server.h"

enum { EXIT_OK = 0, EXIT_START = 1, EXIT_USAGE = 2 };

#define LOG_SIZE_DEFAULT ((uint64_t)1 << 20)
#define LOG_KEEP_DEFAULT 4u
#define LOG_KEEP_MAX     1000u

static const char program[] = "lamina-consoled";

struct settings {
    const char *pid_file; /* NULL: the usual one */
    bool in_background;
};

static void print_usage(FILE *stream)
{
    fprintf(stream,
            "Usage: %s [OPTION]...\n"
            "Serves the consoles of all domains.\n"
            "\n"
            "  -l, --log-dir DIRECTORY  keep logs here (/var/log/lamina/console)\n"
            "      --log-size BYTES     begin a new file before a log grows beyond this;\n"
            "                           K, M, G are understood; 0: never (1M)\n"
            "      --log-keep NUMBER    keep so many older files of each log (4)\n"
            "  -d, --socket-dir DIRECTORY  offer consoles here (/run/lamina/console)\n"
            "  -p, --pid-file PATH      lock this file (/run/lamina/lamina-consoled.pid)\n"
            "  -f, --foreground         do not go into the background once ready\n"
            "  -h, --help               this text\n"
            "      --version            the version\n",
            program);
}

/* Says why the daemon cannot go on; 0 stays 0. */
static int failed(int rc, const char *what)
{
    if (rc < 0)
        daemon_log(LOG_ERR, "%s: %s", what, strerror(-rc));
    return rc;
}

/* A number with a unit of 1024, or false. */
static bool read_size(const char *text, uint64_t *size)
{
    static const char units[] = "KMG";
    char *end;

    errno = 0;
    uint64_t value = strtoull(text, &end, 10);
    unsigned shift = 0;
    for (unsigned i = 0; units[i] && *end; i++)
        if (*end == units[i])
            shift = 10 * (i + 1);
    end += shift != 0;
    *size = value << shift;
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 &&
           *size >> shift == value;
}

static void reopen_logs(void *context)
{
    struct server *server = context;

    for (struct guest *guest = server->guests; guest; guest = guest->next)
        (void)log_reopen(&guest->log);
}

static int start(struct server *server)
{
    server->loop = loop_new();
    /* A reader that left is known by the error of the write. */
    (void)signal(SIGPIPE, SIG_IGN);
    if (failed(server->loop ? 0 : -errno, "epoll") ||
        failed(loop_take_signals(server->loop, reopen_logs, server), "signals") ||
        failed(door_prepare(server), server->socket_dir) ||
        failed(channels_open(&server->channels), "the devices of the hypervisor") ||
        failed(server_open(server), "the event loop"))
        return -1;
    return failed(discover_start(server), "the store (does lamina-stored run?)");
}

static int serve(struct server *server, const struct settings *settings)
{
    int rc = daemon_start(program, settings->pid_file, settings->in_background);

    if (failed(rc, rc == -EALREADY ? "another one runs" : "start") || start(server) != 0)
        return EXIT_START;
    daemon_ready();
    rc = failed(loop_run(server->loop), "waiting for events");
    server_close(server);
    discover_stop(server);
    loop_free(server->loop);
    return rc ? EXIT_START : EXIT_OK;
}

static bool set_log_limit(struct server *server, int option, const char *text)
{
    uint64_t number;

    if (!read_size(text, &number) || (option == 'K' && number > LOG_KEEP_MAX)) {
        fprintf(stderr, "%s: --log-%s %s: no such number\n", program,
                option == 'S' ? "size" : "keep", text);
        return false;
    }
    if (option == 'S')
        server->limits.size_max = number;
    else
        server->limits.nr_kept = (unsigned)number;
    return true;
}

int main(int argc, char **argv)
{
    static const struct option options[] = { { "log-dir", required_argument, NULL, 'l' },
                                             { "log-size", required_argument, NULL, 'S' },
                                             { "log-keep", required_argument, NULL, 'K' },
                                             { "socket-dir", required_argument, NULL, 'd' },
                                             { "pid-file", required_argument, NULL, 'p' },
                                             { "foreground", no_argument, NULL, 'f' },
                                             { "help", no_argument, NULL, 'h' },
                                             { "version", no_argument, NULL, 'V' },
                                             { NULL, 0, NULL, 0 } };
    static struct server server = { .log_dir = "/var/log/lamina/console",
                                    .socket_dir = "/run/lamina/console",
                                    .limits = { LOG_SIZE_DEFAULT, LOG_KEEP_DEFAULT } };
    struct settings settings = { NULL, true };
    int c;

    while ((c = getopt_long(argc, argv, "l:d:p:fh", options, NULL)) != -1) {
        switch (c) {
        case 'l':
            server.log_dir = optarg;
            break;
        case 'S':
        case 'K':
            if (!set_log_limit(&server, c, optarg))
                return EXIT_USAGE;
            break;
        case 'd':
            server.socket_dir = optarg;
            break;
        case 'p':
            settings.pid_file = optarg;
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
    return serve(&server, &settings);
}
