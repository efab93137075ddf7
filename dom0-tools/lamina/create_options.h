/* SPDX-License-Identifier: MIT */
/*
 * A domain described by options of lamina create instead of a file. The options become domain XML,
 * so files and options mean the same.
 */
#ifndef LAMINA_CREATE_OPTIONS_H
#define LAMINA_CREATE_OPTIONS_H

#include "config/domain_config.h"
#include "lamina/command.h"

struct create_options {
    const char *name, *kernel, *initrd, *cmdline, *memory, *vcpus;
    bool bootloader;
    const char *disks[CONFIG_DISKS_MAX];
    size_t nr_disks;
    const char *interfaces[CONFIG_INTERFACES_MAX];
    size_t nr_interfaces;
};

/* Whether any was given. */
bool create_options_given(const struct create_options *options);

/* LAMINA_OK, or the exit code after a complaint. config is for domain_config_free() in any case. */
int create_options_parse(const struct command *command, const struct create_options *options,
                         struct domain_config *config);

#endif
