/* SPDX-License-Identifier: MIT */
/*
 * Builder: first the plan, from files alone, which finds whatever is wrong with them; then the
 * domain's memory, its content and its start.
 */
#include "builder/builder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/build.h"
#include "builder/kernel_cache.h"
#include "lamina/host.h"

static const struct kernel_cache cache = { BUILDER_CACHE, (uint64_t)1 << 30, 16 };

static int initrd_open(const char *path, int *fd, uint64_t *bytes, struct failure *failure)
{
    struct stat st;

    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*fd < 0 || fstat(*fd, &st) != 0)
        return failure_set(failure, FAILURE_FILE, -errno, "initrd %s cannot be opened", path);
    if (!S_ISREG(st.st_mode))
        return failure_set(failure, FAILURE_FILE, -EINVAL, "initrd %s: not a file", path);
    *bytes = (uint64_t)st.st_size;
    return 0;
}

static int layout(struct build *build, uint64_t memory_kib)
{
    struct kernel *kernel = &build->kernel;
    const char *why;

    kernel->start.nr_frames = memory_kib / 4;
    kernel->start.nr_rings = 2;
    int rc = pv_layout_make(&build->at, &kernel->start, &why);
    if (rc == -ENOMEM)
        return failure_set(build->failure, FAILURE_CONFIG, rc,
                           "%ju MiB of memory are too little: kernel and initrd do not fit",
                           (uintmax_t)memory_kib >> 10);
    return rc ? failure_set(build->failure, FAILURE_FILE, rc, "kernel %s: %s", kernel->path, why)
              : 0;
}

int build_plan(struct build *build, const char *kernel, const char *initrd, uint64_t memory_kib,
               struct failure *failure)
{
    *build = (struct build){ .failure = failure, .kernel = { .fd = -1 }, .initrd = -1 };
    int fd = kernel_cache_open(&cache, kernel, failure);
    if (fd < 0)
        return fd;
    int rc = kernel_open(&build->kernel, kernel, fd, failure);
    if (rc == 0 && initrd)
        rc = initrd_open(initrd, &build->initrd, &build->kernel.start.initrd_bytes, failure);
    if (rc == 0)
        rc = layout(build, memory_kib);
    if (rc)
        build_plan_free(build);
    return rc;
}

void build_plan_free(struct build *build)
{
    if (build->kernel.fd >= 0)
        kernel_close(&build->kernel);
    if (build->initrd >= 0)
        close(build->initrd);
    free(build->p2m);
    *build = (struct build){ .kernel = { .fd = -1 }, .initrd = -1 };
}

int build_check(const char *kernel, const char *initrd, uint64_t memory_kib,
                struct failure *failure)
{
    struct build build;
    int rc = build_plan(&build, kernel, initrd, memory_kib, failure);

    if (rc == 0)
        build_plan_free(&build);
    return rc;
}

static int request_check(const struct build_request *request, struct failure *failure)
{
    if (request->cmdline && strlen(request->cmdline) >= MAX_GUEST_CMDLINE)
        return failure_set(failure, FAILURE_CONFIG, -EINVAL,
                           "the kernel's command line is too long: %zu bytes, the limit is %d",
                           strlen(request->cmdline), MAX_GUEST_CMDLINE - 1);
    if (request->memory_kib % 4 != 0 || request->memory_kib > request->memory_max_kib)
        return failure_set(failure, FAILURE_CONFIG, -EINVAL,
                           "memory of %ju KiB: not whole pages, or more than the maximum",
                           (uintmax_t)request->memory_kib);
    return 0;
}

static int fill_and_start(struct build *build)
{
    int rc = build_memory(build);

    if (rc == 0)
        rc = build_fill(build);
    if (rc == 0)
        rc = build_start(build);
    return rc;
}

int build_domain(const struct build_request *request, struct build_result *result,
                 struct failure *failure)
{
    struct build build;
    int rc = request_check(request, failure);

    if (rc == 0)
        rc = build_plan(&build, request->kernel, request->initrd, request->memory_kib, failure);
    if (rc)
        return rc;
    build.request = request;
    build.kernel.start.cmdline = request->cmdline;
    rc = host_open();
    if (rc == 0) {
        rc = fill_and_start(&build);
        host_close();
    } else {
        rc = failure_set(failure, FAILURE_OPERATION, rc, "the hypervisor cannot be reached");
    }
    if (rc == 0) {
        result->store_mfn = build.p2m[build.at.rings];
        result->console_mfn = build.p2m[build.at.rings + 1];
    }
    build_plan_free(&build);
    return rc;
}
