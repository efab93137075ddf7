/* SPDX-License-Identifier: MIT */
/*
 * OS: what is started, <os>; and two small elements about running it, <cputune> and <clock>.
 */
#include <stdlib.h>
#include <string.h>

#include "config/elements.h"
#include "config/values.h"

const char *const clock_offset_names[] = { "utc", "localtime", "variable", NULL };

/* Limits of the scheduler's values as libvirt documents them. */
enum { SHARES_MIN = 2, SHARES_MAX = 262144, PERIOD_MIN_US = 1000, PERIOD_MAX_US = 1000000 };
#define QUOTA_MAX_US     17592186044415ull
#define ADJUSTMENT_MAX_S ((uint64_t)1 << 40)

static void read_path(struct element_reader *reader, xmlNode *node, char **path)
{
    *path = element_text(reader, node, CONFIG_PATH_MAX);
    if (*path)
        element_check_path(reader, node, *path);
}

static void read_kernel(struct element_reader *reader, xmlNode *node, void *object)
{
    read_path(reader, node, &((struct domain_config *)object)->kernel);
}

static void read_initrd(struct element_reader *reader, xmlNode *node, void *object)
{
    read_path(reader, node, &((struct domain_config *)object)->initrd);
}

static void read_cmdline(struct element_reader *reader, xmlNode *node, void *object)
{
    ((struct domain_config *)object)->cmdline = element_text(reader, node, CONFIG_CMDLINE_MAX);
}

/* domain_check_kind() has read it. */
static void skip_type(struct element_reader *reader, xmlNode *node, void *object)
{
    (void)reader;
    (void)node;
    (void)object;
}

static const struct element_rule os_rules[] = {
    { "type", ELEMENT_READ, .attributes = "arch machine", .read = skip_type },
    { "kernel", ELEMENT_READ, .read = read_kernel },
    { "initrd", ELEMENT_READ, .read = read_initrd },
    { "cmdline", ELEMENT_READ, .read = read_cmdline },
    { "boot", ELEMENT_WARN, .why = "a paravirtual domain has no boot order" },
    { "bootmenu", ELEMENT_WARN, .why = "a paravirtual domain has no boot menu" },
    { "smbios", ELEMENT_WARN, .why = "a paravirtual domain has no SMBIOS" },
    { "bios", ELEMENT_WARN, .why = "a paravirtual domain has no BIOS" },
    { "acpi", ELEMENT_WARN, .why = "a paravirtual domain has no ACPI tables" },
    { "firmware", ELEMENT_WARN, .why = "a paravirtual domain has no firmware" },
    { "nvram", ELEMENT_WARN, .why = "a paravirtual domain has no firmware" },
    { "loader", ELEMENT_REFUSE, .why = "a paravirtual domain has no firmware; expected <kernel>" },
    { "dtb", ELEMENT_REFUSE, .why = "there is no device tree on x86; remove it" },
    { "init", ELEMENT_REFUSE, .why = "is for containers; expected <kernel>" },
    { "initarg", ELEMENT_REFUSE, .why = "is for containers; see <cmdline>" },
    { "initenv", ELEMENT_REFUSE, .why = "is for containers; see <cmdline>" },
    { "initdir", ELEMENT_REFUSE, .why = "is for containers; remove it" },
    { "inituser", ELEMENT_REFUSE, .why = "is for containers; remove it" },
    { "initgroup", ELEMENT_REFUSE, .why = "is for containers; remove it" },
    { "root", ELEMENT_REFUSE, .why = "is not taken; write root= into <cmdline>" },
    { .name = NULL },
};

void os_read(struct element_reader *reader, xmlNode *node, void *object)
{
    struct domain_config *config = object;

    element_walk(reader, node, os_rules, config, &config->os_kept);
}

static void read_shares(struct element_reader *reader, xmlNode *node, void *object)
{
    struct domain_cputune *tune = object;
    uint64_t shares;

    tune->has_shares = element_number(reader, node, NULL, SHARES_MIN, SHARES_MAX, &shares);
    if (tune->has_shares)
        tune->shares = (uint32_t)shares;
}

static void read_period(struct element_reader *reader, xmlNode *node, void *object)
{
    struct domain_cputune *tune = object;

    tune->has_period =
        element_number(reader, node, NULL, PERIOD_MIN_US, PERIOD_MAX_US, &tune->period_us);
}

static void read_quota(struct element_reader *reader, xmlNode *node, void *object)
{
    struct domain_cputune *tune = object;
    char *text = element_text(reader, node, CONFIG_TEXT_MAX);

    if (!text)
        return;
    tune->has_quota = value_read_signed(text, QUOTA_MAX_US, &tune->quota_us) == 0 &&
                      (tune->quota_us < 0 || tune->quota_us >= PERIOD_MIN_US);
    if (!tune->has_quota)
        element_error(reader, node,
                      "expected a number from %d to %llu, or a negative one for no limit, found %s",
                      PERIOD_MIN_US, QUOTA_MAX_US, config_quote(text));
    free(text);
}

