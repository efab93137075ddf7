/* SPDX-License-Identifier: MIT */
/*
 * Tests of dom0-tools/common/daemon.c: one instance at a time, readiness told in both ways, and the
 * exit code that a starter sees.
 */
#include "../suite.h"

#include "common/daemon.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[] = "/tmp/lamina-daemon.XXXXXX";
static char pid_file[64];

static pid_t pid_in_file(void)
{
    FILE *file = fopen(pid_file, "r");
    int pid = 0;

    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%d\n", &pid), 1);
    fclose(file);
    return pid;
}

static int status_of(pid_t child)
{
    int status;

    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* A child tries to be a daemon in the foreground; the answer is its exit code. */
static int try_start(void)
{
    pid_t child = fork();

    if (child == 0)
        _exit(-daemon_start("test", pid_file, false));
    return status_of(child);
}

/* Asked in a child: a process that closes a file gives away its own lock on it. */
static bool file_names_us(void)
{
    pid_t child = fork();

    if (child == 0)
        _exit(pid_in_file() == getppid() ? 0 : 1);
    return status_of(child) == 0;
}

START_TEST(second_is_kept_out)
{
    ck_assert_int_eq(daemon_start("test", pid_file, false), 0);
    ck_assert(file_names_us());
    ck_assert_int_eq(try_start(), EALREADY);
    ck_assert(file_names_us());
}
END_TEST

/* The lock is gone with its holder, although a child of it still lives. */
START_TEST(children_do_not_hold_the_lock)
{
    int alive[2];
    char byte;

    ck_assert_int_eq(pipe(alive), 0);
    pid_t first = fork();
    if (first == 0) {
        if (daemon_start("test", pid_file, false) != 0)
            _exit(1);
        if (fork() == 0) {
            close(alive[1]);
            (void)!read(alive[0], &byte, 1);
        }
        _exit(0);
    }
    ck_assert_int_eq(status_of(first), 0);
    ck_assert_int_eq(try_start(), 0);
    close(alive[1]);
    close(alive[0]);
}
END_TEST

/* What a starter sees of a daemon that ends with `code`, or serves when that is negative. */
static int start_in_background(int code)
{
    pid_t starter = fork();

    if (starter == 0) {
        if (daemon_start("test", pid_file, true) != 0)
            _exit(99);
        if (code >= 0)
            _exit(code);
        daemon_ready();
        pause();
    }
    return status_of(starter);
}

START_TEST(starter_sees_the_outcome)
{
    ck_assert_int_eq(start_in_background(3), 3);
    /* Whoever ends before it serves has failed. */
    ck_assert_int_eq(start_in_background(0), EXIT_FAILURE);
    ck_assert_int_eq(start_in_background(-1), 0);
    ck_assert_int_eq(try_start(), EALREADY);
    pid_t daemon = pid_in_file();
    ck_assert_int_eq(getsid(daemon), daemon);
    ck_assert_int_eq(kill(daemon, SIGKILL), 0);
}
END_TEST

START_TEST(supervisor_is_told)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char text[64] = "", expected[64];
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", directory);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    setenv("NOTIFY_SOCKET", address.sun_path, 1);
    ck_assert_int_eq(daemon_start("test", pid_file, false), 0);
    daemon_ready();
    ck_assert_int_gt(recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT), 0);
    snprintf(expected, sizeof(expected), "READY=1\nMAINPID=%d", (int)getpid());
    ck_assert_str_eq(text, expected);
    ck_assert_ptr_null(getenv("NOTIFY_SOCKET"));
    close(fd);
    unlink(address.sun_path);
}
END_TEST

START_TEST(log_is_one_line)
{
    char text[128] = "";
    int ends[2], old = dup(STDERR_FILENO);

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(daemon_start("test", pid_file, false), 0);
    dup2(ends[1], STDERR_FILENO);
    errno = EBUSY;
    daemon_log(3, "%s %d", "number", 7);
    ck_assert_int_eq(errno, EBUSY);
    dup2(old, STDERR_FILENO);
    ck_assert_int_gt(read(ends[0], text, sizeof(text) - 1), 0);
    ck_assert_str_eq(text, "test: number 7\n");
}
END_TEST

static void set_up(void)
{
    unsetenv("JOURNAL_STREAM");
    unsetenv("NOTIFY_SOCKET");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(pid_file, sizeof(pid_file), "%s/run/test.pid", directory);
}

static void tear_down(void)
{
    unlink(pid_file);
    *strrchr(pid_file, '/') = '\0';
    (void)rmdir(pid_file);
    ck_assert_int_eq(rmdir(directory), 0);
}

int main(void)
{
    Suite *suite = suite_create("daemon");
    TCase *tests = tcase_create("daemon");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, second_is_kept_out);
    tcase_add_test(tests, children_do_not_hold_the_lock);
    tcase_add_test(tests, starter_sees_the_outcome);
    tcase_add_test(tests, supervisor_is_told);
    tcase_add_test(tests, log_is_one_line);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
