/* SPDX-License-Identifier: MIT */
/* A network of one address: answers ARP and ping, and serves one page over UDP. */
#ifndef KERNEL_NET_H
#define KERNEL_NET_H

#include <stdint.h>

/* Serves 10.9.0.9 until a packet to UDP port 9 comes, or nothing at all for that long. Any packet
 * to UDP port 80 is answered with the page. Returns how many it answered. */
unsigned net_serve(const uint8_t mac[6], uint64_t quiet_ns);

#endif
