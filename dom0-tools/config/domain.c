/* SPDX-License-Identifier: MIT */
/*
 * Domain: the elements right below <domain>, and the rules that hold between them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/elements.h"
#include "config/values.h"

const char *const domain_action_names[] = {
    "destroy", "restart", "preserve", "rename-restart", "coredump-destroy", "coredump-restart", NULL
};

static void read_name(struct element_reader *reader, xmlNode *node, void *object)
{
    struct domain_config *config = object;

    config->name = element_text(reader, node, CONFIG_NAME_MAX);
    if (config->name && !value_is_name(config->name))
        element_error(reader, node,
                      "expected a name without '/', that does not begin with '.' or '-' and"
                      " is not a number, found %s",
                      config_quote(config->name));
}

static void read_uuid(struct element_reader *reader, xmlNode *node, void *object)
{
    struct domain_config *config = object;
    char *text = element_text(reader, node, CONFIG_TEXT_MAX);

    if (!text)
        return;
    config->has_uuid = value_read_uuid(text, config->uuid) == 0;
    if (!config->has_uuid)
        element_error(reader, node, "expected a uuid of 32 hexadecimal digits, found %s",
                      config_quote(text));
    free(text);
}

static void read_title(struct element_reader *reader, xmlNode *node, void *object)
{
    struct domain_config *config = object;

    config->title = element_text(reader, node, CONFIG_TEXT_MAX);
    if (config->title && strchr(config->title, '\n'))
        element_error(reader, node, "expected one line");
}

static void read_description(struct element_reader *reader, xmlNode *node, void *object)
{
    ((struct domain_config *)object)->description = element_text(reader, node, CONFIG_TEXT_MAX);
}

static void read_metadata(struct element_reader *reader, xmlNode *node, void *object)
{
    element_keep(reader, node, &((struct domain_config *)object)->metadata);
}

static void read_kib(struct element_reader *reader, xmlNode *node, uint64_t *kib)
{
    char *text = element_text(reader, node, CONFIG_TEXT_MAX);
    char *unit = element_attribute(reader, node, "unit");

    if (text && value_read_kib(text, unit, kib) != 0) {
        element_error(reader, node,
                      "expected a number of b, KiB, MiB, GiB or TiB (no unit: KiB), found %s%s%s",
                      config_quote(text), unit ? " with unit " : "",
                      unit ? config_quote(unit) : "");
    } else if (text && (*kib < CONFIG_MEMORY_KIB_MIN || *kib > CONFIG_MEMORY_KIB_MAX)) {
        element_error(reader, node, "expected 4 MiB to 16 TiB, found %llu KiB",
                      (unsigned long long)*kib);
    }
    free(text);
    free(unit);
}

static void read_memory(struct element_reader *reader, xmlNode *node, void *object)
{
    read_kib(reader, node, &((struct domain_config *)object)->memory_kib);
}

static void read_current_memory(struct element_reader *reader, xmlNode *node, void *object)
{
    read_kib(reader, node, &((struct domain_config *)object)->current_memory_kib);
}

static void read_cpuset(struct element_reader *reader, xmlNode *node, uint64_t *cpus)
{
    char *text = element_attribute(reader, node, "cpuset");

    if (text && value_read_cpuset(text, cpus) != 0)
        element_error(reader, node,
                      "attribute cpuset: expected processors from 0 to 63 like '0-3,^2', found %s",
                      config_quote(text));
    free(text);
}

static void read_vcpu(struct element_reader *reader, xmlNode *node, void *object)
{
    static const char *const placements[] = { "static", "auto", NULL };
    struct domain_config *config = object;
    uint64_t max = 1, current;

    if (!element_number(reader, node, NULL, 1, CONFIG_VCPUS_MAX, &max))
        return;
    current = max;
    if (xmlHasProp(node, (const xmlChar *)"current"))
        element_number(reader, node, "current", 1, max, &current);
    if (element_choice(reader, node, "placement", placements, 0) == 1)
        element_warn(reader, node, "attribute placement: 'auto' is taken as 'static'");
    read_cpuset(reader, node, &config->cpuset);
    config->nr_vcpus_max = (unsigned)max;
    config->nr_vcpus = (unsigned)current;
}

/* Only a crash can leave a core dump. */
static void read_action(struct element_reader *reader, xmlNode *node, bool crash,
                        enum domain_action *action)
{
    static const char *const names[] = { "destroy", "restart", "preserve", "rename-restart", NULL };
    int choice = element_text_choice(reader, node, crash ? domain_action_names : names);

