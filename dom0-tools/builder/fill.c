/* SPDX-License-Identifier: MIT */
/*
 * The content of a domain's memory. Its frames are mapped, only those that get any, and files are
 * read straight into them.
 *
 * A child process does it. To unmap a frame, the kernel of a PV domain writes to a page table that
 * the hypervisor guards, one trap a frame; but when a process ends, its page tables become ordinary
 * memory first, and all its mappings go at once, which takes a tenth of the instructions. Page
 * tables of the domain are unmapped one by one all the same: the hypervisor takes them as tables
 * only when nobody can write to them, and somebody who looks at the child in /proc may keep its
 * memory alive a little longer.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "builder/build.h"
#include "lamina/host.h"

/* Frames of the domain next to each other in our address space, to be filled from the front. */
struct view {
    struct build *build;
    uint64_t *mfns;
    size_t nr;    /* frames asked for */
    uint8_t *base;
    size_t taken; /* frames used already */
};

static size_t frames_of(uint64_t paddr, uint64_t bytes)
{
    return bytes ? (size_t)(((paddr & ~PAGE_MASK) + bytes + PAGE_SIZE - 1) >> PAGE_SHIFT) : 0;
}

static void view_ask(struct view *view, uint64_t pfn, size_t nr)
{
    if (view->mfns)
        memcpy(view->mfns + view->nr, view->build->p2m + pfn, nr * sizeof(uint64_t));
    view->nr += nr;
}

/* What each view asks for, in the order in which it is filled. */
typedef void view_fn(struct view *view, const struct build *build);

static void ask_for_content(struct view *view, const struct build *build)
{
    for (size_t i = 0; i < build->kernel.nr_pieces; i++) {
        const struct kernel_piece *piece = &build->kernel.pieces[i];
        view_ask(view, piece->paddr >> PAGE_SHIFT, frames_of(piece->paddr, piece->bytes));
    }
    view_ask(view, build->at.initrd, (size_t)build->at.nr_initrd);
    view_ask(view, build->at.p2m, (size_t)build->at.nr_p2m);
    view_ask(view, build->at.start_info, 1);
}

static void ask_for_tables(struct view *view, const struct build *build)
{
    view_ask(view, build->at.tables, (size_t)build->at.nr_tables);
    view_ask(view, build->at.p2m + build->at.nr_p2m, (size_t)build->at.nr_p2m_tables);
}

static int view_map(struct view *view, view_fn *ask)
{
    void *base;
    int rc;

    ask(view, view->build); /* counts */
    view->mfns = malloc(view->nr * sizeof(uint64_t));
    if (!view->mfns)
        return -ENOMEM;
    view->nr = 0;
    ask(view, view->build);
    rc = host_frames_map(view->build->request->domain, view->mfns, view->nr,
                         PROT_READ | PROT_WRITE, NULL, &base);
    free(view->mfns);
    view->base = rc == 0 ? base : NULL;
    return rc;
}

static uint8_t *view_take(struct view *view, size_t nr)
{
    uint8_t *start = view->base + (view->taken << PAGE_SHIFT);

    view->taken += nr;
    return start;
}

