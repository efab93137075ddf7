/* SPDX-License-Identifier: MIT */
/*
 * Channel: how the daemon reaches a domain's console: its page and its event channel. The only part
 * that speaks to the hypervisor.
 */
#ifndef LAMINA_CONSOLED_CHANNEL_H
#define LAMINA_CONSOLED_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "consoled/ring.h"
#include "public/event_channel.h"
#include "public/xen.h"

/* The descriptors that all channels share. */
struct channels {
    int events; /* readable when a port is pending */
    int grants; /* negative: no such device, rings are mapped by frame */
};

struct channel {
    ring_page *page; /* NULL: closed */
    bool is_granted; /* mapped by the domain's grant, else by frame number */
    evtchn_port_t port;
};

/* 0, or a negative errno value. */
int channels_open(struct channels *channels) __attribute__((warn_unused_result));

/*
 * Maps the page (the domain's grant 0; if it has none, the frame) and binds the domain's port. What
 * the domain said before has no event of its own.
 */
int channel_open(const struct channels *channels, domid_t domain, uint64_t frame,
                 evtchn_port_t remote, struct channel *channel) __attribute__((warn_unused_result));
void channel_close(const struct channels *channels, struct channel *channel);

void channel_notify(const struct channels *channels, const struct channel *channel);

/* Takes a pending port, which stays quiet until channel_listen(). False: none. */
bool channels_next(const struct channels *channels, evtchn_port_t *port);
void channel_listen(const struct channels *channels, const struct channel *channel);

/*
 * Whether the domain exists and is not being taken apart; *handle is its uuid then: 1, 0, or a
 * negative errno value: the hypervisor does not tell.
 */
int channel_domain_lives(domid_t domain, uint8_t handle[16]) __attribute__((warn_unused_result));

#endif
