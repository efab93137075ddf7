/* SPDX-License-Identifier: MIT */
/*
 * A real lamina-stored for a test.
 */
#include "daemon.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

void daemon_prepare(struct test_daemon *daemon)
{
    char path[96];

    strcpy(daemon->folder, "/tmp/lamina-store-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(daemon->folder));
    snprintf(path, sizeof(path), "%s/socket", daemon->folder);
    setenv("XENSTORED_PATH", path, 1);
    daemon->pid = -1;
}

void daemon_begin(struct test_daemon *daemon)
{
    const char *program = getenv("LAMINA_STORED");
    char socket[96], read_only[96], state[96], pid_file[96];

    ck_assert_ptr_nonnull(program);
    snprintf(socket, sizeof(socket), "%s/socket", daemon->folder);
    snprintf(read_only, sizeof(read_only), "%s/socket_ro", daemon->folder);
    snprintf(state, sizeof(state), "%s/state", daemon->folder);
    snprintf(pid_file, sizeof(pid_file), "%s/pid", daemon->folder);
    daemon->pid = fork();
    ck_assert_int_ge(daemon->pid, 0);
    if (daemon->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execl(program, program, "-n", "-f", "-s", socket, "-r", read_only, "-d", state, "-p",
              pid_file, (char *)NULL);
        _exit(127);
    }
}

void daemon_kill(struct test_daemon *daemon)
{
    kill(daemon->pid, SIGKILL);
    ck_assert_int_eq(waitpid(daemon->pid, NULL, 0), daemon->pid);
    daemon->pid = -1;
}

void daemon_finish(struct test_daemon *daemon)
{
    char command[96];

    if (daemon->pid > 0)
        daemon_kill(daemon);
    snprintf(command, sizeof(command), "rm -rf %s", daemon->folder);
    ck_assert_int_eq(system(command), 0);
}
