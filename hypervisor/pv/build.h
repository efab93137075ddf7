/* SPDX-License-Identifier: MIT */
/* dom0 under construction: shared by the files pv/build*.c and pv/start_info.c only. */
#ifndef LAMINA_PV_BUILD_H
#define LAMINA_PV_BUILD_H

#include "lib/pv_start.h"
#include "pv/guest_cpu.h"

struct pv_build {
    struct domain *d;
    const struct pv_image *image;
    struct pv_start start;
    struct pv_layout at;
    uint64_t *p2m; /* machine frame of each pseudo-physical one, while building */
    const char *why;
};

/* How far loading in place has come; zero before the first segment. */
struct in_place {
    uint64_t start_min;  /* where a segment may begin in memory, ... */
    uint64_t offset_min; /* ... and in the file */
};

/* Hypervisor address of a pseudo-physical frame. */
static inline void *build_frame(const struct pv_build *b, uint64_t pfn)
{
    return machine_map(_mfn(b->p2m[pfn]));
}

/* Returns rc, with the reason. */
int build_fail(struct pv_build *b, int rc, const char *why);
/* Fills b->p2m; the kernel's pages that in_place_pages() names hold their content already. */
int build_memory(struct pv_build *b, bool *initrd_in_place) must_check;
/* Frames that build_memory() will not need from the allocator. */
uint64_t build_memory_in_place(struct pv_build *b);
/* How many pages of segment `s` need no copy. Call for each segment in turn. */
uint64_t in_place_pages(const struct pv_build *b, const struct elf_segment *s,
                        struct in_place *place);
void start_info_build(struct pv_build *b);

#endif
