/* SPDX-License-Identifier: MIT */
/*
 * Devices: the table of everything that may stand in <devices>. A paravirtual domain has disks,
 * interfaces and a console; of the rest, what a guest can do without is a warning, and what it
 * would miss is refused.
 */
#include <stdlib.h>
#include <string.h>

#include "config/elements.h"
#include "config/values.h"

/* Warns unless the attribute has the value that libvirt writes for every Xen domain by itself. */
static void keep_if(struct element_reader *reader, xmlNode *node, const char *attribute,
                    const char *const *usual, const char *why)
{
    struct domain_config *config = reader->config;
    char *value = element_attribute(reader, node, attribute);

    if (!value || value_find(value, usual) < 0)
        element_warn(reader, node, "%s; ignored", why);
    element_keep(reader, node, &config->devices_kept);
    free(value);
}

static void read_memballoon(struct element_reader *reader, xmlNode *node, void *object)
{
    static const char *const usual[] = { "xen", "none", NULL };

    (void)object;
    keep_if(reader, node, "model", usual, "the balloon is Xen's");
}

static void read_controller(struct element_reader *reader, xmlNode *node, void *object)
{
    static const char *const usual[] = { "xenbus", NULL };

    (void)object;
    keep_if(reader, node, "type", usual, "a paravirtual domain has no controllers");
    if (xmlHasProp(node, (const xmlChar *)"maxGrantFrames") ||
        xmlHasProp(node, (const xmlChar *)"maxEventChannels"))
        element_warn(reader, node,
                     "the limits of grants and event channels are the hypervisor's;"
                     " ignored");
}

static void read_hostdev(struct element_reader *reader, xmlNode *node, void *object)
{
    char *type = element_attribute(reader, node, "type");

    (void)object;
    element_error(reader, node, "devices of the host (%s) cannot be passed through; remove it",
                  type ? config_quote(type) : "of no type");
    free(type);
}

#define NO_SUCH_DEVICE "a paravirtual domain has no such device"

static const struct element_rule rules[] = {
    { "disk", ELEMENT_READ, .many = true, .attributes = "type device", .read = disk_read },
    { "interface", ELEMENT_READ, .many = true, .attributes = "type", .read = interface_read },
    { "console", ELEMENT_READ, .attributes = "type tty", .read = console_read },
    { "memballoon", ELEMENT_READ, .attributes = "model autodeflate", .read = read_memballoon },
    { "controller", ELEMENT_READ, .many = true,
      .attributes = "type index model maxGrantFrames"
                    " maxEventChannels ports",
      .read = read_controller },
    { "hostdev", ELEMENT_READ, .many = true, .attributes = "mode type managed",
      .read = read_hostdev },
    { "emulator", ELEMENT_KEEP, .why = NULL },
    { "graphics", ELEMENT_WARN, .why = "a paravirtual domain has no screen; use the console" },
    { "video", ELEMENT_WARN, .why = "a paravirtual domain has no screen; use the console" },
    { "input", ELEMENT_WARN, .why = "a paravirtual domain has no keyboard or mouse" },
    { "serial", ELEMENT_WARN, .why = "a paravirtual domain has no serial port; use <console>" },
    { "parallel", ELEMENT_WARN, .why = NO_SUCH_DEVICE },
    { "channel", ELEMENT_WARN, .why = "there are no channels beside the console" },
    { "sound", ELEMENT_WARN, .why = NO_SUCH_DEVICE },
    { "audio", ELEMENT_WARN, .why = NO_SUCH_DEVICE },
    { "watchdog", ELEMENT_WARN, .why = NO_SUCH_DEVICE },
    { "rng", ELEMENT_WARN, .why = NO_SUCH_DEVICE },
    { "panic", ELEMENT_WARN, .why = "a crash is told by the hypervisor; see on_crash" },
    { "hub", ELEMENT_WARN, .why = "USB is not supported" },
    { "usb", ELEMENT_WARN, .why = "USB is not supported" },
    { "redirdev", ELEMENT_WARN, .why = "USB is not supported" },
    { "redirfilter", ELEMENT_WARN, .why = "USB is not supported" },
    { "smartcard", ELEMENT_WARN, .why = NO_SUCH_DEVICE },
    { "nvram", ELEMENT_WARN, .why = NO_SUCH_DEVICE },
    { "iommu", ELEMENT_WARN, .why = NO_SUCH_DEVICE },
    { "crypto", ELEMENT_WARN, .why = NO_SUCH_DEVICE },
    { "pci", ELEMENT_REFUSE, .why = "PCI devices cannot be passed through; remove it" },
    { "filesystem", ELEMENT_REFUSE, .why = "shared folders are not supported; use a disk" },
    { "memory", ELEMENT_REFUSE, .why = "memory modules are not supported; see memory" },
    { "shmem", ELEMENT_REFUSE, .why = "shared memory devices are not supported; remove it" },
    { "tpm", ELEMENT_REFUSE, .why = "a TPM is not supported; remove it" },
    { "vsock", ELEMENT_REFUSE, .why = "vsock is not supported; use an interface" },
    { "lease", ELEMENT_REFUSE, .why = "there is no lock manager; remove it" },
    { .name = NULL },
};

void devices_read(struct element_reader *reader, xmlNode *node, void *object)
{
    element_walk(reader, node, rules, object, &((struct domain_config *)object)->devices_kept);
}
