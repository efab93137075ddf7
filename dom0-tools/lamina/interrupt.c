/* SPDX-License-Identifier: MIT */
/*
 * Interrupt: handlers that do nothing but say so.
 */
#include "lamina/interrupt.h"

#include <stddef.h>

static volatile sig_atomic_t flag;
const volatile sig_atomic_t *const interrupted = &flag;

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

static void set_all(void (*handler)(int signal_number))
{
    /* No SA_RESTART: a wait for a lock or an event is to end. */
    struct sigaction action = { .sa_handler = handler };

    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        sigaction(signals[i], &action, NULL);
}

/* Tidying up has waits as well, which no second signal shall end. */
static void set_flag(int signal_number)
{
    (void)signal_number;
    flag = 1;
    set_all(SIG_IGN);
}

void interrupt_take(void)
{
    set_all(set_flag);
}
