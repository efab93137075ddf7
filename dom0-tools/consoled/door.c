/* SPDX-License-Identifier: MIT */
/*
 * Door: sockets with the number of a domain as name, and raw pseudo terminals.
 */
#include "consoled/door.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <termios.h>
#include <unistd.h>

#include "common/daemon.h"
#include "common/io.h"
#include "consoled/guest.h"
#include "consoled/server.h"

#define SOCKET_QUEUE 16

static void complain(const struct guest *guest, const char *what, int rc)
{
    daemon_log(LOG_WARNING, "domain %u: no %s: %s", guest->identity.domain, what, strerror(-rc));
}

/* --- terminal --- */

/* Bytes pass as they are: the line editing at a console is the domain's. */
static int make_raw(int slave)
{
    struct termios settings;

    if (tcgetattr(slave, &settings) != 0)
        return -errno;
    cfmakeraw(&settings);
    return tcsetattr(slave, TCSANOW, &settings) == 0 ? 0 : -errno;
}

static int open_slave(struct guest *guest, int master)
{
    if (grantpt(master) != 0 || unlockpt(master) != 0 ||
        ptsname_r(master, guest->tty, sizeof(guest->tty)) != 0)
        return -errno;
    guest->slave = open(guest->tty, O_RDWR | O_NOCTTY | O_CLOEXEC);
    return guest->slave < 0 ? -errno : make_raw(guest->slave);
}

static void close_slave(struct guest *guest)
{
    if (guest->slave >= 0)
        close(guest->slave);
    guest->slave = -1;
    guest->tty[0] = '\0';
}

int door_open_terminal(struct guest *guest)
{
    int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    int rc = master < 0 ? -errno : open_slave(guest, master);

    if (rc == 0 && !reader_new(guest, master, 0))
        rc = -ENOMEM;
    else if (rc != 0 && master >= 0)
        close(master);
    if (rc == 0)
        return 0;
    close_slave(guest);
    complain(guest, "terminal", rc);
    return rc == -ENOMEM ? rc : 0;
}

/* --- socket --- */

static void socket_path(const struct guest *guest, const char *suffix, struct sockaddr_un *address)
{
    address->sun_family = AF_UNIX;
    snprintf(address->sun_path, sizeof(address->sun_path), "%s/%u%s", guest->server->socket_dir,
             guest->identity.domain, suffix);
}

static void listener_ready(struct loop_source *source, uint32_t events)
{
    struct guest *guest = (struct guest *)((char *)source - offsetof(struct guest, listener));
    int fd = accept4(source->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    (void)events;
    if (fd < 0)
        return;
    if (guest->nr_readers >= GUEST_READERS_MAX) {
        close(fd);
        return;
    }
    struct reader *reader = reader_new(guest, fd, history_start(&guest->history));
    if (reader)
        reader_hear(reader);
    else
        complain(guest, "room for one more at its socket", -ENOMEM);
}

/* Listens under a name of its own first: whoever finds the real one can connect. */
static int listen_at(int fd, const struct guest *guest)
{
    struct sockaddr_un early = { 0 }, final = { 0 };

    socket_path(guest, ".new", &early);
    socket_path(guest, "", &final);
    (void)unlink(early.sun_path);
    if (bind(fd, (struct sockaddr *)&early, sizeof(early)) != 0 || listen(fd, SOCKET_QUEUE) != 0 ||
        rename(early.sun_path, final.sun_path) != 0)
        return -errno;
    return 0;
}

void door_open_socket(struct guest *guest)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int rc = fd < 0 ? -errno : listen_at(fd, guest);

    guest->listener = (struct loop_source){ fd, listener_ready };
    if (rc == 0)
        rc = loop_add(guest->server->loop, &guest->listener, EPOLLIN);
    if (rc == 0)
        return;
    if (fd >= 0)
        close(fd);
    guest->listener.fd = -1;
    complain(guest, "socket", rc);
}

void door_close(struct guest *guest)
{
    struct sockaddr_un address;

    if (guest->listener.fd >= 0) {
        socket_path(guest, "", &address);
        (void)unlink(address.sun_path);
        loop_remove(guest->server->loop, &guest->listener);
        close(guest->listener.fd);
        guest->listener.fd = -1;
    }
    close_slave(guest);
}

int door_prepare(const struct server *server)
{
    struct dirent *entry;
    int rc = make_parents(server->socket_dir, 0755);

    if (rc == 0 && mkdir(server->socket_dir, 0700) != 0 && errno != EEXIST)
        rc = -errno;
    DIR *folder = rc ? NULL : opendir(server->socket_dir);
    if (!folder)
        return rc ? rc : -errno;
    while ((entry = readdir(folder)) != NULL)
        if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9')
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
    closedir(folder);
    return 0;
}
