/* SPDX-License-Identifier: MIT */
/*
 * Names that no file gave: random, so that hosts need not agree about them.
 */
#include "domain/uuid.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define MAC_PREFIX_SIZE 3

static const uint8_t mac_prefix[MAC_PREFIX_SIZE] = { 0x00, 0x16, 0x3e };

static int fill_random(uint8_t *bytes, size_t size)
{
    ssize_t got = getrandom(bytes, size, 0);

    return got == (ssize_t)size ? 0 : got < 0 ? -errno : -EIO;
}

void uuid_write(const uint8_t uuid[16], char text[UUID_TEXT_SIZE])
{
    char *at = text;

    for (int i = 0; i < 16; i++)
        at += sprintf(at, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid[i]);
}

int interface_fill_in(struct domain_interface *interface)
{
    if (interface->has_mac)
        return 0;
    memcpy(interface->mac, mac_prefix, MAC_PREFIX_SIZE);
    int rc = fill_random(interface->mac + MAC_PREFIX_SIZE, 6 - MAC_PREFIX_SIZE);
    interface->has_mac = rc == 0;
    return rc;
}

static int give_uuid(struct domain_config *config)
{
    if (config->has_uuid)
        return 0;
    int rc = fill_random(config->uuid, sizeof(config->uuid));
    config->uuid[6] = (uint8_t)((config->uuid[6] & 0x0f) | 0x40);
    config->uuid[8] = (uint8_t)((config->uuid[8] & 0x3f) | 0x80);
    config->has_uuid = rc == 0;
    return rc;
}

int config_fill_in(struct domain_config *config)
{
    int rc = give_uuid(config);

    for (size_t i = 0; rc == 0 && i < config->nr_interfaces; i++)
        rc = interface_fill_in(&config->interfaces[i]);
    return rc;
}
