/* SPDX-License-Identifier: MIT */
/*
 * laminad: the life cycle of domains: what happens when they power off, reboot or crash, what
 * starts with the machine, and that nothing is left of what has ended.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "lamina/host.h"
#include "laminad/laminad.h"
#include "laminad/search.h"

enum { EXIT_OK = 0, EXIT_START = 1, EXIT_USAGE = 2 };

#define RESTARTS_DEFAULT   5u
#define SHORT_LIFE_DEFAULT 10u
#define NUMBER_MAX         1000000u
#define LOOK_AGAIN_MS      10000u

static const char program[] = "laminad";

struct laminad_settings laminad_settings = { .in_background = true,
                                             .autostart_dir = LAMINAD_AUTOSTART_DIR,
                                             .dump_dir = LAMINAD_DUMP_DIR,
                                             .restarts_max = RESTARTS_DEFAULT,
                                             .short_life_s = SHORT_LIFE_DEFAULT };

static void print_usage(FILE *stream)
{
    fprintf(stream,
            "Usage: %s [OPTION]...\n"
            "Looks after the life cycle of domains.\n"
            "\n"
            "  -a, --autostart-dir DIRECTORY  start the domains of its *.xml files with the\n"
            "                                 machine (/etc/lamina/autostart)\n"
            "  -c, --dump-dir DIRECTORY  put core dumps here (/var/lib/lamina/dump)\n"
            "      --short-life SECONDS  a domain that ends sooner was short-lived (10)\n"
            "      --restarts NUMBER     after so many short lives in a row do not restart\n"
            "                            it any more; 0: go on for ever (5)\n"
            "  -p, --pid-file PATH       lock this file (/run/lamina/laminad.pid)\n"
            "  -f, --foreground          do not go into the background once ready\n"
            "  -h, --help                this text\n"
            "      --version             the version\n",
            program);
}

/* Says why the daemon cannot go on; 0 stays 0. */
static int failed(int rc, const char *what)
{
    if (rc < 0)
        daemon_log(LOG_ERR, "%s: %s", what, strerror(-rc));
    return rc;
}

static int start(struct laminad *daemon)
{
    daemon->loop = loop_new();
    if (failed(daemon->loop ? 0 : -errno, "epoll") ||
        failed(loop_take_signals(daemon->loop, NULL, NULL), "signals") ||
        failed(host_open(), "the devices of the hypervisor") ||
        failed(jobs_open(&daemon->jobs, daemon->loop, search_all, daemon), "the event loop") ||
        failed(retry_open(&daemon->retry, daemon->loop, LOOK_AGAIN_MS, search_all, daemon),
               "the event loop"))
        return -1;
    return failed(search_start(daemon), "the store (does lamina-stored run?)");
}

static int serve(void)
{
    struct laminad daemon = { 0 };
    int rc = daemon_start(program, laminad_settings.pid_file, laminad_settings.in_background);

    if (failed(rc, rc == -EALREADY ? "another one runs" : "start") || start(&daemon) != 0)
        return EXIT_START;
    daemon_ready();
    search_all(&daemon);
    rc = failed(loop_run(daemon.loop), "waiting for events");
    search_stop(&daemon);
    retry_close(&daemon.retry);
    jobs_close(&daemon.jobs);
    host_close();
    loop_free(daemon.loop);
    return rc ? EXIT_START : EXIT_OK;
}

static bool read_number(const char *text, const char *option, unsigned *number)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end != '\0' || value > NUMBER_MAX) {
        fprintf(stderr, "%s: --%s %s: not a number up to %u\n", program, option, text, NUMBER_MAX);
        return false;
    }
    *number = (unsigned)value;
    return true;
}

int main(int argc, char **argv)
{
    static const struct option options[] = { { "autostart-dir", required_argument, NULL, 'a' },
                                             { "dump-dir", required_argument, NULL, 'c' },
                                             { "short-life", required_argument, NULL, 'L' },
                                             { "restarts", required_argument, NULL, 'R' },
                                             { "pid-file", required_argument, NULL, 'p' },
                                             { "foreground", no_argument, NULL, 'f' },
                                             { "help", no_argument, NULL, 'h' },
                                             { "version", no_argument, NULL, 'V' },
                                             { NULL, 0, NULL, 0 } };
    struct laminad_settings *settings = &laminad_settings;
    int c;

    while ((c = getopt_long(argc, argv, "a:c:p:fh", options, NULL)) != -1) {
        switch (c) {
        case 'a':
            settings->autostart_dir = optarg;
            break;
        case 'c':
            settings->dump_dir = optarg;
            break;
        case 'L':
            if (!read_number(optarg, "short-life", &settings->short_life_s))
                return EXIT_USAGE;
            break;
        case 'R':
            if (!read_number(optarg, "restarts", &settings->restarts_max))
                return EXIT_USAGE;
            break;
        case 'p':
            settings->pid_file = optarg;
            break;
        case 'f':
            settings->in_background = false;
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
    return serve();
}
