/* SPDX-License-Identifier: MIT */
/*
 * Talk: a program's way to a domain's console. PATH is lamina-consoled's socket or a pty; or
 * "!COMMAND", a command that is given a terminal of its own.
 *
 *   talk PATH [-t SECONDS] expect TEXT    waits until the console says TEXT
 *   talk PATH [-t SECONDS] send TEXT      types TEXT, nothing more
 *   talk PATH [-t SECONDS] run COMMAND    has the shell there run a command (lamina.test=commands)
 *                                         in a subshell, prints its output, exits with its code
 *   talk PATH [-t SECONDS] leave TEXT     types Ctrl-] and waits for TEXT
 *
 * A console that is not there yet is waited for, by inotify. Exits with 124 when the time is over
 * and with 125 when the console ended first. $PATIENCE is a factor for the time.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <pty.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_TIME = 124, EXIT_ENDED = 125 };

static struct timespec end;
static char *text; /* everything that the console said so far, without carriage returns */
static size_t used, room;

static int ms_left(void)
{
    struct timespec now;
    long ms;

    clock_gettime(CLOCK_MONOTONIC, &now);
    ms = (end.tv_sec - now.tv_sec) * 1000 + (end.tv_nsec - now.tv_nsec) / 1000000;
    return ms > 0 ? (int)ms : 0;
}

static void wait_readable(int fd)
{
    struct pollfd wait = { .fd = fd, .events = POLLIN };

    if (poll(&wait, 1, ms_left()) <= 0) {
        fprintf(stderr, "talk: time is over; the last words were:\n%s\n",
                text ? text + (used > 1000 ? used - 1000 : 0) : "");
        exit(EXIT_TIME);
    }
}

static int open_pty(const char *path)
{
    struct termios mode;
    int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);

    if (fd >= 0 && !tcgetattr(fd, &mode)) {
        cfmakeraw(&mode);
        tcsetattr(fd, TCSANOW, &mode);
    }
    return fd;
}

static int open_socket(const char *path)
{
    struct sockaddr_un there = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(there.sun_path, sizeof(there.sun_path), "%s", path);
    if (!connect(fd, (struct sockaddr *)&there, sizeof(there)))
        return fd;
    close(fd);
    return -1;
}

/* The command gets a hang-up when this ends. */
static int open_command(const char *command)
{
    struct winsize size = { .ws_row = 24, .ws_col = 80 };
    int fd;

    if (forkpty(&fd, NULL, NULL, &size) == 0) {
        execl("/bin/sh", "sh", "-c", command, NULL);
        _exit(EXIT_ENDED);
    }
    return fd;
}

static int open_once(const char *path)
{
    struct stat status;

    if (stat(path, &status))
        return -1;
    return S_ISSOCK(status.st_mode) ? open_socket(path) : open_pty(path);
}

static int open_console(const char *path)
{
    char folder[256], events[4096];
    int notify = inotify_init1(IN_CLOEXEC), fd;

    snprintf(folder, sizeof(folder), "%s", path);
    if (inotify_add_watch(notify, dirname(folder), IN_CREATE | IN_MOVED_TO | IN_ATTRIB) < 0) {
        fprintf(stderr, "talk: %s: %s\n", path, strerror(errno));
        exit(EXIT_ENDED);
    }
    while ((fd = open_once(path)) < 0) {
        wait_readable(notify);
        if (read(notify, events, sizeof(events)) < 0)
            break;
    }
    close(notify);
    return fd;
}

/* Reads on until the text contains `wanted` at or after `from`; returns where. */
static size_t wait_for(int fd, const char *wanted, size_t from)
{
    char *found, chunk[4096];

    while (!(found = used ? strstr(text + from, wanted) : NULL)) {
        ssize_t n;

        wait_readable(fd);
        n = read(fd, chunk, sizeof(chunk));
        if (n <= 0) {
            fprintf(stderr, "talk: the console ended before \"%s\"\n", wanted);
            exit(EXIT_ENDED);
        }
        if (used + (size_t)n + 1 > room) {
            room = 2 * room + sizeof(chunk) + 1;
            text = realloc(text, room);
            if (!text)
                abort();
        }
        for (ssize_t i = 0; i < n; i++)
            if (chunk[i] != '\r' && chunk[i])
                text[used++] = chunk[i];
        text[used] = '\0';
    }
    return (size_t)(found - text);
}

static void type(int fd, const char *line)
{
    for (size_t done = 0, bytes = strlen(line); done < bytes;) {
        ssize_t n = write(fd, line + done, bytes - done);

        if (n <= 0) {
            perror("talk: write");
            exit(EXIT_ENDED);
        }
        done += (size_t)n;
    }
}

/* The markers are typed in two parts, so that an echo of them cannot be taken for one. */
static int run(int fd, const char *command)
{
    char line[4096], mark[64];
    unsigned tag = (unsigned)getpid();
    size_t begin, finish;

    snprintf(line, sizeof(line),
             "echo; echo TALK-\"\"BEGIN-%u; ( %s ) 2>&1; echo TALK-\"\"END-%u $?\n", tag, command,
             tag);
    for (char *c = line; (c = strchr(c, '\n')) && c[1];)
        *c = ';';
    type(fd, line);
    snprintf(mark, sizeof(mark), "TALK-BEGIN-%u\n", tag);
    begin = wait_for(fd, mark, 0) + strlen(mark);
    snprintf(mark, sizeof(mark), "TALK-END-%u ", tag);
    finish = wait_for(fd, mark, begin);
    wait_for(fd, "\n", finish);
    fwrite(text + begin, 1, finish - begin, stdout);
    return atoi(text + finish + strlen(mark));
}

static int act(int fd, const char *verb, const char *words)
{
    if (!strcmp(verb, "run"))
        return run(fd, words);
    if (!strcmp(verb, "leave"))
        type(fd, "\x1d");
    if (!strcmp(verb, "send"))
        type(fd, words);
    else
        wait_for(fd, words, 0);
    return 0;
}

int main(int argc, char **argv)
{
    const char *patience = getenv("PATIENCE");
    long seconds = 120;
    int fd;

    if (argc == 6 && !strcmp(argv[2], "-t")) {
        seconds = atol(argv[3]);
        argv[3] = argv[1];
        argv += 2;
        argc -= 2;
    }
    if (argc != 4) {
        fprintf(stderr, "usage: talk PATH [-t SECONDS] expect|send|run|leave TEXT\n");
        return 2;
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += seconds * (patience ? atol(patience) : 1);
    fd = argv[1][0] == '!' ? open_command(argv[1] + 1) : open_console(argv[1]);
    if (fd < 0) {
        perror("talk");
        return EXIT_ENDED;
    }
    return act(fd, argv[2], argv[3]);
}
