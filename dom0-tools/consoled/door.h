/* SPDX-License-Identifier: MIT */
/*
 * Door: the ways to a console for programs of this domain: a socket for any number of readers, and
 * a pseudo terminal for tools that look for one in the store. A way that cannot be made is told in
 * the log; the console is served without it.
 */
#ifndef LAMINA_CONSOLED_DOOR_H
#define LAMINA_CONSOLED_DOOR_H

struct guest;
struct server;

/* -ENOMEM, or 0 for all else. */
int door_open_terminal(struct guest *guest) __attribute__((warn_unused_result));

/* The socket has its name once it can be connected to. */
void door_open_socket(struct guest *guest);

/* Takes the socket's name away and lets go of the terminal; readers are the guest's. */
void door_close(struct guest *guest);

/* Makes the folder of sockets, without those that a killed predecessor left. */
int door_prepare(const struct server *server) __attribute__((warn_unused_result));

#endif
