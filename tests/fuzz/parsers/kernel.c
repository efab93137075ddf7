/* SPDX-License-Identifier: MIT */
/* ELF kernels: every segment that is reported lies in the file, and the list of them ends. */
#include "parsers.h"

#include "lib/elf.h"
#include "lib/errno.h"

void fuzz_elf(uint8_t *data, size_t n)
{
    struct elf_xen_notes notes;
    struct elf_image elf;
    const char *why = NULL;
    volatile uint8_t last;

    if (elf_open(&elf, data, n, &why)) {
        PROMISE(why);
        return;
    }
    for (unsigned i = 0;; i++) {
        struct elf_segment s;
        int rc = elf_segment(&elf, i, &s);

        PROMISE(i <= ELF_SEGMENTS_MAX);
        if (rc == -ENOENT)
            break;
        if (rc || !s.file_bytes || (s.type != ELF_PT_LOAD && s.type != ELF_PT_NOTE))
            continue;
        PROMISE(s.offset < n && s.file_bytes <= n - s.offset);
        PROMISE(s.type != ELF_PT_LOAD || s.file_bytes <= s.memory_bytes);
        last = data[s.offset + s.file_bytes - 1];
        (void)last;
    }
    if (elf_read_xen_notes(&elf, &notes, &why))
        PROMISE(why);
}
