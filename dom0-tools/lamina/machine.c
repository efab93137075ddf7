/* SPDX-License-Identifier: MIT */
/*
 * Machine: questions that take more than one hypercall or a buffer. A text that comes back is ended
 * here: a tool may meet another hypervisor than it was built with.
 */
#include "lamina/machine.h"

#include <errno.h>
#include <lamina/host.h>
#include <stdlib.h>
#include <string.h>

#define END_TEXT(array) ((array)[sizeof(array) - 1] = '\0')

enum {
    LOG_STEP = 64 << 10, /* bytes of log asked for at once */
    LOG_MAX = 16 << 20,  /* more than any log holds */
    KEYS_MAX = 64,
};

static int cannot(struct failure *failure, long rc, const char *what)
{
    return failure_set(failure, FAILURE_OPERATION, (int)rc, "the hypervisor refused to %s", what);
}

int machine_read_version(struct machine_version *info, struct failure *failure)
{
    struct xen_platform_parameters parameters = { .virt_start = 0 };
    long version = hypercall_version_version();

    memset(info, 0, sizeof(*info));
    if (version < 0)
        return cannot(failure, version, "tell its version");
    info->major = (unsigned)(version >> 16);
    info->minor = (unsigned)version & 0xffff;
    /* Xen may keep the rest from those who need not know; it stays empty then. */
    (void)hypercall_version_extraversion(&info->extra);
    (void)hypercall_version_capabilities(&info->capabilities);
    (void)hypercall_version_changeset(&info->changeset);
    (void)hypercall_version_commandline(&info->commandline);
    (void)hypercall_version_compile_info(&info->compiled);
    if (hypercall_version_platform_parameters(&parameters) == 0)
        info->virt_start = parameters.virt_start;
    long page_size = hypercall_version_pagesize();
    info->page_size = page_size > 0 ? (unsigned)page_size : 0;
    END_TEXT(info->extra);
    END_TEXT(info->capabilities);
    END_TEXT(info->changeset);
    END_TEXT(info->commandline);
    END_TEXT(info->compiled.compiler);
    END_TEXT(info->compiled.compile_by);
    END_TEXT(info->compiled.compile_domain);
    END_TEXT(info->compiled.compile_date);
    return 0;
}

int machine_read_physical(struct xen_sysctl_physinfo *machine, uint32_t *scheduler,
                          struct failure *failure)
{
    struct xen_sysctl_sched_id id = { .sched_id = 0 };
    long rc;

    memset(machine, 0, sizeof(*machine));
    rc = hypercall_sysctl_physinfo(machine);
    if (rc != 0)
        return cannot(failure, rc, "tell about the machine");
    rc = hypercall_sysctl_sched_id(&id);
    if (rc != 0)
        return cannot(failure, rc, "name its scheduler");
    *scheduler = id.sched_id;
    return 0;
}

const char *machine_scheduler_name(uint32_t scheduler)
{
    static const char *const names[] = {
        [XEN_SCHEDULER_CREDIT] = "credit",     [XEN_SCHEDULER_CREDIT2] = "credit2",
        [XEN_SCHEDULER_ARINC653] = "arinc653", [XEN_SCHEDULER_RTDS] = "rtds",
        [XEN_SCHEDULER_NULL] = "null",
    };

    if (scheduler < sizeof(names) / sizeof(names[0]) && names[scheduler])
        return names[scheduler];
    return "unknown";
}

/* Appends what the buffer holds; what is appended later was said later. */
static int append(char **text, size_t *size, const char *more, size_t length)
{
    char *longer = realloc(*text, *size + length + 1);

    if (!longer)
        return -ENOMEM;
    memcpy(longer + *size, more, length);
    *text = longer;
    *size += length;
    longer[*size] = '\0';
    return 0;
}

static long read_log(bool clear, char *buffer, char **text, size_t *size)
{
    struct xen_sysctl_readconsole request = { .clear = clear };
    long rc;

    do {
        request.buffer = (uintptr_t)buffer;
        request.count = LOG_STEP;
        rc = hypercall_sysctl_readconsole(&request);
        if (rc != 0)
            return rc;
        if (request.count > LOG_STEP)
            return -EPROTO;
        rc = append(text, size, buffer, request.count);
        request.incremental = 1;
    } while (rc == 0 && request.count == LOG_STEP && *size < LOG_MAX);
    return rc;
}

int machine_read_log(bool clear, char **text, size_t *size, struct failure *failure)
{
    char *buffer = host_buffer_alloc(LOG_STEP);

    *text = NULL;
    *size = 0;
    if (!buffer)
        return failure_set(failure, FAILURE_OPERATION, -ENOMEM, "cannot read the log");
    long rc = read_log(clear, buffer, text, size);
    host_buffer_free(buffer, LOG_STEP);
    if (rc == 0)
        return 0;
    free(*text);
    *text = NULL;
    return cannot(failure, rc, "show its log");
}

int machine_press_keys(const char *keys, struct failure *failure)
{
    size_t length = strlen(keys);
    char *buffer;

    if (length == 0 || length > KEYS_MAX)
        return failure_set(failure, FAILURE_OPERATION, -EINVAL, "expected 1 to %d keys", KEYS_MAX);
    buffer = host_buffer_alloc(KEYS_MAX);
    if (!buffer)
        return failure_set(failure, FAILURE_OPERATION, -ENOMEM, "cannot press keys");
    memcpy(buffer, keys, length);
    struct xen_sysctl_debug_keys request = { .keys = (uintptr_t)buffer,
                                             .nr_keys = (uint32_t)length };
    long rc = hypercall_sysctl_debug_keys(&request);
    host_buffer_free(buffer, KEYS_MAX);
    return rc == 0 ? 0 : cannot(failure, rc, "take debug keys");
}

/* Two maps of 64 processors, one behind the other in the buffer. */
static long read_affinity(unsigned domid, unsigned vcpu, uint64_t *maps, struct vcpu_state *state)
{
    struct xen_domctl_vcpuaffinity request = {
        .vcpu = vcpu,
        .flags = XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT,
        .cpumap_hard = { .bitmap = (uintptr_t)&maps[0], .nr_bits = VCPU_CPUS_MAX },
        .cpumap_soft = { .bitmap = (uintptr_t)&maps[1], .nr_bits = VCPU_CPUS_MAX },
    };
    long rc = hypercall_domctl_getvcpuaffinity((domid_t)domid, &request);

    state->hard = maps[0];
    state->soft = maps[1];
    return rc;
}

int machine_read_vcpu(unsigned domid, unsigned vcpu, struct vcpu_state *state,
                      struct failure *failure)
{
    struct xen_domctl_getvcpuinfo info = { .vcpu = vcpu };
    long rc = hypercall_domctl_getvcpuinfo((domid_t)domid, &info);

    if (rc == -ESRCH || rc == -EINVAL || rc == -ENOENT)
        return -ENOENT;
    if (rc != 0)
        return cannot(failure, rc, "tell about a vCPU");
    *state = (struct vcpu_state){ .online = info.online,
                                  .blocked = info.blocked,
                                  .running = info.running,
                                  .cpu_time_ns = info.cpu_time,
                                  .cpu = info.cpu };
    uint64_t *maps = host_buffer_alloc(2 * sizeof(*maps));
    if (!maps)
        return failure_set(failure, FAILURE_OPERATION, -ENOMEM, "cannot ask about a vCPU");
    rc = read_affinity(domid, vcpu, maps, state);
    host_buffer_free(maps, 2 * sizeof(*maps));
    return rc == 0 ? 0 : cannot(failure, rc, "tell where a vCPU may run");
}
