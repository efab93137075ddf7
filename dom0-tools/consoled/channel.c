/* SPDX-License-Identifier: MIT */
/*
 * Channel: by way of libhypercall's devices.
 */
#include "consoled/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <syslog.h>

#include "common/daemon.h"
#include "domain/hypervisor.h"
#include "lamina/host.h"

static const grant_ref_t grant_console = 0;

int channels_open(struct channels *channels)
{
    int rc = host_open();

    if (rc)
        return rc;
    channels->events = host_evtchn_open();
    channels->grants = host_grants_open();
    return channels->events < 0 ? channels->events : 0;
}

static int map_page(const struct channels *channels, domid_t domain, uint64_t frame,
                    struct channel *channel)
{
    void *address;
    int rc = channels->grants < 0 ? channels->grants
                                  : host_grants_map(channels->grants, domain, &grant_console, 1,
                                                    PROT_READ | PROT_WRITE, &address);

    channel->is_granted = rc == 0;
    if (rc)
        rc = host_frames_map(domain, &frame, 1, PROT_READ | PROT_WRITE, NULL, &address);
    channel->page = rc ? NULL : address;
    return rc;
}

static void unmap_page(const struct channels *channels, struct channel *channel)
{
    void *address = (void *)(uintptr_t)channel->page;

    if (channel->is_granted)
        host_grants_unmap(channels->grants, address, 1);
    else
        host_unmap(address, 1);
    channel->page = NULL;
}

int channel_open(const struct channels *channels, domid_t domain, uint64_t frame,
                 evtchn_port_t remote, struct channel *channel)
{
    int rc = map_page(channels, domain, frame, channel);

    if (rc)
        return rc;
    int port = host_evtchn_bind_interdomain(channels->events, domain, remote);
    if (port < 0) {
        unmap_page(channels, channel);
        return port;
    }
    channel->port = (evtchn_port_t)port;
    return 0;
}

void channel_close(const struct channels *channels, struct channel *channel)
{
    if (!channel->page)
        return;
    (void)host_evtchn_unbind(channels->events, channel->port);
    unmap_page(channels, channel);
}

void channel_notify(const struct channels *channels, const struct channel *channel)
{
    int rc = host_evtchn_notify(channels->events, channel->port);

    if (rc)
        daemon_log(LOG_WARNING, "event channel %u: %s", channel->port, strerror(-rc));
}

bool channels_next(const struct channels *channels, evtchn_port_t *port)
{
    return host_evtchn_next(channels->events, port) == 1;
}

void channel_listen(const struct channels *channels, const struct channel *channel)
{
    int rc = host_evtchn_unmask(channels->events, channel->port);

    if (rc)
        daemon_log(LOG_WARNING, "event channel %u: %s", channel->port, strerror(-rc));
}

int channel_domain_lives(domid_t domain, uint8_t handle[16])
{
    struct xen_domctl_getdomaininfo info;
    int rc = hypervisor_info(domain, &info);

    if (rc)
        return rc == -ESRCH ? 0 : rc;
    memcpy(handle, info.handle, sizeof(info.handle));
    return !(info.flags & XEN_DOMINF_dying);
}
