/* SPDX-License-Identifier: MIT */
/*
 * Datagram: asks ADDRESS at UDP port PORT until an answer comes, and prints it; with "once" it
 * sends one and waits for nothing. Usage: datagram ADDRESS PORT [once]. Exits with 1 when none
 * came.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define TRIES  60
#define TRY_MS 1000

static int ask(int fd, int tries)
{
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    char answer[2048];

    for (int i = 0; i < tries; i++) {
        ssize_t bytes;

        if (send(fd, "?", 1, 0) != 1 || poll(&wait, 1, TRY_MS) <= 0)
            continue;
        bytes = recv(fd, answer, sizeof(answer), 0);
        if (bytes > 0)
            return fwrite(answer, 1, (size_t)bytes, stdout) != (size_t)bytes;
    }
    fprintf(stderr, "datagram: no answer\n");
    return 1;
}

int main(int argc, char **argv)
{
    struct sockaddr_in to = { .sin_family = AF_INET };
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    if (argc < 3 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) {
        fprintf(stderr, "usage: datagram ADDRESS PORT [once]\n");
        return 2;
    }
    to.sin_port = htons((uint16_t)atoi(argv[2]));
    if (connect(fd, (struct sockaddr *)&to, sizeof(to))) {
        perror("datagram");
        return 1;
    }
    return argc > 3 ? send(fd, ".", 1, 0) != 1 : ask(fd, TRIES);
}
