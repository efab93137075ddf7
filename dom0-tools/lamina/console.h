/* SPDX-License-Identifier: MIT */
/*
 * Console: the terminal becomes that of a domain, through lamina-consoled's socket.
 */
#ifndef LAMINA_CONSOLE_H
#define LAMINA_CONSOLE_H

#include "lamina/session.h"

/*
 * Shows what the domain said and says, and types what is typed here, until Ctrl-] or until the
 * domain is gone, which a line then says. A daemon that is not there yet, or is being restarted, is
 * waited for. LAMINA_OK, or the exit code after a complaint.
 */
int console_attach(struct session *session, unsigned domid, const char *name);

#endif
