/* SPDX-License-Identifier: MIT */
/*
 * Pings: COUNT echo requests to ADDRESS, a few under way at a time; the next leaves when an answer
 * comes, so that nothing waits for a clock. Every answer must be one that was asked for, once, with
 * the payload that was sent. Usage: pings COUNT ADDRESS. Exits with 0 when none was lost.
 */
#include <arpa/inet.h>
#include <linux/icmp.h>
#include <netinet/ip.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define UNDER_WAY  8
#define LOST_MS    10000 /* no answer to anything for so long: what is missing is lost */
#define ROUNDS_MAX 65535 /* sequence numbers are 16 bits wide */

struct echo {
    struct icmphdr header;
    uint8_t payload[56];
};

static bool answered[ROUNDS_MAX];

static uint16_t checksum(const void *data, size_t bytes)
{
    const uint16_t *words = data;
    uint32_t sum = 0;

    for (size_t i = 0; i < bytes / 2; i++)
        sum += words[i];
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static void echo_make(struct echo *echo, unsigned round)
{
    memset(echo, 0, sizeof(*echo));
    echo->header.type = ICMP_ECHO;
    echo->header.un.echo.id = htons((uint16_t)getpid());
    echo->header.un.echo.sequence = htons((uint16_t)round);
    for (size_t i = 0; i < sizeof(echo->payload); i++)
        echo->payload[i] = (uint8_t)(round + i);
    echo->header.checksum = checksum(echo, sizeof(*echo));
}

static bool echo_send(int fd, const struct sockaddr_in *to, unsigned round)
{
    struct echo echo;

    echo_make(&echo, round);
    return sendto(fd, &echo, sizeof(echo), 0, (const struct sockaddr *)to, sizeof(*to)) ==
           sizeof(echo);
}

/*
 * A raw socket is given every ICMP packet of the machine, and drops what finds no room: without
 * this, others' requests could cost us answers.
 */
static int open_for_answers(const struct sockaddr_in *from)
{
    const struct icmp_filter others = { ~(1u << ICMP_ECHOREPLY) };
    int fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);

    if (fd >= 0 && (setsockopt(fd, SOL_RAW, ICMP_FILTER, &others, sizeof(others)) ||
                    connect(fd, (const struct sockaddr *)from, sizeof(*from)))) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Takes one packet: true when it answers a round that nothing had answered yet. */
static bool echo_take(int fd, const struct sockaddr_in *from, unsigned sent)
{
    uint8_t packet[2048];
    struct sockaddr_in source;
    socklen_t length = sizeof(source);
    ssize_t got = recvfrom(fd, packet, sizeof(packet), 0, (struct sockaddr *)&source, &length);
    size_t head = (size_t)((struct iphdr *)packet)->ihl * 4;
    struct echo *echo = (struct echo *)(packet + head), wanted;
    unsigned round;

    if (got != (ssize_t)(head + sizeof(*echo)) || source.sin_addr.s_addr != from->sin_addr.s_addr ||
        echo->header.type != ICMP_ECHOREPLY || echo->header.un.echo.id != htons((uint16_t)getpid()))
        return false;
    round = ntohs(echo->header.un.echo.sequence);
    echo_make(&wanted, round);
    if (round >= sent || answered[round] ||
        memcmp(echo->payload, wanted.payload, sizeof(wanted.payload)))
        return false;
    answered[round] = true;
    return true;
}

int main(int argc, char **argv)
{
    struct sockaddr_in to = { .sin_family = AF_INET };
    unsigned long count = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
    unsigned sent = 0, received = 0;
    struct pollfd wait = { .events = POLLIN };

    if (!count || count > ROUNDS_MAX || inet_pton(AF_INET, argv[2], &to.sin_addr) != 1) {
        fprintf(stderr, "usage: pings COUNT ADDRESS\n");
        return 2;
    }
    wait.fd = open_for_answers(&to);
    if (wait.fd < 0) {
        perror("pings: socket");
        return 2;
    }
    do {
        while (sent < count && sent - received < UNDER_WAY && echo_send(wait.fd, &to, sent))
            sent++;
        if (poll(&wait, 1, LOST_MS) <= 0)
            break;
        received += echo_take(wait.fd, &to, sent);
    } while (received < count);
    printf("%u pings sent, %u answered\n", sent, received);
    return received == count ? 0 : 1;
}
