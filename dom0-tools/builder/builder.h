/* SPDX-License-Identifier: MIT */
/*
 * Builder: fills a new, paused domain with a PV kernel: memory, image, p2m list, start info, page
 * tables, rings for store and console, registers of vCPU 0 (abi.md, "How a domain starts").
 *
 * Kernel and initial RAM disk are untrusted: every offset and length of theirs is checked against
 * the file and against the domain's memory before it is used; nothing of a guest's file system is
 * ever read. The domain can only be destroyed after a failure.
 */
#ifndef LAMINA_BUILDER_BUILDER_H
#define LAMINA_BUILDER_BUILDER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "public/event_channel.h"
#include "public/xen.h"

struct build_request {
    domid_t domain;            /* created, with its vCPUs, without memory */
    const char *kernel;        /* path: bzImage or ELF */
    const char *initrd;        /* path, or NULL */
    const char *cmdline;       /* at most 1023 bytes, or NULL */
    uint64_t memory_kib;       /* to give it now: a multiple of 4 */
    uint64_t memory_max_kib;   /* what its memory map says; at least memory_kib */
    unsigned nr_vcpus;
    evtchn_port_t store_port;  /* the domain's own unbound ports, for dom0 to bind */
    evtchn_port_t console_port;
    domid_t store_domain, console_domain; /* who maps the rings by grants 1 and 0 */
};

struct build_result {
    uint64_t store_mfn;
    uint64_t console_mfn;
};

/* 0, or a negative errno value with the reason in *failure. */
int build_domain(const struct build_request *request, struct build_result *result,
                 struct failure *failure) __attribute__((warn_unused_result));

/* Where unpacked kernels are kept, by content; only the first start of a kernel pays for xz. */
#ifndef BUILDER_CACHE
#define BUILDER_CACHE "/var/cache/lamina/kernels"
#endif

/* PV GRUB as Debian's grub-xen-host installs it: what <bootloader> stands for. */
#define BUILDER_PVGRUB "/usr/lib/grub-xen/grub-x86_64-xen.bin"

/* Checks that the file is a kernel that build_domain() would take, without a domain. */
int build_check(const char *kernel, const char *initrd, uint64_t memory_kib,
                struct failure *failure) __attribute__((warn_unused_result));

#endif
