/* SPDX-License-Identifier: MIT */
/*
 * ELF reader. Guarantees that whatever it hands out lies in the image; leaves to its caller whether
 * the addresses in the file make sense. Values are copied out of the image before they are looked
 * at, as nothing in it need be aligned.
 */
#include "lib/elf.h"

#include "lib/string.h"
#include "public/elfnote.h"
#include "lib/errno.h"
#include "public/features.h"

struct file_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, phoff, shoff;
    uint32_t flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct program_header {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

struct note_header {
    uint32_t name_bytes, desc_bytes, type;
};

#define ELF_TYPE_EXEC      2
#define ELF_TYPE_DYN       3
#define ELF_MACHINE_X86_64 62

static bool in_image(const struct elf_image *elf, uint64_t offset, uint64_t bytes)
{
    return offset <= elf->bytes && bytes <= elf->bytes - offset;
}

static int refuse(const char **why, const char *reason)
{
    *why = reason;
    return -ENOEXEC;
}

/* A Linux boot image has "HdrS" at 0x202 of its real-mode header; gzip and friends have magics. */
static const char *not_elf(const uint8_t *data, uint64_t bytes)
{
    if (bytes >= 0x206 && memcmp(data + 0x202, "HdrS", 4) == 0)
        return "it is a bzImage; extract the ELF kernel with lamina-extract-kernel";
    if (bytes >= 2 && data[0] == 0x1f && data[1] == 0x8b)
        return "it is compressed; give the uncompressed ELF kernel";
    return "it is not an ELF file";
}

int elf_open(struct elf_image *elf, const void *data, uint64_t bytes, const char **why)
{
    static const uint8_t magic[4] = { 0x7f, 'E', 'L', 'F' };
    struct file_header h;

    *elf = (struct elf_image){ .data = data, .bytes = bytes };
    if (bytes < sizeof(h) || memcmp(data, magic, sizeof(magic)) != 0)
        return refuse(why, not_elf(data, bytes));
    memcpy(&h, data, sizeof(h));
    if (h.ident[4] != 2 || h.ident[5] != 1 || h.machine != ELF_MACHINE_X86_64)
        return refuse(why, "it is not a 64-bit x86 ELF file");
    if (h.type != ELF_TYPE_EXEC && h.type != ELF_TYPE_DYN)
        return refuse(why, "it is an ELF file, but not an executable");
    if (h.phnum == 0 || h.phnum > ELF_SEGMENTS_MAX || h.phentsize != sizeof(struct program_header))
        return refuse(why, "its ELF program headers are malformed");
    if (!in_image(elf, h.phoff, (uint64_t)h.phnum * h.phentsize))
        return refuse(why, "the ELF file is truncated");
    elf->entry = h.entry;
    elf->headers = h.phoff;
    elf->headers_end = h.phoff + (uint64_t)h.phnum * h.phentsize;
    elf->nr_headers = h.phnum;
    return 0;
}

int elf_segment(const struct elf_image *elf, unsigned i, struct elf_segment *out)
{
    struct program_header p;

    if (i >= elf->nr_headers)
        return -ENOENT;
    memcpy(&p, elf->data + elf->headers + i * sizeof(p), sizeof(p));
    *out = (struct elf_segment){ .type = p.type,
                                 .offset = p.offset,
                                 .vaddr = p.vaddr,
                                 .paddr = p.paddr,
                                 .file_bytes = p.filesz,
                                 .memory_bytes = p.memsz };
    if (p.type != ELF_PT_LOAD && p.type != ELF_PT_NOTE)
        return 0;
    if (!in_image(elf, p.offset, p.filesz))
        return -ENOEXEC;
    if (p.type == ELF_PT_LOAD && (p.filesz > p.memsz || p.paddr + p.memsz < p.paddr))
        return -ENOEXEC;
    return 0;
}

static const struct {
    const char *name;
    unsigned bit;
} feature_names[] = {
    { "writable_page_tables", XENFEAT_writable_page_tables },
    { "writable_descriptor_tables", XENFEAT_writable_descriptor_tables },
    { "auto_translated_physmap", XENFEAT_auto_translated_physmap },
    { "supervisor_mode_kernel", XENFEAT_supervisor_mode_kernel },
    { "pae_pgdir_above_4gb", XENFEAT_pae_pgdir_above_4gb },
    { "dom0", XENFEAT_dom0 },
};

static bool word_is(const char *word, size_t n, const char *name)
{
    return strlen(name) == n && memcmp(word, name, n) == 0;
}

/* "a|!b|c": the bits of the words behind an exclamation mark. */
static uint64_t parse_features(const char *s, size_t bytes)
{
    uint64_t required = 0;
    size_t i = 0;

    while (i < bytes && s[i] != 0) {
        bool must = s[i] == '!';
        size_t start = i + must, end = start;

        while (end < bytes && s[end] != 0 && s[end] != '|')
            end++;
        for (unsigned f = 0; must && f < ARRAY_SIZE(feature_names); f++)
            if (word_is(s + start, end - start, feature_names[f].name))
                required |= UINT64_C(1) << feature_names[f].bit;
        i = end + (end < bytes && s[end] == '|');
    }
    return required;
}

/* Numbers are 8 bytes, or 4 as older tools wrote them. */
static bool note_number(const uint8_t *desc, uint32_t bytes, uint64_t *out)
{
    uint32_t low;

    if (bytes == sizeof(*out)) {
        memcpy(out, desc, sizeof(*out));
        return true;
    }
    if (bytes != sizeof(low))
        return false;
    memcpy(&low, desc, sizeof(low));
    *out = low;
    return true;
}

/* Notes that are numbers, and where they go. */
#define NUMBER(note, field) { note, offsetof(struct elf_xen_notes, has_##field),                   \
                              offsetof(struct elf_xen_notes, field) }
