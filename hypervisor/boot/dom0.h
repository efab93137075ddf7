/* SPDX-License-Identifier: MIT */
#ifndef LAMINA_BOOT_DOM0_H
#define LAMINA_BOOT_DOM0_H

#include "boot/boot.h"

/* Say in one line why the machine cannot start, then reset it, or halt with noreboot. */
void boot_fail(const char *fmt, ...) printf_like(1, 2) noreturn;

/* Modules to a runnable dom0; boot_fail() when that cannot be. */
void dom0_start(const struct boot_info *info, const struct boot_options *options);

/* Pages dom0 gets of `available`, by options; 0 with *why set when that cannot be. For tests. */
uint64_t dom0_frames(const struct boot_options *options, uint64_t available, const char **why);

#endif
