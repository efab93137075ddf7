/* SPDX-License-Identifier: MIT */
/*
 * Interface: attaching one. netback makes vifDOMID.ID; here it gets its name and its place on a
 * bridge, and only then is the guest let through (hotplug-status).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "device/bridge.h"
#include "device/ends.h"
#include "device/release.h"

/* netback hands out credit in portions, one each period. */
#define RATE_PERIOD_US 50000u
#define MAC_TEXT       18u

int device_make_mac(uint8_t mac[6])
{
    mac[0] = 0x00;
    mac[1] = 0x16;
    mac[2] = 0x3e;
    if (getrandom(mac + 3, 3, 0) != 3)
        return -EIO;
    mac[3] &= 0x7f;
    return 0;
}

static const char *bridge_name(const struct domain_interface *interface)
{
    return interface->bridge ? interface->bridge : DEVICE_DEFAULT_BRIDGE;
}

static int check_bridge(const struct domain_interface *interface, bool may_make,
                        struct failure *failure)
{
    const char *name = bridge_name(interface);
    int rc = interface->bridge || !may_make ? bridge_find(name) : bridge_make(name);

    if (rc == 0)
        return 0;
    if (rc == -ENODEV && !interface->bridge && !may_make)
        return 0;
    if (rc == -ENODEV)
        return failure_set(failure, FAILURE_CONFIG, rc,
                           "no bridge %s: make it with `ip link add %s type bridge`, or leave "
                           "<source> out",
                           name, name);
    if (rc == -ENOTSUP)
        return failure_set(failure, FAILURE_CONFIG, rc,
                           "%s: it is a network interface, but no bridge", name);
    return failure_set(failure, FAILURE_OPERATION, rc, "cannot use bridge %s", name);
}

int interface_check(const struct domain_interface *interface, struct failure *failure)
{
    return check_bridge(interface, false, failure);
}

static int record_interface(struct store_client *store, const struct device_address *address,
                            const struct device_node *nodes, struct failure *failure)
{
    char path[DEVICE_PATH], **names;
    size_t nr;

    device_record(address, "", path);
    int rc = store_list(store, 0, path, &names, &nr);
    free(names);
    if (rc == 0)
        return failure_set(failure, FAILURE_CONFIG, -EEXIST,
                           "interface %u: domain %u has it already", address->id, address->domid);
    if (rc != -ENOENT)
        return rc;
    for (rc = 0; rc == 0 && nodes->name; nodes++) {
        device_record(address, nodes->name, path);
        rc = store_write(store, 0, path, nodes->value);
    }
    return rc;
}

static int publish_interface(struct store_client *store, const struct device_address *address,
                             const struct domain_interface *interface, const char *mac)
{
    char handle[12], rate[48], mtu[12];

    snprintf(handle, sizeof(handle), "%u", address->id);
    snprintf(mtu, sizeof(mtu), "%u", interface->mtu ? interface->mtu : 1500u);
    uint64_t bytes = interface->out_average_kibs * 1024 * RATE_PERIOD_US / 1000000;
    snprintf(rate, sizeof(rate), "%" PRIu64 ",%u", bytes, RATE_PERIOD_US);
    /* The script's node has to be there, though nothing is run. */
    const struct device_node back[] = { { "script", "" },
                                        { "mac", mac },
                                        { "bridge", bridge_name(interface) },
                                        { "handle", handle },
                                        { "type", "vif" },
                                        { "mtu", mtu },
                                        { interface->out_average_kibs ? "rate" : NULL, rate },
                                        { NULL, NULL } };
    const struct device_node front[] = {
        { "handle", handle }, { "mac", mac }, { "mtu", mtu }, { NULL, NULL }
    };
    return ends_publish(store, address, back, front);
}

static int place_on_bridge(const struct device_address *address,
                           const struct domain_interface *interface, struct failure *failure)
{
    char vif[24];
    const struct port_settings settings = { .name = vif,
                                            .rename = interface->target,
                                            .bridge = bridge_name(interface),
                                            .mtu = interface->mtu,
                                            .up = !interface->link_down };

    snprintf(vif, sizeof(vif), "vif%u.%u", address->domid, address->id);
    int rc = bridge_add_port(&settings);
    if (rc == -EEXIST)
        return failure_set(failure, FAILURE_CONFIG, rc,
                           "interface %s: dom0 has one of that name already", interface->target);
    return rc ? failure_set(failure, FAILURE_OPERATION, rc, "cannot put %s on bridge %s", vif,
                            settings.bridge)
              : 0;
}

static int serve_interface(struct store_client *store, const struct device_address *address,
                           const struct domain_interface *interface, const char *mac,
                           struct failure *failure)
{
    char path[DEVICE_PATH];
    int rc = publish_interface(store, address, interface, mac);

    if (rc == 0)
        rc = ends_await(store, address, failure);
    if (rc == 0)
        rc = place_on_bridge(address, interface, failure);
    if (rc)
        return rc;
    device_backend(address, "hotplug-status", path);
    return store_write(store, 0, path, "connected");
}

int interface_attach(struct store_client *store, unsigned domid, unsigned index,
                     const struct domain_interface *interface, struct failure *failure)
{
    struct device_address address = { DEVICE_INTERFACE, domid, index };
    char mac[MAC_TEXT], vif[24];
    uint8_t m[6];
    int rc = check_bridge(interface, true, failure);

    memcpy(m, interface->mac, sizeof(m));
    if (rc == 0 && !interface->has_mac)
        rc = device_make_mac(m);
    if (rc)
        return failure_set(failure, FAILURE_OPERATION, rc, "cannot attach interface %u", index);
    snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
    snprintf(vif, sizeof(vif), "vif%u.%u", domid, index);
    const struct device_node record[] = { { "mac", mac },
                                          { "source", bridge_name(interface) },
                                          { "target", interface->target ? interface->target : vif },
                                          { NULL, NULL } };
    rc = record_interface(store, &address, record, failure);
    if (rc == -EEXIST)
        return rc;
    if (rc == 0)
        rc = serve_interface(store, &address, interface, mac, failure);
    if (rc)
        (void)device_release(store, &address);
    return rc ? failure_set(failure, FAILURE_OPERATION, rc, "cannot attach interface %u", index)
              : 0;
}
