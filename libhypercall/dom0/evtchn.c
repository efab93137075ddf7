/* SPDX-License-Identifier: MIT */
/*
 * Event channels as file descriptors. The kernel queues the numbers of pending ports, each masked
 * from then on until it is unmasked.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "devices.h"
#include "lamina/host.h"

static int answer(int rc)
{
    return rc < 0 ? -errno : rc;
}

int host_evtchn_open(void)
{
    return answer(open("/dev/xen/evtchn", O_RDWR | O_CLOEXEC | O_NONBLOCK));
}

int host_evtchn_bind_interdomain(int fd, domid_t domain, evtchn_port_t remote)
{
    return answer(ioctl(fd, EVTCHN_BIND_INTERDOMAIN, &(struct evtchn_peer){ domain, remote }));
}

int host_evtchn_bind_virq(int fd, uint32_t virq)
{
    return answer(ioctl(fd, EVTCHN_BIND_VIRQ, &(struct evtchn_virq){ virq }));
}

int host_evtchn_unbind(int fd, evtchn_port_t port)
{
    return answer(ioctl(fd, EVTCHN_UNBIND, &(struct evtchn_port){ port }));
}

int host_evtchn_notify(int fd, evtchn_port_t port)
{
    return answer(ioctl(fd, EVTCHN_NOTIFY, &(struct evtchn_port){ port }));
}

int host_evtchn_next(int fd, evtchn_port_t *port)
{
    ssize_t n = read(fd, port, sizeof(*port));

    if (n == (ssize_t)sizeof(*port))
        return 1;
    if (n >= 0)
        return -EIO;
    return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

int host_evtchn_unmask(int fd, evtchn_port_t port)
{
    ssize_t n = write(fd, &port, sizeof(port));

    return n < 0 ? -errno : 0;
}
