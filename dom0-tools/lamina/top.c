/* SPDX-License-Identifier: MIT */
/*
 * lamina top: what the domains use, shown anew at each interval, on the whole screen until 'q', or
 * line by line. Between the intervals nothing runs.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "config/values.h"
#include "lamina/screen.h"
#include "lamina/top_table.h"

enum { OPTION_BATCH, OPTION_COUNT, OPTION_DELAY, OPTION_SORT, OPTION_REVERSE, OPTION_JSON };

static const struct command_option options[] = {
    [OPTION_BATCH] = { 'b', "batch", NULL, "print lines instead of filling the screen" },
    [OPTION_COUNT] = { 'n', "count", "N", "end after so many times (default: never)" },
    [OPTION_DELAY] = { 'd', "delay", "SECONDS", "time between two, from 0.1 on (default: 3)" },
    [OPTION_SORT] = { 's', "sort", "ORDER", "id, name, cpu, memory, net or disk (default: id)" },
    [OPTION_REVERSE] = { 'r', "reverse", NULL, "the other way round" },
    [OPTION_JSON] = { 'j', "json", NULL, "print JSON, one document each time" },
    { .name = NULL },
};

#define DELAY_MIN 0.1
#define DELAY_MAX 86400.0
#define COUNT_MAX 1000000000u
#define HEAD_SIZE 512u
#define HELP_TEXT "q: quit   s: sort   r: reverse   + -: interval   space: now   h: help"

struct top {
    struct session session;
    bool batch;
    enum table_form form;
    uint64_t count; /* 0: without end */
    double delay_s;
    enum sample_order order;
    bool reverse;
    bool help;
    struct sample sample;
    int timer;
    int signals;
};

static int arm(struct top *top)
{
    time_t seconds = (time_t)top->delay_s;
    long ns = (long)((top->delay_s - (double)seconds) * 1e9);
    struct itimerspec every = { .it_interval = { .tv_sec = seconds, .tv_nsec = ns },
                                .it_value = { .tv_sec = seconds, .tv_nsec = ns } };

    return timerfd_settime(top->timer, 0, &every, NULL) == 0 ? 0 : -errno;
}

/* Signals that end the program or change the screen come through a descriptor. */
static int open_events(struct top *top)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGWINCH);
    sigprocmask(SIG_BLOCK, &set, NULL);
    top->signals = signalfd(-1, &set, SFD_CLOEXEC);
    top->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    if (top->signals < 0 || top->timer < 0)
        return -errno;
    return arm(top);
}

/* Replaces the sample by a new one, in order. */
static int take(struct top *top)
{
    struct sample next;
    int status = sample_take(&top->session, top->sample.nr > 0 ? &top->sample : NULL, &next);

    if (status != LAMINA_OK)
        return status;
    sample_free(&top->sample);
    top->sample = next;
    sample_sort(&top->sample, top->order, top->reverse);
    return LAMINA_OK;
}

static void draw(const struct top *top)
{
    struct table *table = top_table(&top->sample, TABLE_ROWS);
    char *lines = table_text(table);
    char head[HEAD_SIZE], *text;

    top_head(&top->sample, head, sizeof(head));
    if (lines && asprintf(&text, "lamina top: every %.1f s, by %s%s\n%s%s\n%s", top->delay_s,
                          sample_order_names[top->order], top->reverse ? ", reversed" : "", head,
                          top->help ? HELP_TEXT : "", lines) >= 0) {
        screen_show(text);
        free(text);
    }
    free(lines);
    table_free(table);
}

static int print(const struct top *top)
{
    int status = table_print(top_table(&top->sample, top->form));

    return status == LAMINA_OK ? command_finish_output(status) : status;
}

enum turn { TURN_WAIT, TURN_TICK, TURN_DRAW, TURN_END };

static void change_delay(struct top *top, double factor)
{
    double delay = top->delay_s * factor;

    if (delay >= DELAY_MIN && delay <= DELAY_MAX) {
        top->delay_s = delay;
        (void)arm(top);
    }
}

static enum turn take_key(struct top *top)
{
    char key;

    if (read(STDIN_FILENO, &key, 1) != 1)
        return TURN_END;
    switch (key) {
    case 'q':
        return TURN_END;
    case ' ':
        return TURN_TICK;
    case 's':
        top->order = (top->order + 1) % ORDERS;
        break;
    case 'r':
        top->reverse = !top->reverse;
        break;
    case '+':
        change_delay(top, 2);
        break;
    case '-':
        change_delay(top, 0.5);
        break;
    case 'h':
    case '?':
        top->help = !top->help;
        break;
    default:
        return TURN_WAIT;
    }
    sample_sort(&top->sample, top->order, top->reverse);
    return TURN_DRAW;
}

