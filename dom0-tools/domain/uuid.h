/* SPDX-License-Identifier: MIT */
/*
 * What the tools give to a domain whose file leaves it open: a uuid and MAC addresses.
 */
#ifndef LAMINA_DOMAIN_UUID_H
#define LAMINA_DOMAIN_UUID_H

#include <stdint.h>

#include "config/domain_config.h"

#define UUID_TEXT_SIZE 37u

void uuid_write(const uint8_t uuid[16], char text[UUID_TEXT_SIZE]);

/* A random (version 4) uuid if there is none, and random MACs of 00:16:3e, the range for guests. */
int config_fill_in(struct domain_config *config) __attribute__((warn_unused_result));

/* The same for one interface. */
int interface_fill_in(struct domain_interface *interface) __attribute__((warn_unused_result));

#endif
