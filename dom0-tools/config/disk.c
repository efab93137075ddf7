/* SPDX-License-Identifier: MIT */
/*
 * Disk: <disk> with its source, target and options. Only raw block devices and files are disks
 * here; a slice makes a part of one a disk of its own.
 */
#include <stdlib.h>
#include <string.h>

#include "config/elements.h"
#include "config/values.h"

#define SECTOR_SIZE     512u
#define NO_NETWORK_DISK "network disks are not supported"

static void check_format(struct element_reader *reader, xmlNode *node)
{
    char *format = element_attribute(reader, node, "type");

    if (format && strcmp(format, "raw") != 0)
        element_error(reader, node,
                      "attribute type: expected raw, found %s; convert the image, for instance"
                      " with 'qemu-img convert -O raw'",
                      config_quote(format));
    free(format);
}

static void read_driver(struct element_reader *reader, xmlNode *node, void *object)
{
    static const char *const kernel[] = { "phy", "file", "loop", NULL };
    static const char *const caches[] = { "default", "writethrough", "writeback", "unsafe",
                                          "none",    "directsync",   NULL };
    static const char *const discards[] = { "ignore", "unmap", NULL };
    struct domain_disk *disk = object;

    disk->driver = element_attribute(reader, node, "name");
    if (disk->driver && value_find(disk->driver, kernel) < 0)
        element_warn(reader, node, "attribute name: %s is not run; the kernel's back end serves",
                     config_quote(disk->driver));
    check_format(reader, node);
    disk->direct_io = element_choice(reader, node, "cache", caches, 0) >= 4;
    disk->discard = element_choice(reader, node, "discard", discards, 0) == 1;
}

static bool read_slice_number(struct element_reader *reader, xmlNode *node, const char *name,
                              uint64_t min, uint64_t *value)
{
    if (!element_number(reader, node, name, min, INT64_MAX, value))
        return false;
    if (*value % SECTOR_SIZE == 0)
        return true;
    element_error(reader, node, "attribute %s: expected a multiple of %u", name, SECTOR_SIZE);
    return false;
}

static void read_slice(struct element_reader *reader, xmlNode *node, void *object)
{
    static const char *const types[] = { "storage", NULL };
    struct domain_disk *disk = object;
    uint64_t offset = 0, size = 0;

    if (element_choice(reader, node, "type", types, 0) < 0 ||
        !read_slice_number(reader, node, "offset", 0, &offset) ||
        !read_slice_number(reader, node, "size", SECTOR_SIZE, &size))
        return;
    if (size > INT64_MAX - offset) {
        element_error(reader, node, "expected offset and size to sum below 2^63");
        return;
    }
    disk->has_slice = true;
    disk->slice_offset = offset;
    disk->slice_size = size;
}

static const struct element_rule slices_rules[] = {
    { "slice", ELEMENT_READ, .attributes = "type offset size", .read = read_slice, .empty = true },
    { .name = NULL },
};

static void read_slices(struct element_reader *reader, xmlNode *node, void *object)
{
    element_walk(reader, node, slices_rules, object, NULL);
}

static const struct element_rule source_rules[] = {
    { "slices", ELEMENT_READ, .read = read_slices },
    { "seclabel", ELEMENT_WARN, .why = "there are no security labels" },
    { "privateData", ELEMENT_KEEP, .why = NULL },
    { "address", ELEMENT_KEEP, .why = NULL },
    { "reservations", ELEMENT_REFUSE, .why = "SCSI reservations are not supported; remove it" },
    { "encryption", ELEMENT_REFUSE, .why = "encrypted disks are not supported" },
    { "auth", ELEMENT_REFUSE, .why = NO_NETWORK_DISK },
    { "host", ELEMENT_REFUSE, .why = NO_NETWORK_DISK },
    { "config", ELEMENT_REFUSE, .why = NO_NETWORK_DISK },
    { "cookies", ELEMENT_REFUSE, .why = NO_NETWORK_DISK },
    { "identity", ELEMENT_REFUSE, .why = NO_NETWORK_DISK },
    { "initiator", ELEMENT_REFUSE, .why = NO_NETWORK_DISK },
    { "readahead", ELEMENT_REFUSE, .why = NO_NETWORK_DISK },
    { "reconnect", ELEMENT_REFUSE, .why = NO_NETWORK_DISK },
    { "snapshot", ELEMENT_REFUSE, .why = NO_NETWORK_DISK },
    { "ssl", ELEMENT_REFUSE, .why = NO_NETWORK_DISK },
    { "timeout", ELEMENT_REFUSE, .why = NO_NETWORK_DISK },
    { .name = NULL },
};

static void read_source(struct element_reader *reader, xmlNode *node, void *object)
{
    struct domain_disk *disk = object;
    bool block = disk->source_type == DISK_BLOCK;
    const char *name = block ? "dev" : "file";

    if (xmlHasProp(node, (const xmlChar *)(block ? "file" : "dev")))
        element_error(reader, node, "expected only attribute %s for <disk type='%s'>", name,
                      block ? "block" : "file");
    disk->source = element_attribute(reader, node, name);
    if (!disk->source)
        element_error(reader, node, "expected an attribute %s for <disk type='%s'>, found none",
                      name, block ? "block" : "file");
    else
        element_check_path(reader, node, disk->source);
    element_walk(reader, node, source_rules, disk, &disk->source_kept);
}

