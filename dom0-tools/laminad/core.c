/* SPDX-License-Identifier: MIT */
/*
 * Core: pages at places that follow from their frame numbers, so that nothing has to be known
 * beforehand; headers at the end, where their number is known.
 */
#include "laminad/core.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>
#include <sys/types.h>
#include <unistd.h>

/* With more runs than a header can count, one covers them all: holes then read as zeros. */
#define RUNS_MAX 60000u

int core_begin(struct core *core, int fd, uint64_t nr_frames)
{
    *core = (struct core){ .fd = fd, .nr_frames = nr_frames };
    core->present = calloc(1, (size_t)(nr_frames / 8 + 1));
    return core->present ? 0 : -ENOMEM;
}

void core_free(struct core *core)
{
    free(core->present);
    free(core->notes);
    core->present = core->notes = NULL;
}

static int put(const struct core *core, uint64_t offset, const void *data, size_t size)
{
    const uint8_t *next = data;

    while (size > 0) {
        ssize_t n = pwrite(core->fd, next, size, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        next += n;
        offset += (uint64_t)n;
        size -= (size_t)n;
    }
    return 0;
}

static uint64_t page_offset(uint64_t frame)
{
    return (frame + 1) * CORE_PAGE_SIZE;
}

static bool is_present(const struct core *core, uint64_t frame)
{
    return frame < core->nr_frames && (core->present[frame / 8] >> frame % 8 & 1) != 0;
}

static bool is_zero(const uint8_t *page)
{
    return page[0] == 0 && memcmp(page, page + 1, CORE_PAGE_SIZE - 1) == 0;
}

/* A page of zeros, as most of a guest's free memory, reads as such where nothing was written. */
int core_add_page(struct core *core, uint64_t frame, const void *page)
{
    if (frame >= core->nr_frames || is_present(core, frame))
        return 0;
    int rc = is_zero(page) ? 0 : put(core, page_offset(frame), page, CORE_PAGE_SIZE);
    if (rc)
        return rc;
    core->present[frame / 8] |= (uint8_t)(1u << frame % 8);
    core->nr_pages++;
    return 0;
}

/* --- notes --- */

static size_t padded(size_t size)
{
    return (size + 3) & ~(size_t)3;
}

static int add_note(struct core *core, const char *owner, uint32_t type, const void *data,
                    size_t size)
{
    Elf64_Nhdr header = { (Elf64_Word)strlen(owner) + 1, (Elf64_Word)size, type };
    size_t more = sizeof(header) + padded(header.n_namesz) + padded(size);
    uint8_t *notes = realloc(core->notes, core->notes_size + more);

    if (!notes)
        return -ENOMEM;
    uint8_t *at = notes + core->notes_size;
    memset(at, 0, more);
    memcpy(at, &header, sizeof(header));
    memcpy(at + sizeof(header), owner, header.n_namesz);
    memcpy(at + sizeof(header) + padded(header.n_namesz), data, size);
    core->notes = notes;
    core->notes_size += more;
    return 0;
}

/* The registers as Linux orders them for a debugger. */
static void set_registers(struct elf_prstatus *status, const struct vcpu_guest_context *context)
{
    const struct cpu_user_regs *r = &context->user_regs;
    const uint64_t in_order[] = { r->r15,
                                  r->r14,
                                  r->r13,
                                  r->r12,
                                  r->rbp,
                                  r->rbx,
                                  r->r11,
                                  r->r10,
                                  r->r9,
                                  r->r8,
                                  r->rax,
                                  r->rcx,
                                  r->rdx,
                                  r->rsi,
                                  r->rdi,
                                  r->rax,
                                  r->rip,
                                  r->cs,
                                  r->rflags,
                                  r->rsp,
                                  r->ss,
                                  context->fs_base,
                                  context->gs_base_kernel,
                                  r->ds,
                                  r->es,
                                  r->fs,
                                  r->gs };

    _Static_assert(sizeof(in_order) == sizeof(status->pr_reg), "the system's order of registers");
    memcpy(&status->pr_reg, in_order, sizeof(in_order));
}

int core_add_vcpu(struct core *core, unsigned vcpu, const struct vcpu_guest_context *context)
{
    struct elf_prstatus status = { .pr_pid = (pid_t)vcpu + 1 };

    set_registers(&status, context);
    int rc = add_note(core, "CORE", NT_PRSTATUS, &status, sizeof(status));
    return rc ? rc : add_note(core, CORE_NOTE_OWNER, CORE_NOTE_VCPU, context, sizeof(*context));
}

/* --- headers --- */

/* The run that begins at or after *frame: its length, and *frame its start; 0: no more. */
static uint64_t next_run(const struct core *core, uint64_t *frame)
{
    uint64_t size = 0;

    while (*frame < core->nr_frames && !is_present(core, *frame))
        /* Whole bytes of absent frames in one step. */
        *frame += *frame % 8 == 0 && core->present[*frame / 8] == 0 ? 8 : 1;
    while (is_present(core, *frame + size))
        size++;
    return size;
}

static unsigned count_runs(const struct core *core)
{
    uint64_t frame = 0, size;
    unsigned nr = 0;

    for (; nr <= RUNS_MAX && (size = next_run(core, &frame)) > 0; nr++)
        frame += size;
    return nr;
}

static Elf64_Phdr load_header(uint64_t frame, uint64_t nr_frames)
{
    return (Elf64_Phdr){ .p_type = PT_LOAD,
                         .p_flags = PF_R | PF_W | PF_X,
                         .p_offset = page_offset(frame),
                         .p_vaddr = frame * CORE_PAGE_SIZE,
                         .p_paddr = frame * CORE_PAGE_SIZE,
                         .p_filesz = nr_frames * CORE_PAGE_SIZE,
                         .p_memsz = nr_frames * CORE_PAGE_SIZE,
                         .p_align = CORE_PAGE_SIZE };
}

static int put_elf_header(const struct core *core, uint64_t headers, unsigned nr_headers)
{
    Elf64_Ehdr header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
                                       EV_CURRENT },
                          .e_type = ET_CORE,
                          .e_machine = EM_X86_64,
                          .e_version = EV_CURRENT,
                          .e_phoff = headers,
                          .e_ehsize = sizeof(Elf64_Ehdr),
                          .e_phentsize = sizeof(Elf64_Phdr),
                          .e_phnum = (Elf64_Half)nr_headers };

    return put(core, 0, &header, sizeof(header));
}

