/* SPDX-License-Identifier: MIT */
/*
 * lamina disk-attach: gives a living domain another disk.
 */
#include <getopt.h>
#include <string.h>

#include "device/device.h"
#include "domain/domain.h"
#include "lamina/device_spec.h"
#include "lamina/subject.h"

/* The first name of the usual kind that no disk of the domain has; empty: none. */
static void choose_target(struct subject *subject, char target[8])
{
    struct device_info *list = NULL;
    size_t nr = 0;

    if (devices_list(subject->session.store, subject->domid, DEVICE_DISK, &list, &nr) != 0)
        nr = 0;
    for (int letter = 'a'; letter <= 'z'; letter++) {
        size_t i = 0;

        snprintf(target, 8, "xvd%c", letter);
        while (i < nr && strcmp(list[i].target, target) != 0)
            i++;
        if (i == nr)
            break;
        target[0] = '\0';
    }
    devices_free(list, nr);
}

static int attach(struct subject *subject, const struct domain_disk *disk)
{
    int rc = domain_attach_disk(subject->session.store, subject->domid, disk,
                                &subject->session.failure);

    if (rc == 0)
        printf("Disk %s is %s of %s\n", disk->source, disk->target, subject->name);
    return rc;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct domain_config *config;
    struct subject subject;
    char target[8];
    int status = subject_arguments(command, argc, argv, 2, 2), rc = 0;

    if (status != LAMINA_OK)
        return status == COMMAND_HELP_SHOWN ? LAMINA_OK : status;
    status = subject_open(&subject, command, argv[optind]);
    if (status != LAMINA_OK)
        return status;
    choose_target(&subject, target);
    status = device_spec_read(command, argv[optind + 1], target, NULL, &config);
    if (status == LAMINA_OK)
        rc = attach(&subject, &config->disks[0]);
    device_spec_free(config);
    int end = subject_end(&subject, rc);
    return status == LAMINA_OK ? end : status;
}

const struct command command_disk_attach = {
    .name = "disk-attach",
    .arguments = "DOMAIN PATH[,xvdX][,ro][,...]",
    .summary = "Give a running domain another disk",
    .run = run,
};