static enum turn take_signal(struct top *top)
{
    struct signalfd_siginfo info;

    if (read(top->signals, &info, sizeof(info)) != sizeof(info))
        return TURN_END;
    return info.ssi_signo == SIGWINCH ? TURN_DRAW : TURN_END;
}

/* Until there is something to do. */
static enum turn await(struct top *top)
{
    struct pollfd ready[3] = { { .fd = top->timer, .events = POLLIN },
                               { .fd = top->signals, .events = POLLIN },
                               { .fd = top->batch ? -1 : STDIN_FILENO, .events = POLLIN } };
    uint64_t ticks;

    if (poll(ready, 3, -1) < 0)
        return errno == EINTR ? TURN_WAIT : TURN_END;
    if (ready[1].revents)
        return take_signal(top);
    if (ready[2].revents)
        return take_key(top);
    return read(top->timer, &ticks, sizeof(ticks)) == sizeof(ticks) ? TURN_TICK : TURN_END;
}

/* The first lines come with the second sample: a share needs two. */
static int run_batch(struct top *top)
{
    uint64_t shown = 0;
    enum turn turn;
    int status = take(top);

    while (status == LAMINA_OK && (top->count == 0 || shown < top->count)) {
        turn = await(top);
        if (turn == TURN_END)
            break;
        if (turn != TURN_TICK)
            continue;
        status = take(top);
        if (status == LAMINA_OK)
            status = print(top);
        shown++;
    }
    return status;
}

static int run_screen(struct top *top)
{
    uint64_t shown = 1;
    enum turn turn;
    int status = take(top);

    if (status != LAMINA_OK)
        return status;
    if (screen_open() != 0)
        return command_complain(LAMINA_FAILED, "lamina top",
                                "standard output is no terminal; try --batch");
    draw(top);
    while (status == LAMINA_OK && (top->count == 0 || shown < top->count)) {
        turn = await(top);
        if (turn == TURN_END)
            break;
        if (turn == TURN_TICK) {
            status = take(top);
            shown++;
        }
        if (status == LAMINA_OK && turn != TURN_WAIT)
            draw(top);
    }
    screen_close();
    return status;
}

static int show(struct top *top)
{
    int rc = open_events(top);
    int status;

    if (rc != 0) {
        failure_set(&top->session.failure, FAILURE_OPERATION, rc, "cannot wait for events");
        status = session_fail(&top->session);
    } else {
        status = top->batch ? run_batch(top) : run_screen(top);
    }
    sample_free(&top->sample);
    if (top->timer >= 0)
        close(top->timer);
    if (top->signals >= 0)
        close(top->signals);
    return status;
}

static bool read_delay(const char *text, double *delay)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end != '\0' || !(value >= DELAY_MIN && value <= DELAY_MAX))
        return false;
    *delay = value;
    return true;
}

static int take_option(const struct command *command, struct top *top, int option)
{
    int order;

    switch (option) {
    case OPTION_COUNT:
        if (value_read_number(optarg, COUNT_MAX, &top->count) != 0 || top->count == 0)
            return command_usage_error(command, "--count: expected a number from 1 on, found '%s'",
                                       optarg);
        break;
    case OPTION_DELAY:
        if (!read_delay(optarg, &top->delay_s))
            return command_usage_error(command, "--delay: expected seconds from 0.1 on, found '%s'",
                                       optarg);
        break;
    case OPTION_SORT:
        order = value_find(optarg, sample_order_names);
        if (order < 0)
            return command_usage_error(command,
                                       "--sort: expected id, name, cpu, memory, net or disk,"
                                       " found '%s'",
                                       optarg);
        top->order = (enum sample_order)order;
        break;
    case OPTION_REVERSE:
        top->reverse = true;
        break;
    case OPTION_JSON:
        top->form = TABLE_JSON;
        top->batch = true;
        break;
    default:
        top->batch = true;
    }
    return LAMINA_OK;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct top top = { .delay_s = 3, .timer = -1, .signals = -1 };
    int option, status;

    while ((option = command_next_option(command, argc, argv)) >= 0) {
        status = take_option(command, &top, option);
        if (status != LAMINA_OK)
            return status;
    }
    if (option != COMMAND_OPTIONS_END)
        return option == COMMAND_HELP_SHOWN ? LAMINA_OK : LAMINA_USAGE;
    if (argc != optind)
        return command_usage_error(command, "expected no argument, found '%s'", argv[optind]);
    status = session_open(&top.session, command, SESSION_HOST | SESSION_STORE_MAY);
    if (status != LAMINA_OK)
        return status;
    return session_end(&top.session, show(&top));
}

const struct command command_top = {
    .name = "top",
    .arguments = "",
    .summary = "Show what the domains use, again and again",
    .options = options,
    .run = run,
};
