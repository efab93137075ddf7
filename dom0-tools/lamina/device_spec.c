/* SPDX-License-Identifier: MIT */
/*
 * Device specs: a domain that has nothing else, because only domains are read.
 */
#include "lamina/device_spec.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "config/values.h"
#include "lamina/spec.h"

#define TIMEOUT_DEFAULT_S 30u
#define TIMEOUT_MAX_S     86400u

enum { OPTION_FORCE, OPTION_TIMEOUT };

const struct command_option device_detach_options[] = {
    [OPTION_FORCE] = { 'f', "force", NULL, "do not wait for the guest" },
    [OPTION_TIMEOUT] = { 't', "timeout", "SECONDS", "how long the guest may take (30)" },
    { .name = NULL },
};

static int write_xml(const struct command *command, FILE *xml, const char *disk,
                     const char *default_target, const char *interface)
{
    const char *wrong = NULL;

    fputs("<domain type='xen'><name>x</name><memory unit='MiB'>64</memory>"
          "<os><type>xen</type><kernel>/x</kernel></os><devices>",
          xml);
    if (disk)
        wrong = spec_write_disk(xml, disk, default_target);
    if (!wrong && interface)
        wrong = spec_write_interface(xml, interface);
    fputs("</devices></domain>", xml);
    return wrong ? command_usage_error(command, "'%s' is not understood", wrong) : LAMINA_OK;
}

int device_spec_read(const struct command *command, const char *disk, const char *default_target,
                     const char *interface, struct domain_config **config)
{
    char *text = NULL;
    size_t size;
    FILE *xml = open_memstream(&text, &size);

    *config = calloc(1, sizeof(**config));
    if (!xml || !*config) {
        if (xml)
            fclose(xml);
        free(text);
        return command_complain(LAMINA_FAILED, command->name, strerror(ENOMEM));
    }
    int status = write_xml(command, xml, disk, default_target, interface);
    if (fclose(xml) != 0 && status == LAMINA_OK)
        status = command_complain(LAMINA_FAILED, command->name, strerror(errno));
    if (status == LAMINA_OK)
        status = spec_parse(command, text, size, *config);
    free(text);
    return status;
}

void device_spec_free(struct domain_config *config)
{
    if (config)
        domain_config_free(config);
    free(config);
}

int detach_by_name(const struct command *command, int argc, char **argv,
                  int (*detach)(struct store_client *store, unsigned domid, const char *name,
                                bool force, int timeout_ms, struct failure *failure))
{
    uint64_t timeout = TIMEOUT_DEFAULT_S;
    struct subject subject;
    bool force = false;
    int option;

    while ((option = command_next_option(command, argc, argv)) >= 0) {
        force |= option == OPTION_FORCE;
        if (option == OPTION_TIMEOUT && value_read_number(optarg, TIMEOUT_MAX_S, &timeout) != 0)
            return command_usage_error(command, "expected seconds, found '%s'", optarg);
    }
    if (option != COMMAND_OPTIONS_END)
        return option == COMMAND_HELP_SHOWN ? LAMINA_OK : LAMINA_USAGE;
    if (argc - optind != 2)
        return command_usage_error(command, "expected %s", command->arguments);
    int status = subject_open(&subject, command, argv[optind]);
    if (status != LAMINA_OK)
        return status;
    return subject_end(&subject, detach(subject.session.store, subject.domid, argv[optind + 1],
                                        force, (int)timeout * 1000, &subject.session.failure));
}
