/* SPDX-License-Identifier: MIT */
/*
 * Sample: what all domains use at one moment: processors and memory by the hypervisor's accounts,
 * disks and network by those of dom0's back ends.
 */
#ifndef LAMINA_SAMPLE_H
#define LAMINA_SAMPLE_H

#include "domain/domain.h"
#include "lamina/session.h"
#include "public/sysctl.h"

/* Sums over the devices of a kind since each was connected, as the guest sees them. */
struct device_counts {
    unsigned nr_disks;
    uint64_t disk_read_requests;
    uint64_t disk_write_requests;
    uint64_t disk_read_bytes;
    uint64_t disk_written_bytes;
    unsigned nr_interfaces;
    uint64_t net_sent_bytes;
    uint64_t net_received_bytes;
};

struct domain_sample {
    const struct domain_entry *entry; /* belongs to the sample */
    struct device_counts devices;
    double cpu_percent; /* of one processor since the sample before; negative: there was none */
};

struct sample {
    uint64_t time_ns; /* a clock that only goes on */
    struct xen_sysctl_physinfo machine;
    struct domain_entry *entries;
    struct domain_sample *domains;
    size_t nr;
};

/* before may be NULL. LAMINA_OK, or the exit code after a complaint. */
int sample_take(struct session *session, const struct sample *before, struct sample *sample);
void sample_free(struct sample *sample);

/* The parts of that, for tests: `root` is where /sys is. */
void sample_count_devices(const char *root, struct domain_sample *domains, size_t nr);

enum sample_order { ORDER_ID, ORDER_NAME, ORDER_CPU, ORDER_MEMORY, ORDER_NET, ORDER_DISK, ORDERS };
extern const char *const sample_order_names[];
void sample_sort(struct sample *sample, enum sample_order order, bool reverse);

#endif
