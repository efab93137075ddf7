/* SPDX-License-Identifier: MIT */
/*
 * lamina disk-detach: takes a disk away from a living domain.
 */
#include "domain/domain.h"
#include "lamina/device_spec.h"

static int run(const struct command *command, int argc, char **argv)
{
    return detach_by_name(command, argc, argv, domain_detach_disk);
}

const struct command command_disk_detach = {
    .name = "disk-detach",
    .arguments = "DOMAIN TARGET",
    .summary = "Take a disk away from a running domain",
    .options = device_detach_options,
    .run = run,
};
