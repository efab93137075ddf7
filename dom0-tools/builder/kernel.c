/* SPDX-License-Identifier: MIT */
/*
 * Opening a kernel. Half of a Linux kernel's file is zeros that fresh memory holds already; they
 * are holes in the file and are neither mapped nor copied. So segments must not overlap: zeros
 * that are not copied cannot overwrite anything.
 */
#include "builder/kernel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* More than the holes of any file of that size, as runs of pages. */
#define PIECES_MAX 65536

static bool segments_meet(const struct pv_start *start, unsigned a, unsigned b)
{
    struct elf_segment s, t;

    if (elf_segment(&start->elf, a, &s) != 0 || elf_segment(&start->elf, b, &t) != 0)
        return true;
    if (s.type != ELF_PT_LOAD || t.type != ELF_PT_LOAD)
        return false;
    uint64_t s_at = layout_paddr(start, &s), t_at = layout_paddr(start, &t);
    return s_at < t_at ? t_at - s_at < s.memory_bytes : s_at - t_at < t.memory_bytes;
}

static bool segments_overlap(const struct pv_start *start)
{
    for (unsigned a = 0; a < start->elf.nr_headers; a++)
        for (unsigned b = a + 1; b < start->elf.nr_headers; b++)
            if (segments_meet(start, a, b))
                return true;
    return false;
}

struct list {
    struct kernel_piece *pieces;
    size_t nr, room;
};

static int list_add(struct list *list, struct kernel_piece piece)
{
    if (list->nr == list->room) {
        size_t room = list->room ? 2 * list->room : 16;
        struct kernel_piece *more =
            room <= PIECES_MAX ? realloc(list->pieces, room * sizeof(*more)) : NULL;
        if (!more)
            return -ENOMEM;
        list->pieces = more;
        list->room = room;
    }
    list->pieces[list->nr++] = piece;
    return 0;
}

static int segment_pieces(const struct elf_segment *s, uint64_t paddr, kernel_data_fn *data,
                          void *context, struct list *list)
{
    uint64_t end = s->offset + s->file_bytes, from = end, to = end;
    int rc = 0;

    for (uint64_t at = s->offset; rc == 0 && at < end; at = to) {
        if (data(context, at, &from, &to) != 0 || from >= end)
            break;
        from = MAX(from, at);
        to = MIN(to, end);
        if (to <= from)
            break;
        rc = list_add(list, (struct kernel_piece){ from, paddr + from - s->offset, to - from });
    }
    return rc;
}

int kernel_pieces(const struct pv_start *start, kernel_data_fn *data, void *context,
                  struct kernel_piece **pieces, size_t *nr, const char **why)
{
    struct list list = { NULL, 0, 0 };
    struct elf_segment s;
    int rc = 0;

    if (segments_overlap(start)) {
        *why = "its ELF segments overlap";
        return -ENOEXEC;
    }
    for (unsigned i = 0; rc == 0 && i < start->elf.nr_headers; i++)
        if (elf_segment(&start->elf, i, &s) == 0 && s.type == ELF_PT_LOAD)
            rc = segment_pieces(&s, layout_paddr(start, &s), data, context, &list);
    if (rc) {
        free(list.pieces);
        *why = "no memory to load it";
        return rc;
    }
    *pieces = list.pieces;
    *nr = list.nr;
    return 0;
}

static int file_data(void *context, uint64_t at, uint64_t *start, uint64_t *end)
{
    const struct kernel *kernel = context;
    off_t data = lseek(kernel->fd, (off_t)at, SEEK_DATA);

    if (data < 0)
        return -errno;
    off_t hole = lseek(kernel->fd, data, SEEK_HOLE);
    *start = (uint64_t)data;
    *end = hole > data ? (uint64_t)hole : kernel->size;
    return 0;
}

int kernel_open(struct kernel *kernel, const char *path, int fd, struct failure *failure)
{
    const char *why = "";
    struct stat st;

    *kernel = (struct kernel){ .path = path, .fd = fd };
    if (fstat(fd, &st) == 0 && st.st_size > 0) {
        kernel->size = (size_t)st.st_size;
        kernel->map = mmap(NULL, kernel->size, PROT_READ, MAP_PRIVATE, fd, 0);
    }
    if (kernel->map == NULL || kernel->map == MAP_FAILED) {
        kernel->map = NULL;
        kernel_close(kernel);
        return failure_set(failure, FAILURE_FILE, -EIO, "kernel %s cannot be mapped", path);
    }
    int rc = pv_kernel_open(&kernel->start, kernel->map, kernel->size, &why);
    if (rc == 0)
        rc = kernel_pieces(&kernel->start, file_data, kernel, &kernel->pieces,
                           &kernel->nr_pieces, &why);
    if (rc == 0)
        return 0;
    kernel_close(kernel);
    return failure_set(failure, FAILURE_FILE, rc, "kernel %s: %s", path, why);
}

void kernel_close(struct kernel *kernel)
{
    if (kernel->map)
        munmap(kernel->map, kernel->size);
    close(kernel->fd);
    free(kernel->pieces);
    *kernel = (struct kernel){ .fd = -1 };
}
