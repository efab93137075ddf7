/* SPDX-License-Identifier: MIT */
/*
 * A hypervisor made of tables, in place of the transport (lamina/host.h): so that every command
 * that only looks can be run anywhere. It has a machine of four processors with dom0 and four
 * domains, one in each state. Debug keys go into its log. FAKE_HOST=absent or =refused is how a
 * machine without hypervisor, or a user who is not root, meets it; FAKE_HOST=guest refuses what a
 * domU may not ask.
 */
#include <errno.h>
#include <lamina/host.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "public/sched.h"
#include "public/sysctl.h"
#include "public/version.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define PAGES(mib)    ((uint64_t)(mib)*256)

static struct xen_domctl_getdomaininfo domains[] = {
    { .domain = 0,
      .flags = XEN_DOMINF_running,
      .tot_pages = PAGES(512),
      .max_pages = ~0ull,
      .cpu_time = 12300000000,
      .nr_online_vcpus = 2,
      .max_vcpu_id = 1 },
    { .domain = 1,
      .flags = XEN_DOMINF_blocked,
      .tot_pages = PAGES(128),
      .max_pages = PAGES(256),
      .cpu_time = 5000000000,
      .nr_online_vcpus = 1,
      .max_vcpu_id = 1,
      .handle = { 0x3f, 0x1c } },
    { .domain = 3,
      .flags = XEN_DOMINF_paused,
      .tot_pages = PAGES(64),
      .max_pages = PAGES(64),
      .nr_online_vcpus = 1 },
    { .domain = 4,
      .flags = XEN_DOMINF_shutdown | SHUTDOWN_crash << XEN_DOMINF_shutdownshift,
      .tot_pages = PAGES(32),
      .max_pages = PAGES(32),
      .cpu_time = 1,
      .nr_online_vcpus = 1 },
    { .domain = 7, .flags = XEN_DOMINF_dying, .tot_pages = 3, .max_pages = PAGES(32) },
};

static char log_text[8192] = "(lamina) first line\n(d1) \033[31mred\nlast line without end";
static int nr_open;

static const char *mode(void)
{
    const char *value = getenv("FAKE_HOST");

    return value ? value : "";
}

int host_open(void)
{
    if (strcmp(mode(), "absent") == 0)
        return -ENOENT;
    if (strcmp(mode(), "refused") == 0)
        return -EACCES;
    nr_open++;
    return 0;
}

void host_close(void)
{
    nr_open--;
}

void *host_buffer_alloc(size_t size)
{
    return nr_open > 0 ? calloc(1, size) : NULL;
}

void host_buffer_free(void *buffer, size_t size)
{
    (void)size;
    free(buffer);
}

/* One structure at a time is on its way. */
static _Alignas(16) unsigned char stage[4096];

unsigned long host_stage(const void *from, size_t size)
{
    if (size > sizeof(stage))
        abort();
    memcpy(stage, from, size);
    return (unsigned long)stage;
}

void host_unstage(void *to, unsigned long address, size_t size)
{
    memcpy(to, (const void *)address, size);
}

/* The second domain uses half a processor all the time. */
static void work(void)
{
    domains[1].cpu_time = clock_now_ns() / 2;
}

static const struct xen_domctl_getdomaininfo *find(unsigned domid)
{
    for (size_t i = 0; i < LENGTH(domains); i++) {
        if (domains[i].domain == domid)
            return &domains[i];
    }
    return NULL;
}

static long version(unsigned long command, void *to)
{
    struct xen_compile_info compiled = { .compiler = "cc", .compile_date = "today" };

    switch (command) {
    case XENVER_version:
        return 4 << 16 | 17;
    case XENVER_extraversion:
        memcpy(to, "-lamina", 8);
        return 0;
    case XENVER_compile_info:
        memcpy(to, &compiled, sizeof(compiled));
        return 0;
    case XENVER_capabilities:
        memcpy(to, "xen-3.0-x86_64", 15);
        return 0;
    case XENVER_commandline:
        memset(to, 'x', sizeof(xen_commandline_t)); /* one without end */
        return 0;
    case XENVER_platform_parameters:
        ((struct xen_platform_parameters *)to)->virt_start = 0xffff800000000000;
        return 0;
    case XENVER_pagesize:
        return 4096;
    default:
        return -ENOSYS;
    }
}

