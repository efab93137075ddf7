/* SPDX-License-Identifier: MIT */
/* console_io: dom0 writes to and reads from the serial console; input raises VIRQ_CONSOLE. */
#ifndef LAMINA_CORE_CONSOLE_H
#define LAMINA_CORE_CONSOLE_H

#include "lib/types.h"

void console_init(void);
size_t console_read(char *dst, size_t n); /* bytes typed and not read yet */
/* Three Ctrl-A switch input between dom0 and the hypervisor's debug keys, as Xen does. */
void console_debug_key(uint8_t key); /* also sysctl debug_keys */

#endif
