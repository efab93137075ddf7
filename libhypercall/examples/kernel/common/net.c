/* SPDX-License-Identifier: MIT */
/*
 * The network. Every answer is the question turned round: addresses swapped in place, checksums
 * made anew. Lengths in a packet are compared with the bytes that came before they are used.
 */
#include "common/machine.h"
#include "common/net.h"

#define FRAME_MAX 1514u
#define ETH_BYTES 14u
#define ARP_BYTES 28u
#define IP_BYTES  20u
#define UDP_BYTES 8u
#define PORT_PAGE 80u
#define PORT_QUIT 9u

static const uint8_t own_ip[4] = { 10, 9, 0, 9 };
static const char page[] = "<html><body><h1>Served by a kernel of 400 lines</h1></body></html>\n";
static uint8_t frame[FRAME_MAX];

static unsigned get16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static bool is_equal(const uint8_t *a, const uint8_t *b, unsigned bytes)
{
    while (bytes && *a == *b)
        bytes--, a++, b++;
    return !bytes;
}

static void copy(uint8_t *to, const uint8_t *from, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        to[i] = from[i];
}

static void swap(uint8_t *a, uint8_t *b, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        uint8_t was = a[i];

        a[i] = b[i];
        b[i] = was;
    }
}

static unsigned checksum(const uint8_t *at, unsigned bytes)
{
    unsigned sum = 0;

    for (unsigned i = 0; i + 1 < bytes; i += 2)
        sum += get16(at + i);
    if (bytes & 1)
        sum += (unsigned)at[bytes - 1] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return ~sum & 0xffff;
}

static size_t answer_arp(const uint8_t mac[6], size_t bytes)
{
    uint8_t *arp = frame + ETH_BYTES;

    if (bytes < ETH_BYTES + ARP_BYTES || get16(arp + 6) != 1 || !is_equal(arp + 24, own_ip, 4))
        return 0;
    put16(arp + 6, 2);
    swap(arp + 8, arp + 18, 10);
    copy(arp + 8, mac, 6);
    return ETH_BYTES + ARP_BYTES;
}

static size_t answer_ping(uint8_t *icmp, size_t bytes)
{
    if (bytes < 8 || icmp[0] != 8)
        return 0;
    icmp[0] = 0;
    put16(icmp + 2, 0);
    put16(icmp + 2, checksum(icmp, (unsigned)bytes));
    return bytes;
}

static size_t answer_udp(uint8_t *udp, size_t bytes, bool *is_over)
{
    if (bytes < UDP_BYTES)
        return 0;
    *is_over |= get16(udp + 2) == PORT_QUIT;
    if (get16(udp + 2) != PORT_PAGE)
        return 0;
    swap(udp, udp + 2, 2);
    copy(udp + UDP_BYTES, (const uint8_t *)page, sizeof(page) - 1);
    put16(udp + 4, UDP_BYTES + sizeof(page) - 1);
    put16(udp + 6, 0); /* UDP's checksum may be absent */
    return UDP_BYTES + sizeof(page) - 1;
}

static size_t answer_ip(size_t bytes, bool *is_over)
{
    uint8_t *ip = frame + ETH_BYTES;
    size_t total, answer = 0;

    if (bytes < ETH_BYTES + IP_BYTES || ip[0] != 0x45 || !is_equal(ip + 16, own_ip, 4))
        return 0;
    total = get16(ip + 2);
    if (total < IP_BYTES || total > bytes - ETH_BYTES || get16(ip + 6) & 0x3fff) /* fragments */
        return 0;
    if (ip[9] == 1)
        answer = answer_ping(ip + IP_BYTES, total - IP_BYTES);
    else if (ip[9] == 17)
        answer = answer_udp(ip + IP_BYTES, total - IP_BYTES, is_over);
    if (!answer)
        return 0;
    swap(ip + 12, ip + 16, 4);
    put16(ip + 2, IP_BYTES + (unsigned)answer);
    put16(ip + 10, 0);
    put16(ip + 10, checksum(ip, IP_BYTES));
    return ETH_BYTES + IP_BYTES + answer;
}

unsigned net_serve(const uint8_t mac[6], uint64_t quiet_ns)
{
    unsigned answered = 0;
    bool is_over = false;

    while (!is_over) {
        size_t bytes = machine_net_receive(frame, FRAME_MAX, machine_now_ns() + quiet_ns);
        size_t answer = 0;

        if (!bytes)
            break;
        if (bytes >= ETH_BYTES && get16(frame + 12) == 0x0806)
            answer = answer_arp(mac, bytes);
        else if (bytes >= ETH_BYTES && get16(frame + 12) == 0x0800)
            answer = answer_ip(bytes, &is_over);
        if (!answer)
            continue;
        swap(frame, frame + 6, 6);
        copy(frame + 6, mac, 6);
        if (!machine_net_send(frame, answer))
            answered++;
    }
    return answered;
}
