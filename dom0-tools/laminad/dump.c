/* SPDX-License-Identifier: MIT */
/*
 * Dump: maps the domain's frames a page of its list at a time, and copies them.
 */
#include "laminad/dump.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/io.h"
#include "domain/hypervisor.h"
#include "lamina/host.h"
#include "laminad/core.h"
#include "laminad/p2m.h"

/* Beyond what a domain may have: holes of its address space. What lies further up is left out. */
#define HOLES_MAX ((uint64_t)1 << 20)

struct dump {
    domid_t domain;
    struct xen_domctl_getdomaininfo info;
    struct core core;
    uint64_t nr_left; /* pages that may still come: a list cannot name more than there are */
};

static int read_frame(void *context, uint64_t mfn, uint64_t page[P2M_ENTRIES])
{
    const struct dump *dump = context;
    void *frame;
    int rc = host_frames_map(dump->domain, &mfn, 1, PROT_READ, NULL, &frame);

    if (rc)
        return rc;
    memcpy(page, frame, CORE_PAGE_SIZE);
    host_unmap(frame, 1);
    return 0;
}

/* The frames of entries that can be any, and where they belong. */
static size_t select_frames(uint64_t first, const uint64_t *mfns, size_t nr,
                            uint64_t selected[P2M_ENTRIES], uint64_t places[P2M_ENTRIES])
{
    size_t count = 0;

    for (size_t i = 0; i < nr; i++) {
        if (mfns[i] & P2M_NOT_OWN)
            continue;
        selected[count] = mfns[i];
        places[count++] = first + i;
    }
    return count;
}

static int dump_frames(void *context, uint64_t first, const uint64_t *mfns, size_t nr)
{
    struct dump *dump = context;
    uint64_t selected[P2M_ENTRIES], places[P2M_ENTRIES];
    int errors[P2M_ENTRIES], rc = 0;
    void *frames;
    size_t count = select_frames(first, mfns, nr, selected, places);

    if (count == 0)
        return 0;
    rc = host_frames_map(dump->domain, selected, count, PROT_READ, errors, &frames);
    /* Else nothing of it is the domain's. */
    if (rc)
        return rc == -ENOMEM ? rc : 0;
    for (size_t i = 0; i < count && rc == 0 && dump->nr_left > 0; i++) {
        if (errors[i])
            continue;
        rc = core_add_page(&dump->core, places[i], (uint8_t *)frames + i * CORE_PAGE_SIZE);
        dump->nr_left--;
    }
    host_unmap(frames, count);
    return rc;
}

static int dump_memory(struct dump *dump)
{
    uint64_t shared[P2M_ENTRIES];
    struct arch_shared_info arch;
    int rc = read_frame(dump, dump->info.shared_info_frame, shared);

    _Static_assert(sizeof(struct shared_info) <= sizeof(shared), "shared info is a page");
    if (rc)
        return rc;
    memcpy(&arch, (uint8_t *)shared + offsetof(struct shared_info, arch), sizeof(arch));
    rc = p2m_walk(&arch, dump->core.nr_frames, read_frame, dump_frames, dump);
    return rc == -ENODATA ? 0 : rc;
}

/* A vCPU that was never started has no registers. */
static int dump_vcpus(struct dump *dump)
{
    struct vcpu_guest_context *context = host_buffer_alloc(sizeof(*context));
    int rc = context ? 0 : -ENOMEM;

    for (unsigned i = 0; i <= dump->info.max_vcpu_id && rc == 0; i++) {
        struct xen_domctl_vcpucontext op = { .vcpu = i, .ctxt = (xen_handle_t)(uintptr_t)context };
        if (hypercall_domctl_getvcpucontext(dump->domain, &op) == 0)
            rc = core_add_vcpu(&dump->core, i, context);
    }
    host_buffer_free(context, sizeof(*context));
    return rc;
}

static int dump_to(struct dump *dump, int fd)
{
    struct core_domain about = { .domid = dump->domain,
                                 .reason = dump->info.flags >> XEN_DOMINF_shutdownshift &
                                           XEN_DOMINF_shutdownmask,
                                 .nr_vcpus = dump->info.max_vcpu_id + 1 };
    int rc = core_begin(&dump->core, fd, dump->info.max_pages + HOLES_MAX);

    memcpy(about.uuid, dump->info.handle, sizeof(about.uuid));
    dump->nr_left = dump->info.tot_pages;
    if (rc == 0)
        rc = dump_vcpus(dump);
    if (rc == 0)
        rc = dump_memory(dump);
    if (rc == 0)
        rc = core_finish(&dump->core, &about);
    core_free(&dump->core);
    return rc == 0 && fsync(fd) != 0 ? -errno : rc;
}

static char *path_of(const char *folder, const char *name)
{
    char stamp[32] = "", *path;
    time_t now = time(NULL);
    struct tm local;

    if (localtime_r(&now, &local))
        strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &local);
    return asprintf(&path, "%s/%s-%s.core", folder, name, stamp) < 0 ? NULL : path;
}

/* A dump that was not finished leaves NAME.part, which the next one of that moment replaces. */
static int dump_file(struct dump *dump, const char *path)
{
    char *part;

    if (asprintf(&part, "%s.part", path) < 0)
        return -ENOMEM;
    int rc = make_parents(path, 0700);
    int fd = rc ? rc : open(part, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 && rc == 0)
        rc = -errno;
    if (rc == 0)
        rc = dump_to(dump, fd);
    if (fd >= 0)
        close(fd);
    if (rc == 0 && rename(part, path) != 0)
        rc = -errno;
    if (rc && fd >= 0)
        (void)unlink(part);
    free(part);
    return rc;
}

int dump_domain(unsigned domid, const char *name, const char *folder, char **path,
                struct failure *failure)
{
    struct dump *dump = calloc(1, sizeof(*dump));
    int rc = dump ? hypervisor_info(domid, &dump->info) : -ENOMEM;

    *path = path_of(folder, name);
    if (rc == 0 && *path) {
        dump->domain = (domid_t)domid;
        rc = dump_file(dump, *path);
    }
    free(dump);
    if (rc == 0 && *path)
        return 0;
    rc = failure_set(failure, FAILURE_FILE, rc ? rc : -ENOMEM, "cannot write %s",
                     *path ? *path : folder);
    free(*path);
    *path = NULL;
    return rc;
}
