/* SPDX-License-Identifier: MIT */
/*
 * lamina vcpu-pin: chooses the processors that a domain's vCPUs run on.
 */
#include <getopt.h>
#include <stdbool.h>
#include <string.h>

#include "config/values.h"
#include "domain/domain.h"
#include "lamina/subject.h"

static int pin_all(struct subject *subject, uint64_t cpus)
{
    struct domain_entry *list;
    unsigned nr_vcpus = 0;
    size_t nr;
    int rc = domains_list(subject->session.store, &list, &nr, &subject->session.failure);

    if (rc != 0)
        return rc;
    for (size_t i = 0; i < nr; i++) {
        if (list[i].info.domain == subject->domid)
            nr_vcpus = list[i].info.max_vcpu_id + 1;
    }
    domains_free(list, nr);
    for (unsigned vcpu = 0; rc == 0 && vcpu < nr_vcpus; vcpu++)
        rc = domain_pin(subject->session.store, subject->domid, vcpu, cpus,
                        &subject->session.failure);
    return rc;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct subject subject;
    uint64_t vcpu = 0, cpus = UINT64_MAX;
    int status = subject_arguments(command, argc, argv, 3, 3);

    if (status != LAMINA_OK)
        return status == COMMAND_HELP_SHOWN ? LAMINA_OK : status;
    const char *which = argv[optind + 1], *where = argv[optind + 2];
    bool all = strcmp(which, "all") == 0;
    if (!all && value_read_number(which, CONFIG_VCPUS_MAX - 1, &vcpu) != 0)
        return command_usage_error(command, "expected the number of a vCPU or 'all', found '%s'",
                                   which);
    if (strcmp(where, "all") != 0 && value_read_cpuset(where, &cpus) != 0)
        return command_usage_error(
            command, "expected processors from 0 to 63 like '0-3,^2' or 'all', found '%s'", where);
    status = subject_open(&subject, command, argv[optind]);
    if (status != LAMINA_OK)
        return status;
    return subject_end(&subject, all ? pin_all(&subject, cpus) :
                                       domain_pin(subject.session.store, subject.domid,
                                                  (unsigned)vcpu, cpus, &subject.session.failure));
}

const struct command command_vcpu_pin = {
    .name = "vcpu-pin",
    .arguments = "DOMAIN VCPU PROCESSORS",
    .summary = "Choose the processors for a vCPU (or 'all'): '0-3,^2', or 'all'",
    .run = run,
};
