/* SPDX-License-Identifier: MIT */
/*
 * Options of lamina create as domain XML.
 */
#include "lamina/create_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lamina/spec.h"

#define LETTERS 26u

bool create_options_given(const struct create_options *options)
{
    return options->name || options->kernel || options->initrd || options->cmdline ||
           options->memory || options->vcpus || options->bootloader || options->nr_disks ||
           options->nr_interfaces;
}

static void put(FILE *xml, const char *element, const char *text)
{
    if (!text)
        return;
    fprintf(xml, "<%s>", element);
    spec_escape(xml, text);
    fprintf(xml, "</%s>\n", element);
}

/* "512MiB" is <memory unit='MiB'>512</memory>. */
static void put_memory(FILE *xml, const char *text)
{
    size_t digits = strspn(text, "0123456789");

    fputs("<memory unit='", xml);
    spec_escape(xml, text[digits] ? text + digits : "KiB");
    fprintf(xml, "'>%.*s</memory>\n", (int)digits, text);
}

static void put_boot(FILE *xml, const struct create_options *options)
{
    if (options->bootloader)
        fputs("<bootloader/>\n", xml);
    fputs("<os><type>xen</type>\n", xml);
    put(xml, "kernel", options->kernel);
    put(xml, "initrd", options->initrd);
    put(xml, "cmdline", options->cmdline);
    fputs("</os>\n", xml);
}

static int put_devices(const struct command *command, FILE *xml,
                       const struct create_options *options)
{
    char target[] = "xvda";
    const char *wrong;

    fputs("<devices>\n", xml);
    for (size_t i = 0; i < options->nr_disks; i++) {
        target[3] = (char)('a' + i % LETTERS);
        wrong = spec_write_disk(xml, options->disks[i], target);
        if (wrong)
            return command_usage_error(command, "--disk %s: '%s' is not understood",
                                       options->disks[i], wrong);
    }
    for (size_t i = 0; i < options->nr_interfaces; i++) {
        wrong = spec_write_interface(xml, options->interfaces[i]);
        if (wrong)
            return command_usage_error(command, "--net %s: '%s' is not understood",
                                       options->interfaces[i], wrong);
    }
    fputs("</devices>\n", xml);
    return LAMINA_OK;
}

static int write_xml(const struct command *command, const struct create_options *options,
                     FILE *xml)
{
    fputs("<domain type='xen'>\n", xml);
    put(xml, "name", options->name);
    put_memory(xml, options->memory);
    put(xml, "vcpu", options->vcpus);
    put_boot(xml, options);
    int status = put_devices(command, xml, options);
    fputs("</domain>\n", xml);
    return status;
}

static int check_required(const struct command *command, const struct create_options *options)
{
    if (!options->name)
        return command_usage_error(command, "expected a file, or --name and other options");
    if (!options->kernel && !options->bootloader)
        return command_usage_error(command, "expected --kernel FILE or --bootloader");
    if (!options->memory)
        return command_usage_error(command, "expected --memory SIZE");
    return LAMINA_OK;
}

int create_options_parse(const struct command *command, const struct create_options *options,
                         struct domain_config *config)
{
    char *text = NULL;
    size_t size;
    int status = check_required(command, options);

    memset(config, 0, sizeof(*config));
    if (status != LAMINA_OK)
        return status;
    FILE *xml = open_memstream(&text, &size);
    if (!xml)
        return command_complain(LAMINA_FAILED, "lamina create", strerror(errno));
    status = write_xml(command, options, xml);
    if (fclose(xml) != 0 && status == LAMINA_OK)
        status = command_complain(LAMINA_FAILED, "lamina create", strerror(errno));
    if (status == LAMINA_OK)
        status = spec_parse(command, text, size, config);
    free(text);
    return status;
}
