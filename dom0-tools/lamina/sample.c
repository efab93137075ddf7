/* SPDX-License-Identifier: MIT */
/*
 * Sample: the counts of a device stand in files of the kernel's back end, below the device's folder
 * on the bus "xen-backend", which is named vbd-DOMAIN-NUMBER or vif-DOMAIN-NUMBER. A device may
 * vanish at any time; what cannot be read counts nothing.
 */
#include "lamina/sample.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "lamina/machine.h"

#define SECTOR_SIZE 512u
#define PATH_SIZE   512u

static uint64_t read_count(const char *folder, const char *name)
{
    char path[PATH_SIZE + 40];
    uint64_t count;

    snprintf(path, sizeof(path), "%s/statistics/%s", folder, name);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    bool good = fscanf(file, "%" SCNu64, &count) == 1;
    fclose(file);
    return good ? count : 0;
}

static void count_disk(const char *folder, struct device_counts *counts)
{
    counts->nr_disks++;
    counts->disk_read_requests += read_count(folder, "rd_req");
    counts->disk_write_requests += read_count(folder, "wr_req");
    counts->disk_read_bytes += read_count(folder, "rd_sect") * SECTOR_SIZE;
    counts->disk_written_bytes += read_count(folder, "wr_sect") * SECTOR_SIZE;
}

/* Whatever its name is by now, the network device of a back end is the one entry of its "net". */
static void count_interface(const char *folder, struct device_counts *counts)
{
    char path[PATH_SIZE + 8], device[PATH_SIZE + 300];
    struct dirent *entry;
    DIR *net;

    counts->nr_interfaces++;
    snprintf(path, sizeof(path), "%s/net", folder);
    net = opendir(path);
    if (!net)
        return;
    while ((entry = readdir(net))) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(device, sizeof(device), "%s/%s", path, entry->d_name);
        /* What dom0 receives from it, the guest has sent. */
        counts->net_sent_bytes += read_count(device, "rx_bytes");
        counts->net_received_bytes += read_count(device, "tx_bytes");
    }
    closedir(net);
}

static struct device_counts *counts_of(struct domain_sample *domains, size_t nr, unsigned domid)
{
    for (size_t i = 0; i < nr; i++) {
        if (domains[i].entry->info.domain == domid)
            return &domains[i].devices;
    }
    return NULL;
}

static void count_device(const char *bus, const char *name, struct domain_sample *domains,
                         size_t nr)
{
    char path[PATH_SIZE], kind[4];
    struct device_counts *counts;
    unsigned domid;
    int end = 0;

    if (sscanf(name, "%3[a-z]-%u-%n", kind, &domid, &end) != 2 || end == 0)
        return;
    counts = counts_of(domains, nr, domid);
    if (!counts || snprintf(path, sizeof(path), "%s/%s", bus, name) >= (int)sizeof(path))
        return;
    if (strcmp(kind, "vbd") == 0)
        count_disk(path, counts);
    else if (strcmp(kind, "vif") == 0)
        count_interface(path, counts);
}

void sample_count_devices(const char *root, struct domain_sample *domains, size_t nr)
{
    char bus[PATH_SIZE];
    struct dirent *entry;
    DIR *devices;

    snprintf(bus, sizeof(bus), "%s/bus/xen-backend/devices", root);
    devices = opendir(bus);
    if (!devices)
        return;
    while ((entry = readdir(devices)))
        count_device(bus, entry->d_name, domains, nr);
    closedir(devices);
}

static const struct domain_entry *find_before(const struct sample *before, unsigned domid)
{
    for (size_t i = 0; before && i < before->nr; i++) {
        if (before->entries[i].info.domain == domid)
            return &before->entries[i];
    }
    return NULL;
}

/* Numbers of domains are used again: an account that went back is another domain's. */
static double cpu_percent(const struct sample *now, const struct sample *before,
                          const struct domain_entry *entry)
{
    const struct domain_entry *old = find_before(before, entry->info.domain);

    if (!old || now->time_ns <= before->time_ns || entry->info.cpu_time < old->info.cpu_time)
        return -1;
    return 100.0 * (double)(entry->info.cpu_time - old->info.cpu_time) /
           (double)(now->time_ns - before->time_ns);
}

static int fill(struct session *session, const struct sample *before, struct sample *sample)
{
    uint32_t scheduler;
    int rc = machine_read_physical(&sample->machine, &scheduler, &session->failure);

    if (rc == 0)
        rc = domains_list(session->store, &sample->entries, &sample->nr, &session->failure);
    if (rc != 0)
        return rc;
    sample->time_ns = clock_now_ns();
    sample->domains = calloc(sample->nr + 1, sizeof(*sample->domains));
    if (!sample->domains)
        return failure_set(&session->failure, FAILURE_OPERATION, -ENOMEM, "cannot take a sample");
    for (size_t i = 0; i < sample->nr; i++) {
        sample->domains[i].entry = &sample->entries[i];
        sample->domains[i].cpu_percent = cpu_percent(sample, before, &sample->entries[i]);
    }
    sample_count_devices("/sys", sample->domains, sample->nr);
    return 0;
}

int sample_take(struct session *session, const struct sample *before, struct sample *sample)
{
    *sample = (struct sample){ .nr = 0 };
    if (fill(session, before, sample) == 0)
        return LAMINA_OK;
    sample_free(sample);
    return session_fail(session);
}

void sample_free(struct sample *sample)
{
    free(sample->domains);
    domains_free(sample->entries, sample->nr);
    *sample = (struct sample){ .nr = 0 };
}

const char *const sample_order_names[] = { "id", "name", "cpu", "memory", "net", "disk", NULL };

static double order_value(const struct domain_sample *domain, enum sample_order order)
{
    const struct device_counts *devices = &domain->devices;

    switch (order) {
    case ORDER_CPU:
        return domain->cpu_percent;
    case ORDER_MEMORY:
        return (double)domain->entry->info.tot_pages;
    case ORDER_NET:
        return (double)devices->net_sent_bytes + (double)devices->net_received_bytes;
    case ORDER_DISK:
        return (double)devices->disk_read_bytes + (double)devices->disk_written_bytes;
    default:
        return -(double)domain->entry->info.domain;
    }
}

/* The greatest first; names and numbers from the lowest on; equals by number. */
static int compare(const void *one, const void *other, void *context)
{
    const struct domain_sample *a = one, *b = other;
    enum sample_order order = *(const enum sample_order *)context;
    double x = order_value(a, order), y = order_value(b, order);

    if (order == ORDER_NAME)
        return strcmp(a->entry->name, b->entry->name);
    if (x != y)
        return x < y ? 1 : -1;
    return a->entry->info.domain < b->entry->info.domain ? -1 : 1;
}

void sample_sort(struct sample *sample, enum sample_order order, bool reverse)
{
    qsort_r(sample->domains, sample->nr, sizeof(*sample->domains), compare, &order);
    for (size_t i = 0; reverse && i < sample->nr / 2; i++) {
        struct domain_sample swap = sample->domains[i];

        sample->domains[i] = sample->domains[sample->nr - 1 - i];
        sample->domains[sample->nr - 1 - i] = swap;
    }
}
