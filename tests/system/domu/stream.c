/* SPDX-License-Identifier: MIT */
/*
 * Stream: a TCP connection over which pseudo-random bytes pass that both ends know, so that the
 * receiver compares every one. Usage: stream send ADDRESS PORT MIB, or stream receive PORT MIB;
 * the receiver exits with 0 when all came as sent and nothing more.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BLOCK (64u << 10)

static uint64_t state = 0x9e3779b97f4a7c15u;

static void block_fill(uint64_t block[BLOCK / 8])
{
    for (size_t i = 0; i < BLOCK / 8; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        block[i] = state;
    }
}

static int stop(const char *what)
{
    perror(what);
    return 1;
}

static int stream_send(const char *address, unsigned port, unsigned long mib)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    static uint64_t block[BLOCK / 8];
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (inet_pton(AF_INET, address, &to.sin_addr) != 1 ||
        connect(fd, (struct sockaddr *)&to, sizeof(to)))
        return stop("stream: connect");
    for (unsigned long left = mib << 20; left; left -= BLOCK) {
        block_fill(block);
        for (size_t done = 0; done < BLOCK;) {
            ssize_t n = write(fd, (char *)block + done, BLOCK - done);

            if (n <= 0)
                return stop("stream: write");
            done += (size_t)n;
        }
    }
    return shutdown(fd, SHUT_WR) || read(fd, block, 1) != 0 ? stop("stream: close") : 0;
}

static int stream_receive(unsigned port, unsigned long mib)
{
    struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    static uint64_t wanted[BLOCK / 8], block[BLOCK / 8];
    int listener = socket(AF_INET, SOCK_STREAM, 0), fd, one = 1;

    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(listener, (struct sockaddr *)&here, sizeof(here)) || listen(listener, 1))
        return stop("stream: listen");
    printf("stream: ready\n");
    fflush(stdout);
    fd = accept(listener, NULL, NULL);
    for (unsigned long left = mib << 20; left; left -= BLOCK) {
        if (recv(fd, block, BLOCK, MSG_WAITALL) != BLOCK)
            return stop("stream: cut short");
        block_fill(wanted);
        if (memcmp(block, wanted, BLOCK)) {
            fprintf(stderr, "stream: wrong bytes, %lu before the end\n", left);
            return 1;
        }
    }
    if (recv(fd, block, 1, 0) != 0)
        return stop("stream: more than was sent");
    printf("stream: %lu MiB as sent\n", mib);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 5 && !strcmp(argv[1], "send"))
        return stream_send(argv[2], (unsigned)atoi(argv[3]), strtoul(argv[4], NULL, 10));
    if (argc == 4 && !strcmp(argv[1], "receive"))
        return stream_receive((unsigned)atoi(argv[2]), strtoul(argv[3], NULL, 10));
    fprintf(stderr, "usage: stream send ADDRESS PORT MIB | stream receive PORT MIB\n");
    return 2;
}
