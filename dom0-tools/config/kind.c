/* SPDX-License-Identifier: MIT */
/*
 * Kind: tells the files of paravirtual domains from all others that libvirt may hold, and refuses
 * those in one line that says what they are.
 */
#include <stdlib.h>
#include <string.h>

#include "config/elements.h"

struct foreign {
    const char *name;
    const char *what;
};

/* Texts of <os><type> and machines that name another kind of guest. */
static const struct foreign foreign_types[] = {
    { "hvm", "this is an HVM (fully virtualized) guest" },
    { "xenpvh", "this is a PVH guest" },
    { "pvh", "this is a PVH guest" },
    { "exe", "this is a container" },
    { "uml", "this is a User Mode Linux guest" },
    { NULL, NULL },
};

static const struct foreign foreign_machines[] = {
    { "xenfv", "this is an HVM (fully virtualized) guest" },
    { "xenpvh", "this is a PVH guest" },
    { NULL, NULL },
};

static const char *find_foreign(const struct foreign *list, const char *name)
{
    for (; list->name; list++) {
        if (strcmp(list->name, name) == 0)
            return list->what;
    }
    return NULL;
}

static bool check_root(struct element_reader *reader, xmlNode *root)
{
    char *type;

    if (root->ns || strcmp((const char *)root->name, "domain") != 0) {
        element_error(reader, root, "expected <domain> as the root, found <%s>%s",
                      (const char *)root->name, root->ns ? " in an XML namespace" : "");
        return false;
    }
    type = element_attribute(reader, root, "type");
    bool good = type && strcmp(type, "xen") == 0;
    if (!type)
        element_error(reader, root, "attribute type: expected 'xen', found none");
    else if (!good)
        element_error(reader, root,
                      "attribute type: this file is for another hypervisor, %s;"
                      " expected 'xen'",
                      config_quote(type));
    free(type);
    return good;
}

static bool check_type(struct element_reader *reader, xmlNode *node, const char *type)
{
    const char *what = find_foreign(foreign_types, type);

    if (strcmp(type, "linux") == 0 || strcmp(type, "xen") == 0)
        return true;
    if (what)
        element_error(reader, node, "%s, which is not supported; expected 'linux' or 'xen'", what);
    else
        element_error(reader, node, "expected 'linux' or 'xen', found %s", config_quote(type));
    return false;
}

static bool check_machine(struct element_reader *reader, xmlNode *node, const char *machine)
{
    const char *what = machine ? find_foreign(foreign_machines, machine) : NULL;

    if (!machine || strcmp(machine, "xenpv") == 0)
        return true;
    if (what)
        element_error(reader, node,
                      "attribute machine: %s, which is not supported;"
                      " expected 'xenpv'",
                      what);
    else
        element_error(reader, node, "attribute machine: expected 'xenpv', found %s",
                      config_quote(machine));
    return false;
}

static bool check_arch(struct element_reader *reader, xmlNode *node, const char *arch)
{
    if (!arch || strcmp(arch, "x86_64") == 0)
        return true;
    element_error(reader, node, "attribute arch: expected 'x86_64', found %s", config_quote(arch));
    return false;
}

bool domain_check_kind(struct element_reader *reader, xmlNode *root)
{
    xmlNode *os, *node;

    if (!check_root(reader, root))
        return false;
    os = element_child(root, "os");
    /* With a boot loader libvirt lets <os> be absent: all of its own is Linux then. */
    if (!os && element_child(root, "bootloader"))
        return true;
    node = os ? element_child(os, "type") : NULL;
    if (!node) {
        element_error(reader, os ? os : root, "expected %s<type>linux</type>%s, found none",
                      os ? "" : "<os>", os ? "" : "</os>");
        return false;
    }
    char *type = element_text(reader, node, CONFIG_TEXT_MAX);
    char *machine = element_attribute(reader, node, "machine");
    char *arch = element_attribute(reader, node, "arch");
    bool good = type && check_type(reader, node, type) && check_machine(reader, node, machine) &&
                check_arch(reader, node, arch);
    free(type);
    free(machine);
    free(arch);
    return good;
}
