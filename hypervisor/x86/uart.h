/* SPDX-License-Identifier: MIT */
/* The serial console's UART, for the rest of x86/. Output is machine_console_write(). */
#ifndef LAMINA_X86_UART_H
#define LAMINA_X86_UART_H

#include "lib/types.h"

/* First of its 8 ports; 0: there is none. */
uint16_t uart_port(void);
/* Route its interrupt input and let it interrupt for received bytes. I/O APICs must be up. */
void uart_receive_init(void);
/* Its interrupt, already acknowledged: pass on what was received. */
void uart_interrupt(void);
/* Is this its vector? */
bool uart_uses_vector(uint8_t vector);

#endif
