/* SPDX-License-Identifier: MIT */
/*
 * Write: a struct domain_config as XML in normal form: libvirt's order and quotes, two blanks a
 * level, memory in KiB. Kept elements follow those that have a meaning. Reading the result gives
 * the same configuration, and writing that gives the same text.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/elements.h"
#include "config/values.h"

/* White space other than a blank would not survive in an attribute. */
static void write_escaped(FILE *out, const char *text, bool attribute)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '\'':
            fputs(attribute ? "&apos;" : "'", out);
            break;
        case '\r':
            fputs("&#13;", out);
            break;
        case '\n':
        case '\t':
            if (attribute)
                fprintf(out, "&#%d;", *text);
            else
                fputc(*text, out);
            break;
        default:
            fputc(*text, out);
        }
    }
}

static void write_attribute(FILE *out, const char *name, const char *value)
{
    fprintf(out, " %s='", name);
    write_escaped(out, value, true);
    fputc('\'', out);
}

static void write_text(FILE *out, const char *indent, const char *name, const char *value)
{
    if (!value)
        return;
    fprintf(out, "%s<%s>", indent, name);
    write_escaped(out, value, false);
    fprintf(out, "</%s>\n", name);
}

static void write_kept(FILE *out, const char *kept)
{
    if (kept)
        fputs(kept, out);
}

static void write_uuid(FILE *out, const uint8_t uuid[16])
{
    fputs("  <uuid>", out);
    for (int i = 0; i < 16; i++)
        fprintf(out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid[i]);
    fputs("</uuid>\n", out);
}

static void write_vcpu(FILE *out, const struct domain_config *config)
{
    char cpus[VALUE_CPUSET_SIZE];

    fputs("  <vcpu placement='static'", out);
    if (config->cpuset != 0) {
        value_write_cpuset(config->cpuset, cpus);
        write_attribute(out, "cpuset", cpus);
    }
    if (config->nr_vcpus != config->nr_vcpus_max)
        fprintf(out, " current='%u'", config->nr_vcpus);
    fprintf(out, ">%u</vcpu>\n", config->nr_vcpus_max);
}

static void write_cputune(FILE *out, const struct domain_cputune *tune)
{
    char cpus[VALUE_CPUSET_SIZE];

    if (!tune->has_shares && !tune->has_period && !tune->has_quota && tune->pinned == 0 &&
        !tune->kept)
        return;
    fputs("  <cputune>\n", out);
    if (tune->has_shares)
        fprintf(out, "    <shares>%" PRIu32 "</shares>\n", tune->shares);
    if (tune->has_period)
        fprintf(out, "    <period>%" PRIu64 "</period>\n", tune->period_us);
    if (tune->has_quota)
        fprintf(out, "    <quota>%" PRId64 "</quota>\n", tune->quota_us);
    for (unsigned vcpu = 0; vcpu < CONFIG_VCPUS_MAX; vcpu++) {
        if (!(tune->pinned >> vcpu & 1))
            continue;
        value_write_cpuset(tune->affinity[vcpu], cpus);
        fprintf(out, "    <vcpupin vcpu='%u' cpuset='%s'/>\n", vcpu, cpus);
    }
    write_kept(out, tune->kept);
    fputs("  </cputune>\n", out);
}

static void write_boot(FILE *out, const struct domain_config *config)
{
    if (config->has_bootloader)
        write_text(out, "  ", "bootloader", config->bootloader ? config->bootloader : "");
    write_text(out, "  ", "bootloader_args", config->bootloader_args);
    fputs("  <os>\n    <type arch='x86_64' machine='xenpv'>linux</type>\n", out);
    write_text(out, "    ", "kernel", config->kernel);
    write_text(out, "    ", "initrd", config->initrd);
    write_text(out, "    ", "cmdline", config->cmdline);
    write_kept(out, config->os_kept);
    fputs("  </os>\n", out);
}

static void write_clock(FILE *out, const struct domain_clock *clock)
{
    fprintf(out, "  <clock offset='%s'", clock_offset_names[clock->offset]);
    if (clock->offset == CLOCK_VARIABLE)
        fprintf(out, " adjustment='%" PRId64 "' basis='utc'", clock->adjustment_s);
    if (clock->kept)
        fprintf(out, ">\n%s  </clock>\n", clock->kept);
    else
        fputs("/>\n", out);
}

static void write_disk_source(FILE *out, const struct domain_disk *disk)
{
    if (!disk->source)
        return;
    fputs("      <source", out);
    write_attribute(out, disk->source_type == DISK_BLOCK ? "dev" : "file", disk->source);
    if (!disk->has_slice && !disk->source_kept) {
        fputs("/>\n", out);
        return;
    }
    fputs(">\n", out);
    if (disk->has_slice)
        fprintf(out,
                "        <slices>\n"
                "          <slice type='storage' offset='%" PRIu64 "' size='%" PRIu64 "'/>\n"
                "        </slices>\n",
                disk->slice_offset, disk->slice_size);
    write_kept(out, disk->source_kept);
    fputs("      </source>\n", out);
}