/* The frame behind the last that is present. */
static uint64_t frames_end(const struct core *core)
{
    uint64_t end = core->nr_frames;

    while (end > 0 && !is_present(core, end - 1))
        end--;
    return end;
}

static void fill_loads(const struct core *core, Elf64_Phdr *headers, unsigned nr_runs)
{
    uint64_t frame = 0;

    if (nr_runs > RUNS_MAX) {
        headers[0] = load_header(0, frames_end(core));
        return;
    }
    for (unsigned i = 0; i < nr_runs; i++) {
        uint64_t size = next_run(core, &frame);
        headers[i] = load_header(frame, size);
        frame += size;
    }
}

int core_finish(struct core *core, const struct core_domain *domain)
{
    struct core_domain note = *domain;
    unsigned nr_runs = count_runs(core), nr_loads = nr_runs > RUNS_MAX ? 1 : nr_runs;
    uint64_t notes_at = page_offset(frames_end(core));

    note.nr_pages = core->nr_pages;
    int rc = add_note(core, CORE_NOTE_OWNER, CORE_NOTE_DOMAIN, &note, sizeof(note));
    Elf64_Phdr *headers = rc ? NULL : calloc(nr_loads + 1, sizeof(*headers));
    if (!headers)
        return rc ? rc : -ENOMEM;
    headers[0] = (Elf64_Phdr){
        .p_type = PT_NOTE, .p_offset = notes_at, .p_filesz = core->notes_size, .p_align = 4
    };
    fill_loads(core, headers + 1, nr_runs);
    uint64_t headers_at = (notes_at + core->notes_size + 7) & ~(uint64_t)7;
    rc = put(core, notes_at, core->notes, core->notes_size);
    if (rc == 0)
        rc = put(core, headers_at, headers, (nr_loads + 1) * sizeof(*headers));
    if (rc == 0)
        rc = put_elf_header(core, headers_at, nr_loads + 1);
    free(headers);
    return rc;
}
