/* SPDX-License-Identifier: MIT */
/*
 * The two multiboot protocols, parsed from loader memory that only `at` may reach: it returns where
 * `bytes` bytes at a machine address can be read, or NULL.
 */
#ifndef LAMINA_BOOT_MULTIBOOT_H
#define LAMINA_BOOT_MULTIBOOT_H

#include "boot/boot.h"

#define MULTIBOOT1_MAGIC 0x2badb002u /* in EAX at the entry */
#define MULTIBOOT2_MAGIC 0x36d76289u

typedef const void *boot_memory_fn(maddr_t addr, uint64_t bytes);

/* 0, or -EINVAL with *why. Strings are cut to what fits; ranges come as the loader gave them. */
int multiboot1_read(maddr_t info, boot_memory_fn *at, struct boot_info *out, const char **why)
    must_check;
int multiboot2_read(maddr_t info, boot_memory_fn *at, struct boot_info *out, const char **why)
    must_check;

#endif
