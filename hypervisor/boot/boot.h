/* SPDX-License-Identifier: MIT */
/*
 * What the loader told us, whichever protocol it spoke, and the options of the command line.
 */
#ifndef LAMINA_BOOT_BOOT_H
#define LAMINA_BOOT_BOOT_H

#include "lib/limits.h"
#include "lib/types.h"

#define MAPPED_AT_BOOT (UINT64_C(4) << 30) /* the direct map reaches this far when we start */

struct memory_range {
    maddr_t start, end; /* bytes; sorted, non-overlapping after boot_info_read() */
    uint32_t type;      /* e820: 1 RAM, 2 reserved, 3 ACPI, 4 NVS, 5 unusable */
};
struct boot_module {
    maddr_t start, end;
    char cmdline[COMMAND_LINE_MAX];
};
/* A frame buffer, as both protocols describe it. */
struct boot_screen {
    maddr_t base;
    uint32_t pitch, width, height;
    uint8_t bpp, kind; /* kind 1: direct colour */
} __attribute__((packed));
struct boot_info {
    const char *loader;                /* name of the protocol */
    char cmdline[COMMAND_LINE_MAX];    /* without the file name */
    unsigned nr_ranges, nr_modules;
    struct memory_range range[MEMORY_RANGES_MAX];
    struct boot_module module[4];      /* 0 kernel, 1 initrd */
    maddr_t rsdp;                      /* copy handed over by multiboot2; 0: search */
    bool efi;
    struct boot_screen screen;         /* width 0: none */
};
/* 0, or -EINVAL with *why set to one line. Loader data is untrusted: bounded, copied. */
int boot_info_read(uint32_t magic, maddr_t info, struct boot_info *out, const char **why)
    must_check;

struct boot_options {
    uint64_t dom0_mem_frames, dom0_mem_min, dom0_mem_max; /* 0: default */
    unsigned dom0_max_vcpus, maxcpus;
    uint16_t com1_port;
    unsigned com1_baud;
    int loglvl, guest_loglvl;
    bool noreboot, console_com1;
};
/* Parses Xen's option names; `complain` (or NULL) hears of each unknown or malformed one. */
void boot_options_parse(const char *cmdline, struct boot_options *out,
                        void (*complain)(const char *word, const char *what));

#endif
