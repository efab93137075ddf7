/* SPDX-License-Identifier: MIT */
/*
 * Fakes: hypervisor, store, builder and devices as far as the domain library uses them, in memory
 * that child processes share, so that what a killed child left can be looked at.
 *
 * Every call that changes something counts. One of them can be made to fail, to be the last thing
 * that its process does, or never to return.
 */
#ifndef DOMAIN_FAKES_H
#define DOMAIN_FAKES_H

#include <stdbool.h>
#include <stddef.h>

enum fake_mode { FAKE_PASS, FAKE_FAIL, FAKE_DIE, FAKE_HANG };

/* Empties everything; the store and the run directory too. */
void fakes_reset(void);

/* The call of that number, from 1 and counted anew from here, fails once or dies. 0: none. */
void fakes_inject(enum fake_mode mode, unsigned call);

/* A byte is written there when a call hangs. */
void fakes_tell(int fd);

/* Whether the injected call was reached. */
bool fakes_injected(void);

/* Everything that there is, as text, but for the number that was given last. Static. */
const char *fakes_snapshot(void);

/* What a domain of the fake hypervisor is like. */
struct fake_domain {
    bool used, paused, introduced;
    unsigned flags; /* XEN_DOMINF_* */
    unsigned char uuid[16];
    unsigned nr_vcpus, nr_ports, nr_devices;
    unsigned long long memory_max_kib, pages;
    unsigned long long affinity[64];
    unsigned weight, cap;
    long long time_offset;
};
struct fake_domain *fake_domain(unsigned domid);

/* A node's value, or NULL. */
const char *fake_node(const char *path);
void fake_node_set(const char *path, const char *value);

#endif
