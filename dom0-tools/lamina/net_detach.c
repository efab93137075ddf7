/* SPDX-License-Identifier: MIT */
/*
 * lamina net-detach: takes a network interface away from a living domain.
 */
#include "domain/domain.h"
#include "lamina/device_spec.h"

static int run(const struct command *command, int argc, char **argv)
{
    return detach_by_name(command, argc, argv, domain_detach_interface);
}

const struct command command_net_detach = {
    .name = "net-detach",
    .arguments = "DOMAIN MAC|NUMBER|NAME",
    .summary = "Take a network interface away from a running domain",
    .options = device_detach_options,
    .run = run,
};