static long physinfo(struct xen_sysctl_physinfo *info)
{
    *info = (struct xen_sysctl_physinfo){ .threads_per_core = 1,
                                          .cores_per_socket = 4,
                                          .nr_cpus = 4,
                                          .max_cpu_id = 3,
                                          .nr_nodes = 1,
                                          .cpu_khz = 2400123,
                                          .capabilities = XEN_SYSCTL_PHYSCAP_pv,
                                          .total_pages = PAGES(2048),
                                          .free_pages = PAGES(1000),
                                          .hw_cap = { 0x178bfbff } };
    return 0;
}

static long list_domains(struct xen_sysctl_getdomaininfolist *list)
{
    struct xen_domctl_getdomaininfo *to = (void *)list->buffer;

    work();
    list->num_domains = 0;
    for (size_t i = 0; i < LENGTH(domains); i++) {
        if (domains[i].domain >= list->first_domain && list->num_domains < list->max_domains)
            to[list->num_domains++] = domains[i];
    }
    return 0;
}

static long read_console(struct xen_sysctl_readconsole *console)
{
    size_t size = strlen(log_text), from = console->incremental ? console->index : 0;
    size_t count = from >= size ? 0 : size - from;

    if (count > console->count)
        count = console->count;
    memcpy((void *)console->buffer, log_text + from, count);
    console->count = (uint32_t)count;
    console->index = (uint32_t)(from + count);
    return 0;
}

static long press(const struct xen_sysctl_debug_keys *keys)
{
    fprintf(stderr, "keys %.*s\n", (int)keys->nr_keys, (const char *)keys->keys);
    return 0;
}

static long sysctl(struct xen_sysctl *op)
{
    if (strcmp(mode(), "guest") == 0)
        return -EPERM;
    switch (op->cmd) {
    case XEN_SYSCTL_physinfo:
        return physinfo(&op->u.physinfo);
    case XEN_SYSCTL_sched_id:
        op->u.sched_id.sched_id = XEN_SCHEDULER_CREDIT2;
        return 0;
    case XEN_SYSCTL_getdomaininfolist:
        return list_domains(&op->u.getdomaininfolist);
    case XEN_SYSCTL_readconsole:
        return read_console(&op->u.readconsole);
    case XEN_SYSCTL_debug_keys:
        return press(&op->u.debug_keys);
    default:
        return -ENOSYS;
    }
}

static long vcpu_info(const struct xen_domctl_getdomaininfo *domain,
                      struct xen_domctl_getvcpuinfo *info)
{
    if (info->vcpu > domain->max_vcpu_id)
        return -ESRCH;
    info->online = info->vcpu < domain->nr_online_vcpus;
    info->running = info->online && domain->flags & XEN_DOMINF_running;
    info->blocked = info->online && domain->flags & XEN_DOMINF_blocked;
    info->cpu_time = info->online ? domain->cpu_time : 0;
    info->cpu = info->vcpu;
    return 0;
}

static long vcpu_affinity(struct xen_domctl_vcpuaffinity *affinity)
{
    *(uint64_t *)affinity->cpumap_hard.bitmap = affinity->vcpu == 0 ? 0xf : 0x6;
    *(uint64_t *)affinity->cpumap_soft.bitmap = UINT64_MAX;
    return 0;
}

static long domctl(struct xen_domctl *op)
{
    const struct xen_domctl_getdomaininfo *domain = find(op->domain);

    if (!domain)
        return -ESRCH;
    switch (op->cmd) {
    case XEN_DOMCTL_getdomaininfo:
        op->u.getdomaininfo = *domain;
        return 0;
    case XEN_DOMCTL_getvcpuinfo:
        return vcpu_info(domain, &op->u.getvcpuinfo);
    case XEN_DOMCTL_getvcpuaffinity:
        return vcpu_affinity(&op->u.vcpuaffinity);
    default:
        return -ENOSYS;
    }
}

long host_hypercall(unsigned long nr, unsigned long a0, unsigned long a1, unsigned long a2,
                    unsigned long a3, unsigned long a4)
{
    (void)a2;
    (void)a3;
    (void)a4;
    if (nr_open == 0)
        return -ENODEV;
    switch (nr) {
    case __HYPERVISOR_xen_version:
        return version(a0, (void *)a1);
    case __HYPERVISOR_sysctl:
        return sysctl((struct xen_sysctl *)a0);
    case __HYPERVISOR_domctl:
        return domctl((struct xen_domctl *)a0);
    default:
        return -ENOSYS;
    }
}