static const struct {
    uint32_t type;
    size_t has, value;
} number_notes[] = {
    NUMBER(XEN_ELFNOTE_ENTRY, entry),
    NUMBER(XEN_ELFNOTE_HYPERCALL_PAGE, hypercall_page),
    NUMBER(XEN_ELFNOTE_VIRT_BASE, virt_base),
    NUMBER(XEN_ELFNOTE_PADDR_OFFSET, paddr_offset),
    NUMBER(XEN_ELFNOTE_INIT_P2M, init_p2m),
    NUMBER(XEN_ELFNOTE_MOD_START_PFN, mod_start_pfn),
    NUMBER(XEN_ELFNOTE_HV_START_LOW, hv_start_low),
};

static bool note_take(struct elf_xen_notes *n, uint32_t type, const uint8_t *desc, uint32_t bytes)
{
    for (unsigned i = 0; i < ARRAY_SIZE(number_notes); i++) {
        if (number_notes[i].type == type) {
            *(bool *)((char *)n + number_notes[i].has) = true;
            return note_number(desc, bytes, (uint64_t *)((char *)n + number_notes[i].value));
        }
    }
    if (type == XEN_ELFNOTE_XEN_VERSION) {
        n->has_version = true;
        n->is_xen_3 = bytes >= 7 && memcmp(desc, "xen-3.0", 7) == 0;
    } else if (type == XEN_ELFNOTE_LOADER) {
        n->has_version = true; /* older kernels name their loader instead */
    } else if (type == XEN_ELFNOTE_FEATURES) {
        n->features_required |= parse_features((const char *)desc, bytes);
    }
    return true;
}

/* One segment of notes; `budget` bounds the work over all of them. */
static bool notes_walk(const uint8_t *p, uint64_t bytes, struct elf_xen_notes *out,
                       unsigned *budget)
{
    while (bytes >= sizeof(struct note_header) && *budget > 0) {
        struct note_header h;
        uint64_t name_bytes, desc_bytes;

        memcpy(&h, p, sizeof(h));
        name_bytes = ROUND_UP((uint64_t)h.name_bytes, 4);
        desc_bytes = ROUND_UP((uint64_t)h.desc_bytes, 4);
        p += sizeof(h);
        bytes -= sizeof(h);
        /* The padding behind the last description may be missing. */
        if (name_bytes > bytes || h.desc_bytes > bytes - name_bytes)
            return false;
        if (h.name_bytes == 4 && memcmp(p, "Xen", 4) == 0 &&
            !note_take(out, h.type, p + name_bytes, h.desc_bytes))
            return false;
        if (desc_bytes > bytes - name_bytes)
            return true;
        p += name_bytes + desc_bytes;
        bytes -= name_bytes + desc_bytes;
        (*budget)--;
    }
    return true;
}

int elf_read_xen_notes(const struct elf_image *elf, struct elf_xen_notes *out, const char **why)
{
    unsigned budget = ELF_NOTES_MAX;

    *out = (struct elf_xen_notes){ .is_xen_3 = true };
    for (unsigned i = 0; i < elf->nr_headers; i++) {
        struct elf_segment s;

        if (elf_segment(elf, i, &s) != 0)
            return refuse(why, "the ELF file is truncated");
        if (s.type == ELF_PT_NOTE &&
            !notes_walk(elf->data + s.offset, s.file_bytes, out, &budget))
            return refuse(why, "its ELF notes are malformed");
    }
    if (!out->has_entry && !out->has_hypercall_page && !out->has_virt_base && !out->has_version)
        return refuse(why, "it has no Xen notes; a kernel with CONFIG_XEN_PV is needed");
    if (!out->is_xen_3 || (out->hv_start_low != 0 && out->hv_start_low >> 32 == 0))
        return refuse(why, "it is not a kernel for the 64-bit xen-3.0 interface");
    return 0;
}