static void read_vcpupin(struct element_reader *reader, xmlNode *node, void *object)
{
    struct domain_cputune *tune = object;
    uint64_t vcpu, cpus;

    if (!element_number(reader, node, "vcpu", 0, CONFIG_VCPUS_MAX - 1, &vcpu))
        return;
    char *text = element_attribute(reader, node, "cpuset");
    if (!text || value_read_cpuset(text, &cpus) != 0) {
        element_error(reader, node,
                      "attribute cpuset: expected processors from 0 to 63 like '0-3,^2', found %s",
                      text ? config_quote(text) : "none");
    } else if (tune->pinned >> vcpu & 1) {
        element_error(reader, node, "vCPU %llu is pinned twice", (unsigned long long)vcpu);
    } else {
        tune->pinned |= (uint64_t)1 << vcpu;
        tune->affinity[vcpu] = cpus;
    }
    free(text);
}

static const struct element_rule cputune_rules[] = {
    { "shares", ELEMENT_READ, .read = read_shares },
    { "period", ELEMENT_READ, .read = read_period },
    { "quota", ELEMENT_READ, .read = read_quota },
    { "vcpupin", ELEMENT_READ, .many = true, .attributes = "vcpu cpuset", .read = read_vcpupin,
      .empty = true },
    { "global_period", ELEMENT_REFUSE, .why = "only vCPUs have limits; see period and quota" },
    { "global_quota", ELEMENT_REFUSE, .why = "only vCPUs have limits; see period and quota" },
    { "vcpusched", ELEMENT_WARN, .why = "there is one scheduling policy" },
    { "cachetune", ELEMENT_WARN, .why = "processor caches are not parted" },
    { "memorytune", ELEMENT_WARN, .why = "memory bandwidth is not parted" },
    { "emulatorpin", ELEMENT_WARN, .why = "there is no emulator" },
    { "emulatorsched", ELEMENT_WARN, .why = "there is no emulator" },
    { "iothreadpin", ELEMENT_WARN, .why = "there are no I/O threads" },
    { "iothreadsched", ELEMENT_WARN, .why = "there are no I/O threads" },
    { "iothread_period", ELEMENT_WARN, .why = "there are no I/O threads" },
    { "iothread_quota", ELEMENT_WARN, .why = "there are no I/O threads" },
    { "emulator_period", ELEMENT_WARN, .why = "there is no emulator" },
    { "emulator_quota", ELEMENT_WARN, .why = "there is no emulator" },
    { .name = NULL },
};

void cputune_read(struct element_reader *reader, xmlNode *node, void *object)
{
    struct domain_cputune *tune = &((struct domain_config *)object)->cputune;

    element_walk(reader, node, cputune_rules, tune, &tune->kept);
}

static const struct element_rule clock_rules[] = {
    { "timer", ELEMENT_WARN, .why = "a paravirtual domain has one clock, Xen's" },
    { .name = NULL },
};

/* "reset" asks libvirt to forget what the guest set: here nothing is remembered to begin with. */
static void read_adjustment(struct element_reader *reader, xmlNode *node,
                            struct domain_clock *clock)
{
    char *text = element_attribute(reader, node, "adjustment");
    int64_t seconds;

    if (!text)
        return;
    if (clock->offset != CLOCK_VARIABLE && strcmp(text, "reset") == 0) {
        clock->adjustment_s = 0;
    } else if (value_read_signed(text, ADJUSTMENT_MAX_S, &seconds) != 0) {
        element_error(reader, node, "attribute adjustment: expected a number of seconds, found %s",
                      config_quote(text));
    } else if (clock->offset == CLOCK_VARIABLE) {
        clock->adjustment_s = seconds;
    } else if (seconds != 0) {
        element_error(reader, node, "attribute adjustment: expected offset='variable' with it");
    }
    free(text);
}

void clock_read(struct element_reader *reader, xmlNode *node, void *object)
{
    static const char *const bases[] = { "utc", NULL };
    struct domain_clock *clock = &((struct domain_config *)object)->clock;
    int offset = element_choice(reader, node, "offset", clock_offset_names, CLOCK_UTC);

    if (offset < 0)
        return;
    clock->offset = (enum clock_offset)offset;
    element_choice(reader, node, "basis", bases, 0);
    read_adjustment(reader, node, clock);
    element_walk(reader, node, clock_rules, clock, &clock->kept);
}
