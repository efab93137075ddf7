/* SPDX-License-Identifier: MIT */
/*
 * Another domain, made by a dom0 micro-guest out of a guest's ELF image: memory, page tables,
 * start info, console, one vCPU. What can go wrong ends the test with an error. It has no store
 * daemon: the frame of its store ring is a board that it shares with us.
 */
#ifndef TESTS_GUEST_DOMAIN_H
#define TESTS_GUEST_DOMAIN_H

#include "check.h"

#define DOMAIN_FRAMES_MAX 8192
#define DOMAIN_RUNNING    (-1)

struct test_domain {
    uint64_t p2m[DOMAIN_FRAMES_MAX] PAGE; /* machine frame of each pseudo-physical one */
    char board[4096] PAGE;                /* its store ring's frame, once started */
    char console[4096] PAGE;
    uint64_t board_entry, console_entry; /* what our own tables held there */
    domid_t id;
    evtchn_port_t port; /* ours of its console */
    bool is_shown;      /* console_pump() prints */
};

/* The ELF image that the boot loader gave to dom0 as second module. */
const void *domain_image(uint64_t *bytes);
/* Gives `nr` of this domain's last frames back, so that others can be made. Once. */
void domain_room(uint64_t nr);

/* Makes a domain of `frames`; it runs once unpaused. */
void domain_make(struct test_domain *d, const void *image, uint64_t bytes, uint64_t frames,
                 const char *cmdline);
void domain_unpause(struct test_domain *d);
/* Takes what it said since, and prints it if it is to be shown. */
void domain_pump(struct test_domain *d);
/* DOMAIN_RUNNING, or the SHUTDOWN_* reason of its end. */
int domain_state(const struct test_domain *d);
/* Destroys it and waits until nothing of it is left: false if that takes too long. */
bool domain_destroy(struct test_domain *d);
/* Free frames of the machine. */
uint64_t domain_free_frames(void);
/* Sleeps until an event or for `ns`. */
void domain_wait(const struct test_domain *d, uint64_t ns);

#endif
