/* SPDX-License-Identifier: MIT */
/*
 * Daemon: the way into the background, readiness, the lock, the log.
 */
#include "common/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "common/io.h"

static struct {
    const char *name;
    int parent; /* who waits until we serve; negative: nobody */
    bool to_syslog;
    bool to_journal; /* standard error is the system journal's, which reads levels */
} self = { "lamina", -1, false, false };

/* The first process: lives until the second one serves or ends, and ends like it. */
static void await_child(int ready, pid_t child)
{
    int status = 0;
    char byte;

    if (read(ready, &byte, 1) == 1)
        _exit(EXIT_SUCCESS);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    /* It never said that it serves, so it failed whatever it ended with. */
    _exit(WIFEXITED(status) && WEXITSTATUS(status) != 0 ? WEXITSTATUS(status) : EXIT_FAILURE);
}

static int into_background(void)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return -errno;
    pid_t child = fork();
    if (child < 0) {
        int rc = -errno;
        close(ends[0]);
        close(ends[1]);
        return rc;
    }
    if (child > 0) {
        close(ends[1]);
        await_child(ends[0], child);
    }
    close(ends[0]);
    self.parent = ends[1];
    self.to_syslog = true;
    openlog(self.name, LOG_PID, LOG_DAEMON);
    return setsid() < 0 ? -errno : 0;
}

/* The lock is the process's, not the descriptor's: it is not inherited, and ends with us. */
static int take_pid_file(const char *path)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    char text[16];
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

    if (fd < 0)
        return -errno;
    int rc = fcntl(fd, F_SETLK, &lock) == 0 ? 0 : -errno;
    if (rc == -EACCES || rc == -EAGAIN)
        rc = -EALREADY;
    int size = snprintf(text, sizeof(text), "%d\n", (int)getpid());
    if (rc == 0 && ftruncate(fd, 0) != 0)
        rc = -errno;
    if (rc == 0)
        rc = write_all(fd, text, (size_t)size);
    /* Open for as long as we live: closing it would give the lock away. */
    if (rc)
        close(fd);
    return rc;
}

int daemon_start(const char *name, const char *pid_file, bool in_background)
{
    char path[108];

    self.name = name;
    self.to_journal = getenv("JOURNAL_STREAM") != NULL;
    snprintf(path, sizeof(path), DAEMON_RUN_DIR "/%s.pid", name);
    int rc = in_background ? into_background() : 0;
    if (rc == 0)
        rc = make_parents(pid_file ? pid_file : path, 0755);
    return rc ? rc : take_pid_file(pid_file ? pid_file : path);
}

/* Lets go of what the starter reads from or writes to; complaints still go to standard error. */
static void leave_parent(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null >= 0) {
        (void)dup2(null, STDIN_FILENO);
        (void)dup2(null, STDOUT_FILENO);
        close(null);
    }
    if (write_all(self.parent, "", 1) != 0)
        daemon_log(LOG_WARNING, "whoever started this is gone");
    close(self.parent);
    self.parent = -1;
}

/* The socket is a path, or with an @ an abstract name. */
static void tell_supervisor(const char *to)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    size_t size = strlen(to);
    char text[64];

    if (size == 0 || size >= sizeof(address.sun_path))
        return;
    memcpy(address.sun_path, to, size);
    if (to[0] == '@')
        address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    int length = snprintf(text, sizeof(text), "READY=1\nMAINPID=%d", (int)getpid());
    if (sendto(fd, text, (size_t)length, MSG_NOSIGNAL, (struct sockaddr *)&address,
               (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size)) < 0)
        daemon_log(LOG_WARNING, "cannot tell the supervisor at %s: %s", to, strerror(errno));
    close(fd);
}

void daemon_ready(void)
{
    const char *supervisor = getenv("NOTIFY_SOCKET");

    if (supervisor)
        tell_supervisor(supervisor);
    unsetenv("NOTIFY_SOCKET");
    if (self.parent >= 0)
        leave_parent();
}

void daemon_log(int level, const char *format, ...)
{
    int error = errno;
    char line[1024], prefix[8] = "";
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    if (self.to_journal)
        snprintf(prefix, sizeof(prefix), "<%d>", level & LOG_PRIMASK);
    /* One call, so that lines of several processes do not mix. */
    dprintf(STDERR_FILENO, "%s%s: %s\n", prefix, self.name, line);
    if (self.to_syslog)
        syslog(level, "%s", line);
    errno = error;
}
