/* SPDX-License-Identifier: MIT */
/*
 * Top table: a sample as lines or as JSON.
 */
#include "lamina/top_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lamina/describe.h"

enum column {
    NAME,
    ID,
    FLAGS,
    STATE,
    CPU_TIME_S,
    CPU_TIME_NS,
    CPU_PERCENT,
    MEMORY_MIB,
    MEMORY_KIB,
    MEMORY_PERCENT,
    VCPUS,
    NR_INTERFACES,
    SENT_SHORT,
    RECEIVED_SHORT,
    SENT,
    RECEIVED,
    NR_DISKS,
    READ_SHORT,
    WRITTEN_SHORT,
    READ,
    WRITTEN,
    READS,
    WRITES,
};

static const struct table_column columns[] = {
    [NAME] = { "name", "Name", TABLE_TEXT },
    [ID] = { "id", "ID", TABLE_NUMBER },
    [FLAGS] = { NULL, "State", TABLE_TEXT },
    [STATE] = { "state", NULL, TABLE_TEXT },
    [CPU_TIME_S] = { NULL, "CPU(s)", TABLE_NUMBER },
    [CPU_TIME_NS] = { "cpu_time_ns", NULL, TABLE_NUMBER },
    [CPU_PERCENT] = { "cpu_percent", "CPU%", TABLE_NUMBER },
    [MEMORY_MIB] = { NULL, "Mem", TABLE_NUMBER },
    [MEMORY_KIB] = { "memory_kib", NULL, TABLE_NUMBER },
    [MEMORY_PERCENT] = { "memory_percent", "Mem%", TABLE_NUMBER },
    [VCPUS] = { "vcpus", "VCPUs", TABLE_NUMBER },
    [NR_INTERFACES] = { "interfaces", NULL, TABLE_NUMBER },
    [SENT_SHORT] = { NULL, "NetTx", TABLE_NUMBER },
    [RECEIVED_SHORT] = { NULL, "NetRx", TABLE_NUMBER },
    [SENT] = { "net_sent_bytes", NULL, TABLE_NUMBER },
    [RECEIVED] = { "net_received_bytes", NULL, TABLE_NUMBER },
    [NR_DISKS] = { "disks", NULL, TABLE_NUMBER },
    [READ_SHORT] = { NULL, "DskRd", TABLE_NUMBER },
    [WRITTEN_SHORT] = { NULL, "DskWr", TABLE_NUMBER },
    [READ] = { "disk_read_bytes", NULL, TABLE_NUMBER },
    [WRITTEN] = { "disk_written_bytes", NULL, TABLE_NUMBER },
    [READS] = { "disk_read_requests", NULL, TABLE_NUMBER },
    [WRITES] = { "disk_write_requests", NULL, TABLE_NUMBER },
    { NULL, NULL, TABLE_TEXT },
};

static void set_bytes(struct table *table, unsigned column, uint64_t bytes)
{
    char text[DESCRIBE_BYTES_SIZE];

    describe_bytes(bytes, text);
    table_set(table, column, "%s", text);
}

static void set_devices(struct table *table, const struct device_counts *devices)
{
    table_set_number(table, NR_INTERFACES, devices->nr_interfaces);
    set_bytes(table, SENT_SHORT, devices->net_sent_bytes);
    set_bytes(table, RECEIVED_SHORT, devices->net_received_bytes);
    table_set_number(table, SENT, devices->net_sent_bytes);
    table_set_number(table, RECEIVED, devices->net_received_bytes);
    table_set_number(table, NR_DISKS, devices->nr_disks);
    set_bytes(table, READ_SHORT, devices->disk_read_bytes);
    set_bytes(table, WRITTEN_SHORT, devices->disk_written_bytes);
    table_set_number(table, READ, devices->disk_read_bytes);
    table_set_number(table, WRITTEN, devices->disk_written_bytes);
    table_set_number(table, READS, devices->disk_read_requests);
    table_set_number(table, WRITES, devices->disk_write_requests);
}

static void add_domain(struct table *table, const struct sample *sample,
                       const struct domain_sample *domain)
{
    const struct xen_domctl_getdomaininfo *info = &domain->entry->info;
    uint64_t total = sample->machine.total_pages;
    char flags[DESCRIBE_FLAGS_SIZE];

    describe_flags(domain->entry, flags);
    table_add_row(table);
    table_set_number(table, ID, info->domain);
    table_set(table, NAME, "%s", domain->entry->name);
    table_set(table, FLAGS, "%s", flags);
    table_set(table, STATE, "%s", describe_state(domain->entry));
    table_set_number(table, CPU_TIME_S, info->cpu_time / 1000000000u);
    table_set_number(table, CPU_TIME_NS, info->cpu_time);
    if (domain->cpu_percent >= 0)
        table_set(table, CPU_PERCENT, "%.1f", domain->cpu_percent);
    table_set_number(table, MEMORY_MIB, describe_kib(info->tot_pages) / 1024);
    table_set_number(table, MEMORY_KIB, describe_kib(info->tot_pages));
    if (total > 0)
        table_set(table, MEMORY_PERCENT, "%.1f", 100.0 * (double)info->tot_pages / (double)total);
    table_set_number(table, VCPUS, info->nr_online_vcpus);
    set_devices(table, &domain->devices);
}

struct table *top_table(const struct sample *sample, enum table_form form)
{
    struct table *table = table_new("usage", columns, form);

    table_narrow(table);
    for (size_t i = 0; i < sample->nr; i++)
        add_domain(table, sample, &sample->domains[i]);
    return table;
}

void top_head(const struct sample *sample, char *text, size_t size)
{
    const struct xen_sysctl_physinfo *machine = &sample->machine;
    unsigned counts[4] = { 0 };
    static const char *const states[] = { "running", "blocked", "paused", "crashed" };

    for (size_t i = 0; i < sample->nr; i++) {
        for (unsigned s = 0; s < 4; s++)
            counts[s] += strcmp(describe_state(sample->domains[i].entry), states[s]) == 0;
    }
    snprintf(text, size,
             "%zu domains: %u running, %u blocked, %u paused, %u crashed\n"
             "Memory: %" PRIu64 " MiB total, %" PRIu64 " MiB free   CPUs: %u at %u MHz\n",
             sample->nr, counts[0], counts[1], counts[2], counts[3],
             describe_kib(machine->total_pages) / 1024, describe_kib(machine->free_pages) / 1024,
             machine->nr_cpus, machine->cpu_khz / 1000);
}
