/* SPDX-License-Identifier: MIT */
/*
 * Interface: <interface>, a port of a bridge in dom0, and <console>, the one that every
 * paravirtual domain has.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "config/elements.h"
#include "config/values.h"

enum { IFNAME_MAX = 15, MTU_MIN = 68, MTU_MAX = 65535 };
#define RATE_MAX_KIBS ((uint64_t)UINT32_MAX)

enum interface_type { INTERFACE_BRIDGE, INTERFACE_NETWORK, INTERFACE_ETHERNET };

/* What Linux takes as the name of an interface. */
static bool is_good_ifname(const char *name)
{
    size_t length = strlen(name);

    if (length == 0 || length > IFNAME_MAX || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return false;
    for (; *name != '\0'; name++) {
        if (!isgraph((unsigned char)*name) || strchr("/:", *name))
            return false;
    }
    return true;
}

static bool check_ifname(struct element_reader *reader, xmlNode *node, const char *attribute,
                         const char *name)
{
    if (name && is_good_ifname(name))
        return true;
    element_error(reader, node,
                  "attribute %s: expected the name of an interface, at most %d bytes, found %s",
                  attribute, IFNAME_MAX, name ? config_quote(name) : "none");
    return false;
}

/* A libvirt network stands for a bridge that its daemon runs; the tools' own bridge is the like. */
static void read_source(struct element_reader *reader, xmlNode *node, void *object)
{
    struct domain_interface *interface = object;
    char *network = element_attribute(reader, node, "network");

    interface->bridge = element_attribute(reader, node, "bridge");
    if (network && !interface->bridge)
        element_warn(reader, node,
                     "libvirt's network %s does not exist here;"
                     " the default bridge is used",
                     config_quote(network));
    else
        check_ifname(reader, node, "bridge", interface->bridge);
    free(network);
}

static void read_mac(struct element_reader *reader, xmlNode *node, void *object)
{
    struct domain_interface *interface = object;
    char *text = element_attribute(reader, node, "address");

    interface->has_mac = text && value_read_mac(text, interface->mac) == 0;
    if (!interface->has_mac)
        element_error(reader, node,
                      "attribute address: expected a unicast address like 00:16:3e:00:00:01,"
                      " found %s",
                      text ? config_quote(text) : "none");
    free(text);
}

static void read_target(struct element_reader *reader, xmlNode *node, void *object)
{
    struct domain_interface *interface = object;

    interface->target = element_attribute(reader, node, "dev");
    check_ifname(reader, node, "dev", interface->target);
    /* Names that tools give by themselves are those of one run: the next makes its own. */
    if (interface->target &&
        (strncmp(interface->target, "vif", 3) == 0 || strncmp(interface->target, "vnet", 4) == 0)) {
        free(interface->target);
        interface->target = NULL;
        element_keep(reader, node, &interface->kept);
    }
}

static void read_mtu(struct element_reader *reader, xmlNode *node, void *object)
{
    uint64_t mtu;

    if (element_number(reader, node, "size", MTU_MIN, MTU_MAX, &mtu))
        ((struct domain_interface *)object)->mtu = (uint32_t)mtu;
}

static void read_model(struct element_reader *reader, xmlNode *node, void *object)
{
    char *type = element_attribute(reader, node, "type");

    if (type && strcmp(type, "netfront") != 0)
        element_warn(reader, node, "attribute type: %s is taken as 'netfront'; kept",
                     config_quote(type));
    element_keep(reader, node, &((struct domain_interface *)object)->kept);
    free(type);
}

static void read_link(struct element_reader *reader, xmlNode *node, void *object)
{
    static const char *const states[] = { "up", "down", NULL };

    ((struct domain_interface *)object)->link_down =
        element_choice(reader, node, "state", states, 0) == 1;
}

static void read_outbound(struct element_reader *reader, xmlNode *node, void *object)
{
    element_number(reader, node, "average", 1, RATE_MAX_KIBS,
                   &((struct domain_interface *)object)->out_average_kibs);
}

static const struct element_rule bandwidth_rules[] = {
    { "outbound", ELEMENT_READ, .attributes = "average", .read = read_outbound, .empty = true },
    { "inbound", ELEMENT_WARN, .why = "only what the guest sends can be limited" },
    { .name = NULL },
};

static void read_bandwidth(struct element_reader *reader, xmlNode *node, void *object)
{
    element_walk(reader, node, bandwidth_rules, object,
                 &((struct domain_interface *)object)->bandwidth_kept);
}

static const struct element_rule rules[] = {
    { "source", ELEMENT_READ, .attributes = "bridge network portid", .read = read_source,
      .empty = true },
    { "mac", ELEMENT_READ, .attributes = "address", .read = read_mac, .empty = true },
    { "target", ELEMENT_READ, .attributes = "dev", .read = read_target, .empty = true },
    { "mtu", ELEMENT_READ, .attributes = "size", .read = read_mtu, .empty = true },
    { "model", ELEMENT_READ, .attributes = "type", .read = read_model },
    { "link", ELEMENT_READ, .attributes = "state", .read = read_link, .empty = true },
    { "bandwidth", ELEMENT_READ, .read = read_bandwidth },
    { "alias", ELEMENT_KEEP, .why = NULL },
    { "address", ELEMENT_KEEP, .why = NULL },
    { "script", ELEMENT_WARN, .why = "no hot-plug scripts are run" },
    { "downscript", ELEMENT_WARN, .why = "no hot-plug scripts are run" },
    { "acpi", ELEMENT_WARN, .why = "a paravirtual domain has no ACPI tables" },
    { "backend", ELEMENT_WARN, .why = "the back end has no options" },
    { "coalesce", ELEMENT_WARN, .why = "the back end has no options" },
    { "tune", ELEMENT_WARN, .why = "the back end has no options" },
    { "rom", ELEMENT_WARN, .why = "a paravirtual interface has no ROM" },
    { "teaming", ELEMENT_REFUSE, .why = "interfaces cannot be teamed; remove it" },
    { "port", ELEMENT_REFUSE, .why = "isolated ports are not supported; remove it" },
    { "portForward", ELEMENT_REFUSE, .why = "ports are not forwarded; remove it" },
    { "ip", ELEMENT_WARN, .why = "the guest sets its address itself" },
    { "route", ELEMENT_WARN, .why = "the guest sets its routes itself" },
    { "guest", ELEMENT_WARN, .why = "the guest names its interface itself" },
    { "boot", ELEMENT_WARN, .why = "a paravirtual domain has no boot order" },
    { "driver", ELEMENT_WARN, .why = "the back end has no options" },
    { "filterref", ELEMENT_REFUSE, .why = "packet filters are not supported; remove it" },
    { "vlan", ELEMENT_REFUSE, .why = "VLAN tags are not supported; use a bridge of that VLAN" },
    { "virtualport", ELEMENT_REFUSE, .why = "virtual switch ports are not supported; remove it" },
    { "backenddomain", ELEMENT_REFUSE, .why = "networks come from dom0 only; remove it" },
    { .name = NULL },
};

void interface_read(struct element_reader *reader, xmlNode *node, void *object)
{
    static const char *const types[] = { "bridge", "network", "ethernet", NULL };
    struct domain_config *config = object;

    if (config->nr_interfaces == CONFIG_INTERFACES_MAX) {
        element_error(reader, node, "expected at most %u interfaces", CONFIG_INTERFACES_MAX);
        return;
    }
    int type = element_choice(reader, node, "type", types, INTERFACE_BRIDGE);
    if (type < 0)
        return;
    struct domain_interface *interface = &config->interfaces[config->nr_interfaces++];
    interface->line = (int)xmlGetLineNo(node);
    /* What libvirt dumps for an interface without a bridge: its script would choose one. */
    if (type == INTERFACE_ETHERNET)
        element_warn(reader, node,
                     "attribute type: 'ethernet' is taken as 'bridge'; the default"
                     " bridge is used unless <source> names one");
    element_walk(reader, node, rules, interface, &interface->kept);
    if (type == INTERFACE_NETWORK && !element_child(node, "source"))
        element_error(reader, node, "expected an element <source>, found none");
}

static void read_log(struct element_reader *reader, xmlNode *node, void *object)
{
    static const char *const states[] = { "off", "on", NULL };
    struct domain_console *console = object;

    console->log = element_attribute(reader, node, "file");
    if (!console->log)
        element_error(reader, node, "attribute file: expected a path, found none");
    else
        element_check_path(reader, node, console->log);
    console->log_append = element_choice(reader, node, "append", states, 0) == 1;
}

static void read_console_target(struct element_reader *reader, xmlNode *node, void *object)
{
    static const char *const types[] = { "xen", "serial", NULL };
    uint64_t port;

    (void)object;
    element_choice(reader, node, "type", types, 0);
    if (xmlHasProp(node, (const xmlChar *)"port"))
        element_number(reader, node, "port", 0, 0, &port);
}

static const struct element_rule console_rules[] = {
    { "target", ELEMENT_READ, .attributes = "type port", .read = read_console_target,
      .empty = true },
    { "log", ELEMENT_READ, .attributes = "file append", .read = read_log, .empty = true },
    { "source", ELEMENT_KEEP, .why = NULL }, /* the terminal of one run */
    { "protocol", ELEMENT_WARN, .why = "the console is no network service" },
    { "acpi", ELEMENT_WARN, .why = "a paravirtual domain has no ACPI tables" },
    { "alias", ELEMENT_KEEP, .why = NULL },
    { "address", ELEMENT_KEEP, .why = NULL },
    { .name = NULL },
};

void console_read(struct element_reader *reader, xmlNode *node, void *object)
{
    static const char *const types[] = { "pty", NULL };
    struct domain_config *config = object;

    config->has_console = true;
    element_choice(reader, node, "type", types, 0);
    element_walk(reader, node, console_rules, &config->console, &config->console.kept);
}
