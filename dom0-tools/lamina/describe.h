/* SPDX-License-Identifier: MIT */
/*
 * Describe: the words for what hypervisor and store know of a domain, the same in every listing.
 */
#ifndef LAMINA_DESCRIBE_H
#define LAMINA_DESCRIBE_H

#include <stdbool.h>
#include <stdint.h>

#include "domain/domain.h"

/*
 * One word: "dying", "building", "crashed", "shutdown", "paused", "running" (on a processor now),
 * "blocked" (waits for an event), "ready" (waits for a processor). The first that fits.
 */
const char *describe_state(const struct domain_entry *entry);

/* Why it shut down: "poweroff", "reboot", "suspend", "crash", "watchdog", "soft-reset"; or NULL. */
const char *describe_reason(const struct domain_entry *entry);

/* The six letters that xl prints: r b p s c d, or '-'. */
#define DESCRIBE_FLAGS_SIZE 7u
void describe_flags(const struct domain_entry *entry, char flags[DESCRIBE_FLAGS_SIZE]);

/* Pages to KiB; the most there can be where that would overflow. */
uint64_t describe_kib(uint64_t pages);

/* Bytes in at most five characters: "999B", "12.3K", "456M". */
#define DESCRIBE_BYTES_SIZE 16u
void describe_bytes(uint64_t bytes, char text[DESCRIBE_BYTES_SIZE]);

/* dom0 may have no limit at all, which is a count of pages that no machine has. */
bool describe_is_unlimited(uint64_t max_pages);

#define DESCRIBE_UUID_SIZE 37u
void describe_uuid(const uint8_t uuid[16], char text[DESCRIBE_UUID_SIZE]);

/* A set of processors: "all", or "0-3,5"; nr: how many there are. */
#define DESCRIBE_CPUS_SIZE 192u
void describe_cpus(uint64_t cpus, unsigned nr, char text[DESCRIBE_CPUS_SIZE]);

/* XenbusState: "connected" ... */
const char *describe_device_state(unsigned state);

#endif