static void write_disk(FILE *out, const struct domain_disk *disk)
{
    fprintf(out, "    <disk type='%s' device='%s'>\n      <driver",
            disk->source_type == DISK_BLOCK ? "block" : "file", disk->cdrom ? "cdrom" : "disk");
    if (disk->driver)
        write_attribute(out, "name", disk->driver);
    fprintf(out, " type='raw'%s%s/>\n", disk->direct_io ? " cache='none'" : "",
            disk->discard ? " discard='unmap'" : "");
    write_disk_source(out, disk);
    if (disk->target) {
        fputs("      <target", out);
        write_attribute(out, "dev", disk->target);
        fputs(" bus='xen'/>\n", out);
    }
    if (disk->readonly)
        fputs("      <readonly/>\n", out);
    if (disk->shareable)
        fputs("      <shareable/>\n", out);
    write_kept(out, disk->kept);
    fputs("    </disk>\n", out);
}

static void write_interface(FILE *out, const struct domain_interface *interface)
{
    const uint8_t *mac = interface->mac;

    fputs("    <interface type='bridge'>\n", out);
    if (interface->has_mac)
        fprintf(out, "      <mac address='%02x:%02x:%02x:%02x:%02x:%02x'/>\n", mac[0], mac[1],
                mac[2], mac[3], mac[4], mac[5]);
    if (interface->bridge) {
        fputs("      <source", out);
        write_attribute(out, "bridge", interface->bridge);
        fputs("/>\n", out);
    }
    if (interface->target) {
        fputs("      <target", out);
        write_attribute(out, "dev", interface->target);
        fputs("/>\n", out);
    }
    if (interface->out_average_kibs > 0 || interface->bandwidth_kept) {
        fputs("      <bandwidth>\n", out);
        if (interface->out_average_kibs > 0)
            fprintf(out, "        <outbound average='%" PRIu64 "'/>\n",
                    interface->out_average_kibs);
        write_kept(out, interface->bandwidth_kept);
        fputs("      </bandwidth>\n", out);
    }
    if (interface->mtu > 0)
        fprintf(out, "      <mtu size='%" PRIu32 "'/>\n", interface->mtu);
    if (interface->link_down)
        fputs("      <link state='down'/>\n", out);
    write_kept(out, interface->kept);
    fputs("    </interface>\n", out);
}

static void write_console(FILE *out, const struct domain_console *console)
{
    fputs("    <console type='pty'>\n      <target type='xen' port='0'/>\n", out);
    if (console->log) {
        fputs("      <log", out);
        write_attribute(out, "file", console->log);
        fprintf(out, " append='%s'/>\n", console->log_append ? "on" : "off");
    }
    write_kept(out, console->kept);
    fputs("    </console>\n", out);
}

static void write_devices(FILE *out, const struct domain_config *config)
{
    fputs("  <devices>\n", out);
    for (size_t i = 0; i < config->nr_disks; i++)
        write_disk(out, &config->disks[i]);
    for (size_t i = 0; i < config->nr_interfaces; i++)
        write_interface(out, &config->interfaces[i]);
    if (config->has_console)
        write_console(out, &config->console);
    write_kept(out, config->devices_kept);
    fputs("  </devices>\n", out);
}

static void write_domain(FILE *out, const struct domain_config *config)
{
    fputs("<domain type='xen'>\n", out);
    write_text(out, "  ", "name", config->name);
    if (config->has_uuid)
        write_uuid(out, config->uuid);
    write_text(out, "  ", "title", config->title);
    write_text(out, "  ", "description", config->description);
    write_kept(out, config->metadata);
    fprintf(out, "  <memory unit='KiB'>%" PRIu64 "</memory>\n", config->memory_kib);
    fprintf(out, "  <currentMemory unit='KiB'>%" PRIu64 "</currentMemory>\n",
            config->current_memory_kib);
    write_vcpu(out, config);
    write_cputune(out, &config->cputune);
    write_boot(out, config);
    write_clock(out, &config->clock);
    write_text(out, "  ", "on_poweroff", domain_action_names[config->on_poweroff]);
    write_text(out, "  ", "on_reboot", domain_action_names[config->on_reboot]);
    write_text(out, "  ", "on_crash", domain_action_names[config->on_crash]);
    write_devices(out, config);
    write_kept(out, config->kept);
    fputs("</domain>\n", out);
}

char *domain_config_write(const struct domain_config *config)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    write_domain(out, config);
    bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) {
        free(text);
        return NULL;
    }
    return text;
}
