/* SPDX-License-Identifier: MIT */
/*
 * Bridge: the network interfaces of dom0, as far as virtual interfaces need them. A call opens what
 * it needs and closes it again. Results are 0 or a negative errno value.
 */
#ifndef LAMINA_DEVICE_BRIDGE_H
#define LAMINA_DEVICE_BRIDGE_H

#include <stdbool.h>
#include <stdint.h>

/* 0, -ENODEV: no interface of that name, -ENOTSUP: it is no bridge. */
int bridge_find(const char *name) __attribute__((warn_unused_result));

/* Makes a bridge that is up; one that is there already is good too. */
int bridge_make(const char *name) __attribute__((warn_unused_result));

struct port_settings {
    const char *name;   /* the interface's as it is now */
    const char *rename; /* or NULL */
    const char *bridge;
    uint32_t mtu; /* 0: the default */
    bool up;
};

/* Names the interface, makes it a port of the bridge, and brings it up. -EEXIST: name taken. */
int bridge_add_port(const struct port_settings *settings) __attribute__((warn_unused_result));

#endif