    if (choice >= 0)
        *action = (enum domain_action)choice;
}

static void read_on_poweroff(struct element_reader *reader, xmlNode *node, void *object)
{
    read_action(reader, node, false, &((struct domain_config *)object)->on_poweroff);
}

static void read_on_reboot(struct element_reader *reader, xmlNode *node, void *object)
{
    read_action(reader, node, false, &((struct domain_config *)object)->on_reboot);
}

static void read_on_crash(struct element_reader *reader, xmlNode *node, void *object)
{
    read_action(reader, node, true, &((struct domain_config *)object)->on_crash);
}

static void read_bootloader(struct element_reader *reader, xmlNode *node, void *object)
{
    struct domain_config *config = object;

    config->has_bootloader = true;
    config->bootloader = element_text(reader, node, CONFIG_PATH_MAX);
}

static void read_bootloader_args(struct element_reader *reader, xmlNode *node, void *object)
{
    struct domain_config *config = object;

    config->bootloader_args = element_text(reader, node, CONFIG_TEXT_MAX);
    element_warn(reader, node, "PV GRUB takes no arguments; kept but not used");
}

#define WITHOUT_EFFECT "has no effect on a paravirtual domain"

static const struct element_rule rules[] = {
    { "name", ELEMENT_READ, .read = read_name },
    { "uuid", ELEMENT_READ, .read = read_uuid },
    { "title", ELEMENT_READ, .read = read_title },
    { "description", ELEMENT_READ, .read = read_description },
    { "metadata", ELEMENT_READ, .read = read_metadata },
    { "memory", ELEMENT_READ, .attributes = "unit", .read = read_memory },
    { "currentMemory", ELEMENT_READ, .attributes = "unit", .read = read_current_memory },
    { "vcpu", ELEMENT_READ, .attributes = "placement cpuset current", .read = read_vcpu },
    { "cputune", ELEMENT_READ, .read = cputune_read },
    { "os", ELEMENT_READ, .read = os_read },
    { "bootloader", ELEMENT_READ, .read = read_bootloader },
    { "bootloader_args", ELEMENT_READ, .read = read_bootloader_args },
    { "on_poweroff", ELEMENT_READ, .read = read_on_poweroff },
    { "on_reboot", ELEMENT_READ, .read = read_on_reboot },
    { "on_crash", ELEMENT_READ, .read = read_on_crash },
    { "clock", ELEMENT_READ, .attributes = "offset adjustment basis", .read = clock_read },
    { "devices", ELEMENT_READ, .read = devices_read },
    { "resource", ELEMENT_KEEP, .why = NULL },
    { "features", ELEMENT_WARN, .why = WITHOUT_EFFECT },
    { "cpu", ELEMENT_WARN, .why = "the guest sees the host's processor" },
    { "vcpus", ELEMENT_WARN, .why = "single vCPUs cannot be chosen; see vcpu" },
    { "maxMemory", ELEMENT_WARN, .why = "memory cannot be plugged in; see memory" },
    { "iothreads", ELEMENT_WARN, .why = WITHOUT_EFFECT },
    { "iothreadids", ELEMENT_WARN, .why = WITHOUT_EFFECT },
    { "defaultiothread", ELEMENT_WARN, .why = WITHOUT_EFFECT },
    { "blkiotune", ELEMENT_WARN, .why = "there are no block I/O weights" },
    { "memtune", ELEMENT_WARN, .why = "there are no memory limits beside memory" },
    { "memoryBacking", ELEMENT_WARN, .why = WITHOUT_EFFECT },
    { "numatune", ELEMENT_WARN, .why = "there is no NUMA placement" },
    { "sysinfo", ELEMENT_WARN, .why = WITHOUT_EFFECT },
    { "genid", ELEMENT_WARN, .why = WITHOUT_EFFECT },
    { "pm", ELEMENT_WARN, .why = WITHOUT_EFFECT },
    { "on_lockfailure", ELEMENT_WARN, .why = "there is no lock manager" },
    { "perf", ELEMENT_WARN, .why = WITHOUT_EFFECT },
    { "keywrap", ELEMENT_WARN, .why = WITHOUT_EFFECT },
    { "seclabel", ELEMENT_WARN, .why = "there are no security labels" },
    { "idmap", ELEMENT_REFUSE, .why = "is for containers; remove it" },
    { "launchSecurity", ELEMENT_REFUSE, .why = "encrypted guests are not supported; remove it" },
    { .name = NULL },
};

