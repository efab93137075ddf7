/* SPDX-License-Identifier: MIT */
/*
 * lamina net-attach: gives a living domain another network interface.
 */
#include <getopt.h>

#include "domain/domain.h"
#include "lamina/device_spec.h"
#include "lamina/subject.h"

static int attach(struct subject *subject, struct domain_interface *interface)
{
    int rc = domain_attach_interface(subject->session.store, subject->domid, interface,
                                     &subject->session.failure);
    const uint8_t *mac = interface->mac;

    if (rc == 0)
        printf("Interface %02x:%02x:%02x:%02x:%02x:%02x is attached to %s\n", mac[0], mac[1],
               mac[2], mac[3], mac[4], mac[5], subject->name);
    return rc;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct domain_config *config;
    struct subject subject;
    int status = subject_arguments(command, argc, argv, 1, 2), rc = 0;

    if (status != LAMINA_OK)
        return status == COMMAND_HELP_SHOWN ? LAMINA_OK : status;
    const char *spec = argc - optind == 2 ? argv[optind + 1] : "default";
    status = subject_open(&subject, command, argv[optind]);
    if (status != LAMINA_OK)
        return status;
    status = device_spec_read(command, NULL, NULL, spec, &config);
    if (status == LAMINA_OK)
        rc = attach(&subject, &config->interfaces[0]);
    device_spec_free(config);
    int end = subject_end(&subject, rc);
    return status == LAMINA_OK ? end : status;
}

const struct command command_net_attach = {
    .name = "net-attach",
    .arguments = "DOMAIN [bridge=NAME,mac=ADDRESS,...]",
    .summary = "Give a running domain another network interface",
    .run = run,
};
