/* SPDX-License-Identifier: MIT */
/*
 * Interrupt: handlers that do nothing but say so.
 */
#include "lamina/interrupt.h"

#include <stddef.h>

static volatile sig_atomic_t flag;
const volatile sig_atomic_t *const interrupted = &flag;

static void set_flag(int signal_number)
{
    (void)signal_number;
    flag = 1;
}

void interrupt_take(void)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
    /* No SA_RESTART: a wait for a lock or an event is to end. */
    struct sigaction action = { .sa_handler = set_flag };

    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        sigaction(signals[i], &action, NULL);
}
