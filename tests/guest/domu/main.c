/* SPDX-License-Identifier: MIT */
/*
 * DomU: the smallest domain with a console, for tests of the tools. It says "LAMINA-DOMU NAME
 * ready", where NAME comes from lamina.name= of its command line; then obeys one letter at a time:
 * p powers off, r reboots, c crashes, x breaks itself so that the hypervisor ends it; all else is
 * echoed.
 */
#include "check.h"

#define NAME_MAX 64

static const char option[] = "lamina.name=";

/* Copies the value of lamina.name= from the command line. */
static void name_get(char name[NAME_MAX])
{
    const int8_t *line = start_info->cmd_line;
    unsigned matched = 0, used = 0, i = 0;

    for (; i < MAX_GUEST_CMDLINE && line[i] && option[matched]; i++)
        matched = line[i] == option[matched] ? matched + 1 : line[i] == option[0];
    if (!option[matched])
        for (; i < MAX_GUEST_CMDLINE && line[i] && line[i] != ' ' && used < NAME_MAX - 1; i++)
            name[used++] = (char)line[i];
    name[used] = '\0';
}

static void obey(char letter)
{
    switch (letter) {
    case 'p':
        guest_shutdown(SHUTDOWN_poweroff);
    case 'r':
        guest_shutdown(SHUTDOWN_reboot);
    case 'c':
        guest_shutdown(SHUTDOWN_crash);
    case 'x':
        NEED(hypercall_stack_switch(FLAT_KERNEL_SS, 0));
        __asm__ volatile("xorl %%esp, %%esp\n\tud2" : : : "memory");
        __builtin_unreachable();
    default:
        console_write(&letter, 1);
    }
}

void test_main(void)
{
    char name[NAME_MAX];

    if (start_info->flags & SIF_INITDOMAIN)
        test_skip("this guest is for domains other than dom0");
    name_get(name);
    console_print("LAMINA-DOMU %s ready\r\n", name);
    for (;;)
        obey(console_read());
}
