/* SPDX-License-Identifier: MIT */
/* The machine as a domain of Lamina: the front ends of disk and network. */
#include "common/machine.h"
#include "lamina/block.h"
#include "lamina/grant.h"
#include "lamina/net.h"
#include "lamina/store.h"

#define XVDA         51712u
#define PAGE_SECTORS 8u

static struct block block;
static struct net net;
static char block_ring[4096] __attribute__((aligned(4096)));
static struct net_pages net_pages __attribute__((aligned(4096)));

/* What both need, once. */
static bool is_ready(void)
{
    static bool was_tried, is_good;

    if (!was_tried) {
        was_tried = true;
        is_good = !grant_init() && !store_init();
    }
    return is_good;
}

int machine_disk_open(uint64_t *nr_sectors)
{
    if (!is_ready() || block_open(&block, XVDA, block_ring))
        return -1;
    *nr_sectors = block.nr_sectors;
    return 0;
}

int machine_disk_transfer(bool is_write, uint64_t sector, void *page)
{
    long error = is_write ? block_write(&block, sector, PAGE_SECTORS, page)
                          : block_read(&block, sector, PAGE_SECTORS, page);

    return error ? -1 : 0;
}

int machine_net_open(uint8_t mac[6])
{
    if (!is_ready() || net_open(&net, 0, &net_pages))
        return -1;
    __builtin_memcpy(mac, net.mac, 6);
    return 0;
}

int machine_net_send(const void *frame, size_t bytes)
{
    return net_send(&net, frame, bytes) ? -1 : 0;
}

size_t machine_net_receive(void *frame, size_t size, uint64_t deadline_ns)
{
    long bytes = net_receive_wait(&net, frame, size, deadline_ns);

    return bytes > 0 ? (size_t)bytes : 0;
}
