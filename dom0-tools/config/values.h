/* SPDX-License-Identifier: MIT */
/*
 * Values: the small notations inside domain XML. Every reader takes the whole text or refuses it,
 * returns 0 or -EINVAL, and leaves *value alone when it refuses.
 */
#ifndef LAMINA_CONFIG_VALUES_H
#define LAMINA_CONFIG_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Whether a domain may be called so. The name also stands in file names, and beside numeric ids on
 * the command line.
 */
bool value_is_name(const char *text);

/* A decimal number without sign, at most max. */
int value_read_number(const char *text, uint64_t max, uint64_t *value);

/* A decimal number with optional sign, of magnitude at most max. */
int value_read_signed(const char *text, uint64_t max, int64_t *value);

/* A number of units to KiB, rounded up. unit NULL is KiB; b, KB, KiB ... TB, TiB as in libvirt. */
int value_read_kib(const char *text, const char *unit, uint64_t *kib);

/* The same to bytes, where an absent unit means bytes. */
int value_read_bytes(const char *text, const char *unit, uint64_t *bytes);

/* Processors below 64: "0-3,^2,8" to a set that is not empty. */
int value_read_cpuset(const char *text, uint64_t *cpus);

#define VALUE_CPUSET_SIZE 192u /* 32 lone processors of two digits with commas fit */
void value_write_cpuset(uint64_t cpus, char text[VALUE_CPUSET_SIZE]);

/* 32 hexadecimal digits; hyphens may stand between them. */
int value_read_uuid(const char *text, uint8_t uuid[16]);

/* Six pairs of hexadecimal digits with colons; not a multicast address. */
int value_read_mac(const char *text, uint8_t mac[6]);

/* The index of text in a list of names that ends with NULL, or -1. */
int value_find(const char *text, const char *const *names);

#endif
