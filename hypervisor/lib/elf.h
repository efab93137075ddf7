/* SPDX-License-Identifier: MIT */
/*
 * A bounded reader of 64-bit x86 ELF executables in memory, and of the notes in which a
 * paravirtualized kernel describes itself. The bytes are hostile: every offset is checked against
 * the image before it is followed, and no sum of two values from the image can wrap.
 */
#ifndef LAMINA_LIB_ELF_H
#define LAMINA_LIB_ELF_H

#include "lib/types.h"

#define ELF_SEGMENTS_MAX 64  /* program headers looked at; kernels have fewer than ten */
#define ELF_NOTES_MAX    256 /* notes looked at in all segments together */

struct elf_image {
    const uint8_t *data;
    uint64_t bytes;
    uint64_t entry;
    uint64_t headers, headers_end; /* offsets of the program headers */
    unsigned nr_headers;
};

struct elf_segment {
    uint32_t type; /* ELF_PT_* */
    uint64_t offset, vaddr, paddr;
    uint64_t file_bytes, memory_bytes; /* file_bytes <= memory_bytes for ELF_PT_LOAD */
};
#define ELF_PT_LOAD 1
#define ELF_PT_NOTE 4

/* 0, or -ENOEXEC with *why set to what is wrong with the file. */
int elf_open(struct elf_image *elf, const void *data, uint64_t bytes, const char **why) must_check;
/*
 * Segment `i`: -ENOENT past the last one, -ENOEXEC when it does not lie in the image. Only the two
 * types above are looked at: of others, nothing but the type can be relied on.
 */
int elf_segment(const struct elf_image *elf, unsigned i, struct elf_segment *out) must_check;

/* What the notes named "Xen" say; where a note x is absent, has_x is false and x is 0. */
struct elf_xen_notes {
    bool has_entry, has_hypercall_page, has_virt_base, has_paddr_offset, has_init_p2m;
    bool has_mod_start_pfn, has_hv_start_low, has_version;
    bool is_xen_3; /* XEN_VERSION absent or "xen-3.0" */
    uint64_t entry, hypercall_page, virt_base, paddr_offset, init_p2m;
    uint64_t mod_start_pfn; /* not 0: the initrd may be named by its frame number */
    uint64_t hv_start_low;  /* a 32-bit kernel names an address below 4 GiB */
    uint64_t features_required; /* bit per XENFEAT_*: "!name" in FEATURES */
};
/* 0, or -ENOEXEC with *why set. */
int elf_read_xen_notes(const struct elf_image *elf, struct elf_xen_notes *out, const char **why)
    must_check;

#endif
