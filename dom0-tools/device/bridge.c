/* SPDX-License-Identifier: MIT */
/*
 * Bridge: by the kernel's routing sockets (libnl).
 */
#include "device/bridge.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/link/bridge.h>
#include <netlink/route/link/inet6.h>
#include <poll.h>
#include <string.h>

#include "common/clock.h"

#define PORT_WAIT_MS 10000

/* What libnl's errors mean in the terms of everybody else. */
static int nl_result(int rc)
{
    switch (rc < 0 ? -rc : rc) {
    case NLE_SUCCESS:
        return 0;
    case NLE_NODEV:
    case NLE_OBJ_NOTFOUND:
        return -ENODEV;
    case NLE_EXIST:
        return -EEXIST;
    case NLE_NOMEM:
        return -ENOMEM;
    case NLE_PERM:
    case NLE_NOACCESS:
        return -EPERM;
    case NLE_OPNOTSUPP:
        return -EOPNOTSUPP;
    case NLE_BUSY:
        return -EBUSY;
    case NLE_INVAL:
    case NLE_RANGE:
        return -EINVAL;
    default:
        return -EIO;
    }
}

static int open_socket(struct nl_sock **socket)
{
    *socket = nl_socket_alloc();
    if (!*socket)
        return -ENOMEM;
    int rc = nl_result(nl_connect(*socket, NETLINK_ROUTE));
    if (rc)
        nl_socket_free(*socket);
    return rc;
}

static int get_link(struct nl_sock *socket, const char *name, struct rtnl_link **link)
{
    *link = NULL;
    int rc = nl_result(rtnl_link_get_kernel(socket, 0, name, link));

    /* libnl calls it a success when it had no memory for what it was told. */
    return rc == 0 && !*link ? -ENOMEM : rc;
}

static int find(struct nl_sock *socket, const char *name)
{
    struct rtnl_link *link;
    int rc = get_link(socket, name, &link);

    if (rc)
        return rc;
    const char *type = rtnl_link_get_type(link);
    rc = type && strcmp(type, "bridge") == 0 ? 0 : -ENOTSUP;
    rtnl_link_put(link);
    return rc;
}

int bridge_find(const char *name)
{
    struct nl_sock *socket;
    int rc = open_socket(&socket);

    if (rc)
        return rc;
    rc = find(socket, name);
    nl_socket_free(socket);
    return rc;
}

static int make(struct nl_sock *socket, const char *name)
{
    struct rtnl_link *link = rtnl_link_bridge_alloc();

    if (!link)
        return -ENOMEM;
    rtnl_link_set_name(link, name);
    rtnl_link_set_flags(link, IFF_UP);
    int rc = nl_result(rtnl_link_add(socket, link, NLM_F_CREATE | NLM_F_EXCL));
    rtnl_link_put(link);
    return rc;
}

int bridge_make(const char *name)
{
    struct nl_sock *socket;
    int rc = open_socket(&socket);

    if (rc)
        return rc;
    rc = find(socket, name);
    if (rc == -ENODEV) {
        rc = make(socket, name);
        /* Somebody else was quicker. */
        if (rc == -EEXIST)
            rc = find(socket, name);
    }
    nl_socket_free(socket);
    return rc;
}

/* Changes an interface by what is set in `change`, which is freed. */
static int apply(struct nl_sock *socket, struct rtnl_link *link, struct rtnl_link *change)
{
    int rc = nl_result(rtnl_link_change(socket, link, change, 0));

    rtnl_link_put(change);
    return rc;
}

/* A name can only change, and a bridge should only learn of a port, while the port is down. */
static int prepare_port(struct nl_sock *socket, struct rtnl_link *link,
                        const struct port_settings *settings, int bridge)
{
    struct rtnl_link *change = rtnl_link_alloc();

    if (!change)
        return -ENOMEM;
    if (settings->rename)
        rtnl_link_set_name(change, settings->rename);
    if (settings->mtu)
        rtnl_link_set_mtu(change, settings->mtu);
    rtnl_link_set_master(change, bridge);
    return apply(socket, link, change);
}

/* The guest is to talk with whoever is on the bridge, not with dom0's own IPv6 on the port. */
static int silence_port(struct nl_sock *socket, struct rtnl_link *link)
{
    struct rtnl_link *change = rtnl_link_alloc();

    if (!change)
        return -ENOMEM;
    int rc = nl_result(rtnl_link_inet6_set_addr_gen_mode(change, IN6_ADDR_GEN_MODE_NONE));
    if (rc) {
        rtnl_link_put(change);
        return rc;
    }
    rc = apply(socket, link, change);
    /* A kernel without IPv6 is silent anyway. */
    return rc == -EOPNOTSUPP ? 0 : rc;
}

static int raise_port(struct nl_sock *socket, struct rtnl_link *link)
{
    struct rtnl_link *change = rtnl_link_alloc();

    if (!change)
        return -ENOMEM;
    rtnl_link_set_flags(change, IFF_UP);
    return apply(socket, link, change);
}

/* Waits for the kernel to tell of some new interface, for as long as *left_ms says. */
static int await_news(struct nl_sock *news, int *left_ms)
{
    struct pollfd poll_news = { .fd = nl_socket_get_fd(news), .events = POLLIN };
    int64_t before = clock_now_ms();
    int ready = poll(&poll_news, 1, *left_ms);
    if (ready < 0 && errno != EINTR)
        return -errno;
    if (ready > 0)
        (void)nl_recvmsgs_default(news); /* what it says is looked up anew */
    *left_ms -= (int)(clock_now_ms() - before);
    return *left_ms > 0 ? 0 : -ENODEV;
}

/* The back end is ready a little before its interface is there. */
static int await_link(struct nl_sock *socket, const char *name, struct rtnl_link **link)
{
    struct nl_sock *news;
    int left_ms = PORT_WAIT_MS, rc = open_socket(&news);

    if (rc)
        return rc;
    nl_socket_disable_seq_check(news);
    rc = nl_result(nl_socket_add_membership(news, RTNLGRP_LINK));
    while (rc == 0 && (rc = get_link(socket, name, link)) == -ENODEV)
        rc = await_news(news, &left_ms);
    nl_socket_free(news);
    return rc;
}

static int add_port(struct nl_sock *socket, const struct port_settings *settings)
{
    struct rtnl_link *bridge, *link;
    int rc = get_link(socket, settings->bridge, &bridge);

    if (rc)
        return rc;
    int index = rtnl_link_get_ifindex(bridge);
    rtnl_link_put(bridge);
    rc = await_link(socket, settings->name, &link);
    if (rc)
        return rc;
    rc = silence_port(socket, link);
    if (rc == 0)
        rc = prepare_port(socket, link, settings, index);
    if (rc == 0 && settings->up)
        rc = raise_port(socket, link);
    rtnl_link_put(link);
    return rc;
}

int bridge_add_port(const struct port_settings *settings)
{
    struct nl_sock *socket;
    int rc = open_socket(&socket);

    if (rc)
        return rc;
    rc = add_port(socket, settings);
    nl_socket_free(socket);
    return rc;
}