static void check_required(struct element_reader *reader, xmlNode *root)
{
    static const char *const names[] = { "name", "memory" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!element_child(root, names[i]))
            element_error(reader, root, "expected an element <%s>, found none", names[i]);
    }
}

/* As for libvirt, a domain that names neither boots from its own disk. */
static void check_boot(struct element_reader *reader, xmlNode *root)
{
    struct domain_config *config = reader->config;
    xmlNode *os = element_child(root, "os");

    if (config->kernel && config->has_bootloader)
        element_error(reader, element_child(root, "bootloader"),
                      "expected either a boot loader or <kernel> in <os>, found both");
    if (config->has_bootloader || (os && element_child(os, "kernel"))) {
        /* It is said how to start, rightly or wrongly. */
    } else if (config->nr_disks > 0) {
        config->has_bootloader = true;
    } else {
        element_error(reader, os ? os : root,
                      "expected <kernel>, or <bootloader> beside <os>, or a disk to boot from,"
                      " found none");
    }
    if (!config->kernel && (config->initrd || config->cmdline) && config->has_bootloader)
        element_error(reader, os ? os : root,
                      "expected <initrd> and <cmdline> only beside <kernel>");
}

static void check_vcpus(struct element_reader *reader, xmlNode *root)
{
    struct domain_config *config = reader->config;
    unsigned nr = config->nr_vcpus_max;

    if (nr < CONFIG_VCPUS_MAX && config->cputune.pinned >> nr != 0)
        element_error(reader, element_child(root, "cputune"),
                      "expected vcpupin of vCPUs 0 to %u, found %d", nr - 1,
                      63 - __builtin_clzll(config->cputune.pinned));
}

static void check_memory(struct element_reader *reader, xmlNode *root)
{
    struct domain_config *config = reader->config;

    if (config->current_memory_kib == 0)
        config->current_memory_kib = config->memory_kib;
    if (config->memory_kib != 0 && config->current_memory_kib > config->memory_kib)
        element_error(reader, element_child(root, "currentMemory"),
                      "expected at most the %llu KiB of memory, found %llu KiB",
                      (unsigned long long)config->memory_kib,
                      (unsigned long long)config->current_memory_kib);
}

void domain_read(struct element_reader *reader, xmlNode *root)
{
    struct domain_config *config = reader->config;

    config->nr_vcpus_max = 1;
    config->nr_vcpus = 1;
    config->on_poweroff = ACTION_DESTROY;
    config->on_reboot = ACTION_RESTART;
    config->on_crash = ACTION_DESTROY;
    /* The id is of a running domain: another start gives another one. */
    element_check_attributes(reader, root, "type id");
    element_walk(reader, root, rules, config, &config->kept);
    if (reader->out_of_memory)
        return;
    check_required(reader, root);
    check_boot(reader, root);
    check_vcpus(reader, root);
    check_memory(reader, root);
}
