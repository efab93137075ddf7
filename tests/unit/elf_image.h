/* SPDX-License-Identifier: MIT */
/*
 * A PV kernel made by a test: an ELF file with loadable segments and Xen notes, in memory. The
 * program headers and then the notes stand in its first page.
 */
#ifndef TESTS_ELF_IMAGE_H
#define TESTS_ELF_IMAGE_H

#include <stdint.h>
#include <string.h>

#define IMAGE_NOTES_AT 1024u
#define IMAGE_FIRST    4096u /* where content may start */

struct elf_maker {
    uint8_t *data;
    unsigned nr_headers, notes_end;
};

static inline void image_put(struct elf_maker *m, unsigned offset, uint64_t v, unsigned bytes)
{
    memcpy(m->data + offset, &v, bytes);
}

static inline unsigned image_header(struct elf_maker *m, uint32_t type, uint64_t offset,
                                    uint64_t paddr, uint64_t file_bytes, uint64_t memory_bytes)
{
    unsigned at = 64 + 56 * m->nr_headers++;

    image_put(m, at, type, 4);
    image_put(m, at + 8, offset, 8);
    image_put(m, at + 16, paddr, 8);
    image_put(m, at + 24, paddr, 8);
    image_put(m, at + 32, file_bytes, 8);
    image_put(m, at + 40, memory_bytes, 8);
    image_put(m, 56, m->nr_headers, 2);
    return at;
}

/* data: at least IMAGE_FIRST bytes of zeros. Notes come into a segment that ends up as header 0. */
static inline void image_begin(struct elf_maker *m, uint8_t *data, uint64_t entry)
{
    *m = (struct elf_maker){ .data = data, .notes_end = IMAGE_NOTES_AT };
    memcpy(data, "\x7f" "ELF\x02\x01\x01", 7);
    image_put(m, 16, 2, 2);
    image_put(m, 18, 62, 2);
    image_put(m, 24, entry, 8);
    image_put(m, 32, 64, 8);
    image_put(m, 54, 56, 2);
    (void)image_header(m, 4, IMAGE_NOTES_AT, 0, 0, 0);
}

static inline void image_load(struct elf_maker *m, uint64_t offset, uint64_t paddr,
                              uint64_t file_bytes, uint64_t memory_bytes)
{
    (void)image_header(m, 1, offset, paddr, file_bytes, memory_bytes);
}

static inline void image_note(struct elf_maker *m, uint32_t type, const void *desc, uint32_t bytes)
{
    unsigned at = m->notes_end;

    image_put(m, at, 4, 4);
    image_put(m, at + 4, bytes, 4);
    image_put(m, at + 8, type, 4);
    memcpy(m->data + at + 12, "Xen", 4);
    memcpy(m->data + at + 16, desc, bytes);
    m->notes_end = at + 16 + ((bytes + 3) & ~3u);
    image_put(m, 64 + 32, m->notes_end - IMAGE_NOTES_AT, 8);
}

static inline void image_number(struct elf_maker *m, uint32_t type, uint64_t value)
{
    image_note(m, type, &value, sizeof(value));
}

#endif