static int read_into(int fd, uint8_t *to, uint64_t bytes, uint64_t offset)
{
    while (bytes > 0) {
        ssize_t n = pread(fd, to, bytes, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO; /* it was longer before */
        to += n;
        offset += (uint64_t)n;
        bytes -= (uint64_t)n;
    }
    return 0;
}

static int fill_files(struct build *build, struct view *view)
{
    const struct kernel *kernel = &build->kernel;

    for (size_t i = 0; i < kernel->nr_pieces; i++) {
        const struct kernel_piece *piece = &kernel->pieces[i];
        uint8_t *to = view_take(view, frames_of(piece->paddr, piece->bytes));
        int rc = read_into(kernel->fd, to + (piece->paddr & ~PAGE_MASK), piece->bytes,
                           piece->offset);
        if (rc)
            return failure_set(build->failure, FAILURE_FILE, rc, "kernel %s cannot be read",
                               kernel->path);
    }
    uint8_t *to = view_take(view, (size_t)build->at.nr_initrd);
    int rc = read_into(build->initrd, to, kernel->start.initrd_bytes, 0);
    return rc ? failure_set(build->failure, FAILURE_FILE, rc, "initrd %s cannot be read",
                            build->request->initrd)
              : 0;
}

/* Where page tables are in the view. */
struct tables {
    const struct pv_layout *at;
    uint8_t *tables, *p2m_tables;
};

static void *table_frame(void *context, uint64_t pfn)
{
    const struct tables *t = context;

    if (pfn >= t->at->tables && pfn < t->at->tables + t->at->nr_tables)
        return t->tables + ((pfn - t->at->tables) << PAGE_SHIFT);
    return t->p2m_tables + ((pfn - t->at->p2m - t->at->nr_p2m) << PAGE_SHIFT);
}

void build_start_info(const struct build *build, struct start_info *info)
{
    const struct build_request *request = build->request;

    pv_start_info_fill(info, &build->at, &build->kernel.start);
    info->shared_info = build->shared_info << PAGE_SHIFT;
    info->store_mfn = build->p2m[build->at.rings];
    info->store_evtchn = request->store_port;
    info->console.domU.mfn = build->p2m[build->at.rings + 1];
    info->console.domU.evtchn = request->console_port;
}

static int fill_content(struct build *build)
{
    struct view view = { .build = build };
    int rc = view_map(&view, ask_for_content);

    if (rc == 0)
        rc = fill_files(build, &view);
    if (rc == 0) {
        memcpy(view_take(&view, (size_t)build->at.nr_p2m), build->p2m,
               build->kernel.start.nr_frames * sizeof(uint64_t));
        build_start_info(build, (struct start_info *)(void *)view_take(&view, 1));
    }
    return rc;
}

static int fill_tables(struct build *build)
{
    struct tables tables = { .at = &build->at };
    struct view view = { .build = build };
    int rc = view_map(&view, ask_for_tables);

    if (rc)
        return rc;
    tables.tables = view_take(&view, (size_t)build->at.nr_tables);
    tables.p2m_tables = view_take(&view, (size_t)build->at.nr_p2m_tables);
    pv_tables_fill(&build->at, build->p2m, table_frame, &tables);
    host_unmap(view.base, view.nr);
    return 0;
}

/* What the child leaves behind. */
struct outcome {
    int rc;
    struct failure failure;
};

static void fill_and_exit(struct build *build, struct outcome *outcome, pid_t parent)
{
    /* Nobody would wait for it any more, and it keeps the domain's frames. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        _exit(1);
    outcome->failure = (struct failure){ 0 };
    build->failure = &outcome->failure;
    int rc = fill_content(build);
    if (rc == 0)
        rc = fill_tables(build);
    if (rc)
        failure_set(build->failure, FAILURE_OPERATION, rc,
                    "the domain's memory cannot be mapped");
    outcome->rc = rc;
    _exit(0);
}

static int fill_in_child(struct build *build, struct outcome *outcome)
{
    pid_t parent = getpid(), child = fork();

    if (child == 0)
        fill_and_exit(build, outcome, parent);
    if (child < 0)
        return failure_set(build->failure, FAILURE_OPERATION, -errno,
                           "no process to fill the domain's memory");
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    if (outcome->rc)
        *build->failure = outcome->failure;
    return outcome->rc;
}

static int fill(struct build *build)
{
    struct outcome *outcome = mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE,
                                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (outcome == MAP_FAILED)
        return failure_set(build->failure, FAILURE_OPERATION, -errno,
                           "no memory to build the domain");
    /* Stands if it is killed. */
    outcome->rc = failure_set(&outcome->failure, FAILURE_OPERATION, -EINTR,
                              "the process that fills the domain's memory was killed");
    int rc = fill_in_child(build, outcome);
    munmap(outcome, sizeof(*outcome));
    return rc;
}

static int shared_info_find(struct build *build)
{
    struct xen_domctl_getdomaininfo info;
    long rc = hypercall_domctl_getdomaininfo(build->request->domain, &info);

    build->shared_info = rc == 0 ? info.shared_info_frame : 0;
    return rc ? failure_set(build->failure, FAILURE_OPERATION, (int)rc,
                            "the domain cannot be asked for its shared page")
              : 0;
}

int build_fill(struct build *build)
{
    int rc = shared_info_find(build);

    return rc ? rc : fill(build);
}
