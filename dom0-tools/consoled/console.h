/* SPDX-License-Identifier: MIT */
/*
 * Where lamina-consoled offers consoles. A stream socket for each domain: whoever connects first
 * gets the newest CONSOLE_BACKLOG bytes of what the domain said, then everything it says, and what
 * he sends is typed. Any number may be connected; a slow one loses output, never holds the others
 * or the domain. Closed when the domain is gone. The log is CONSOLE_LOG, the older parts .1, .2 ...
 */
#ifndef LAMINA_CONSOLED_CONSOLE_H
#define LAMINA_CONSOLED_CONSOLE_H

#define CONSOLE_SOCKET  "/run/lamina/console/%u"         /* domain number */
#define CONSOLE_LOG     "/var/log/lamina/console/%s.log" /* domain name */
#define CONSOLE_BACKLOG (64 << 10)

#endif