/* xvda, hdb, sdc1 ...: one or two letters and a partition below 100. */
static bool is_good_target(const char *name)
{
    size_t prefix = strncmp(name, "xvd", 3) == 0                                 ? 3
                    : strncmp(name, "hd", 2) == 0 || strncmp(name, "sd", 2) == 0 ? 2
                                                                                 : 0;
    size_t letters = strspn(name + prefix, "abcdefghijklmnopqrstuvwxyz");
    size_t digits = strspn(name + prefix + letters, "0123456789");

    return prefix > 0 && letters >= 1 && letters <= 2 && digits <= 2 &&
           name[prefix + letters] != '0' && name[prefix + letters + digits] == '\0';
}

static void check_target_unused(struct element_reader *reader, xmlNode *node,
                                const struct domain_disk *disk)
{
    for (const struct domain_disk *other = reader->config->disks; other < disk; other++) {
        if (other->target && strcmp(other->target, disk->target) == 0)
            element_error(reader, node, "attribute dev: %s is the disk of line %d already",
                          config_quote(disk->target), other->line);
    }
}

static void read_target(struct element_reader *reader, xmlNode *node, void *object)
{
    static const char *const buses[] = { "xen", NULL };
    struct domain_disk *disk = object;

    disk->target = element_attribute(reader, node, "dev");
    if (!disk->target || !is_good_target(disk->target))
        element_error(reader, node, "attribute dev: expected a name like 'xvda', found %s",
                      disk->target ? config_quote(disk->target) : "none");
    else
        check_target_unused(reader, node, disk);
    element_choice(reader, node, "bus", buses, 0);
}

static void read_readonly(struct element_reader *reader, xmlNode *node, void *object)
{
    (void)reader;
    (void)node;
    ((struct domain_disk *)object)->readonly = true;
}

static void read_shareable(struct element_reader *reader, xmlNode *node, void *object)
{
    (void)reader;
    (void)node;
    ((struct domain_disk *)object)->shareable = true;
}

/* libvirt writes an empty one for an image that stands alone. */
static void read_backing_store(struct element_reader *reader, xmlNode *node, void *object)
{
    if (node->children)
        element_error(reader, node, "expected no backing file: only raw images are disks here");
    else
        element_keep(reader, node, &((struct domain_disk *)object)->kept);
}

static const struct element_rule rules[] = {
    { "driver", ELEMENT_READ, .attributes = "name type cache discard", .read = read_driver,
      .empty = true },
    { "source", ELEMENT_READ, .attributes = "dev file index", .read = read_source },
    { "target", ELEMENT_READ, .attributes = "dev bus", .read = read_target, .empty = true },
    { "readonly", ELEMENT_READ, .read = read_readonly, .empty = true },
    { "shareable", ELEMENT_READ, .read = read_shareable, .empty = true },
    { "backingStore", ELEMENT_READ, .attributes = "type index", .read = read_backing_store },
    { "alias", ELEMENT_KEEP, .why = NULL },
    { "address", ELEMENT_KEEP, .why = NULL },
    { "privateData", ELEMENT_KEEP, .why = NULL },
    { "acpi", ELEMENT_WARN, .why = "a paravirtual domain has no ACPI tables" },
    { "backenddomain", ELEMENT_REFUSE, .why = "disks come from dom0 only; remove it" },
    { "transient", ELEMENT_REFUSE,
      .why = "throw-away changes are not supported; expected"
             " <readonly/> or nothing" },
    { "encryption", ELEMENT_REFUSE, .why = "encrypted disks are not supported" },
    { "auth", ELEMENT_REFUSE, .why = NO_NETWORK_DISK },
    { "mirror", ELEMENT_WARN, .why = "disks are not mirrored" },
    { "boot", ELEMENT_WARN, .why = "a paravirtual domain has no boot order" },
    { "iotune", ELEMENT_WARN, .why = "disks have no rate limits" },
    { "serial", ELEMENT_WARN, .why = "a paravirtual disk has no serial number" },
    { "wwn", ELEMENT_WARN, .why = "a paravirtual disk has no world wide name" },
    { "vendor", ELEMENT_WARN, .why = "a paravirtual disk names no vendor" },
    { "product", ELEMENT_WARN, .why = "a paravirtual disk names no product" },
    { "geometry", ELEMENT_WARN, .why = "a paravirtual disk has no geometry" },
    { "blockio", ELEMENT_WARN, .why = "the sector size is the device's" },
    { .name = NULL },
};

static void check_parts(struct element_reader *reader, xmlNode *node)
{
    if (!element_child(node, "source"))
        element_error(reader, node, "expected an element <source>, found none");
    if (!element_child(node, "target"))
        element_error(reader, node, "expected an element <target dev='xvda'/>, found none");
}

void disk_read(struct element_reader *reader, xmlNode *node, void *object)
{
    static const char *const types[] = { "block", "file", NULL };
    static const char *const devices[] = { "disk", "cdrom", NULL };
    struct domain_config *config = object;

    if (config->nr_disks == CONFIG_DISKS_MAX) {
        element_error(reader, node, "expected at most %u disks", CONFIG_DISKS_MAX);
        return;
    }
    int type = element_choice(reader, node, "type", types, DISK_FILE);
    int device = element_choice(reader, node, "device", devices, 0);
    if (type < 0 || device < 0)
        return;
    struct domain_disk *disk = &config->disks[config->nr_disks++];
    disk->source_type = (enum disk_source)type;
    disk->cdrom = device == 1;
    disk->readonly = disk->cdrom;
    disk->line = (int)xmlGetLineNo(node);
    element_walk(reader, node, rules, disk, &disk->kept);
    check_parts(reader, node);
}
